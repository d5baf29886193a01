#include "runtime/step_slices.h"

#include <doctest/doctest.h>

#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using test::GraphBuilder;

/// The only step of a graph of one layer with this key.
int slices_of(const char* text, int threads) {
  LayerKey key;
  REQUIRE(LayerKey::parse(text, &key).ok());
  LayerGraph graph;
  REQUIRE(graph_of(key, &graph).ok());
  return step_slices(graph, fuse(graph)[0], threads);
}

TEST_CASE("shares cover everything once, in order, and begin at multiples of the unit") {
  for (const std::int64_t count : {0, 1, 7, 8, 9, 48, 49, 1000}) {
    for (const std::int64_t unit : {1, 8, 16, 64}) {
      for (int slices = 1; slices <= 5; ++slices) {
        std::int64_t at = 0;
        for (int i = 0; i < slices; ++i) {
          const Share share = share_of(count, unit, i, slices);
          CHECK(share.begin == at);
          CHECK(share.end >= share.begin);
          CHECK((share.begin % unit == 0 || share.begin == count));
          // At most one unit more than its part.
          CHECK(share.end - share.begin <= (count + unit - 1) / unit / slices * unit + unit);
          at = share.end;
        }
        CHECK(at == count);
      }
    }
  }
}

TEST_CASE("a step is cut from the stated work on") {
  // 200,000 for each thread: 28·28·16·32 = 401,408 multiply-accumulates.
  CHECK(slices_of("conv2d int8 28x28x16>28x28x32 k1 s1 none t2 reference@1", 1) == 1);
  CHECK(slices_of("conv2d int8 28x28x16>28x28x32 k1 s1 none t2 reference@1", 2) == 2);
  CHECK(slices_of("conv2d int8 28x28x16>28x28x32 k1 s1 none t2 reference@1", 3) == 1);
  CHECK(slices_of("conv2d int8 28x28x16>28x28x24 k1 s1 none t2 reference@1", 2) == 1);
  CHECK(slices_of("conv2d fp32 28x28x16>28x28x24 k1 s1 none t2 reference@1", 2) == 2);
  // 14·14·32·9 = 56,448, each counted as eight.
  CHECK(slices_of("depthwise_conv2d int8 14x14x32>14x14x32 k3 s1 none t2 reference@1", 2) == 2);
  CHECK(slices_of("depthwise_conv2d int8 14x14x16>14x14x16 k3 s1 none t2 reference@1", 2) == 1);
  // 28·28·32 = 25,088 values, each counted as sixteen.
  CHECK(slices_of("add int8 28x28x32>28x28x32 k1 s1 none t2 reference@1", 2) == 2);
  CHECK(slices_of("add int8 28x28x24>28x28x24 k1 s1 none t2 reference@1", 2) == 1);
  CHECK(slices_of("global_average_pool int8 56x56x96>1x1x96 k1 s1 none t2 reference@1", 2) == 1);
}

TEST_CASE("slices of a fully connected layer share its channels, those of a pointwise one pixels") {
  const ConvGeometry linear{1, 1, 40, 1, 1, 100, 1, 1, 0};
  int channels = 0;
  for (int i = 0; i < 3; ++i) {
    const SliceGeometry slice = slice_geometry(OpKind::kFullyConnected, linear, i, 3);
    CHECK(slice.first_channel == channels);
    CHECK(slice.first_channel % 16 == 0);
    channels += slice.geometry.out_channels;
  }
  CHECK(channels == 100);
  const ConvGeometry image{5, 7, 8, 5, 7, 16, 1, 1, 0};
  const ConvGeometry column = slice_geometry(OpKind::kConv2d, image, 1, 2).geometry;
  CHECK(column.in_height == 35);
  CHECK(column.out_height == 35);
  CHECK(column.in_width == 1);
  CHECK(column.out_width == 1);
  CHECK(slice_geometry(OpKind::kConv2d, image, 0, 1).geometry.out_height == 5);
  const ConvGeometry strided{5, 7, 8, 3, 4, 16, 1, 2, 0};
  CHECK(slice_geometry(OpKind::kConv2d, strided, 0, 2).geometry.out_height == 3);
}

}  // namespace
}  // namespace edgefront
