#include "costmodels/layer_interpolation.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "hwprofiles/measuring_plan.h"
#include "runtime/probe/rounds.h"

namespace edgefront {
namespace {

LayerKey pointwise(int side, int in, int out, int kernel_size = 1) {
  LayerKey key;
  key.op = OpKind::kConv2d;
  key.precision = Precision::kInt8;
  key.input = {side, side, in};
  key.output = {side, side, out};
  key.kernel_size = kernel_size;
  key.kernel_set = "avx2";
  key.kernel_version = 1;
  return key;
}

/// A device whose layers cost their arithmetic, their output channels in tens of sixteen, and a
/// constant.
double made_up_us(const LayerKey& key) {
  const double macs = double(key.output.elements()) * key.input.channels;
  const double padded = std::ceil(key.output.channels / 16.0) * 16 / key.output.channels;
  return 0.3 + macs * padded / 40e3 + double(key.output.elements()) / 9e3;
}

LayerMeasurement measured(const LayerKey& key, double us) {
  LayerMeasurement layer;
  layer.key = key;
  layer.statistics = {us, us, us, us, us, us, 50, 0};
  return layer;
}

/// Every third of a grid of 512 layers, with ± 2 % of noise that depends on the layer.
struct Grid {
  std::vector<LayerMeasurement> known;
  std::vector<LayerKey> unknown;
  Grid() {
    int i = 0;
    for (int side = 2; side <= 16; side += 2) {
      for (int in = 8; in <= 64; in += 8) {
        for (int out = 8; out <= 64; out += 8, ++i) {
          const LayerKey key = pointwise(side, in, out);
          const double noise = double(stream_value(5, i) % 1000) / 1000 - 0.5;
          if (stream_value(7, i) % 3 == 0) {
            known.push_back(measured(key, made_up_us(key) * (1 + 0.04 * noise)));
          } else {
            unknown.push_back(key);
          }
        }
      }
    }
  }
};

TEST_CASE("held-out layers of a made-up device are within a few per cent, and in their intervals") {
  const Grid grid;
  const LayerInterpolation interpolation(grid.known);
  double sum = 0, true_sum = 0;
  int covered = 0, close = 0;
  for (const LayerKey& key : grid.unknown) {
    const auto value = interpolation.estimate(key);
    REQUIRE(value);
    const double ratio = value->latency_us / made_up_us(key);
    sum += value->latency_us;
    true_sum += made_up_us(key);
    covered += std::abs(std::log(ratio)) <= std::log(1 + value->relative_error) ? 1 : 0;
    close += std::abs(ratio - 1) < 0.1 ? 1 : 0;
  }
  const double n = double(grid.unknown.size());
  CHECK(sum / true_sum == doctest::Approx(1).epsilon(0.01));
  CHECK(close > 0.75 * n);
  CHECK(covered > 0.8 * n);
}

TEST_CASE("a measured layer is reproduced and a far one is uncertain") {
  const Grid grid;
  const LayerInterpolation interpolation(grid.known);
  const auto near = interpolation.estimate(grid.known.front().key);
  const auto far = interpolation.estimate(pointwise(224, 1024, 1024));
  REQUIRE(near);
  REQUIRE(far);
  CHECK(near->latency_us ==
        doctest::Approx(grid.known.front().statistics.latency_us).epsilon(0.05));
  CHECK(far->relative_error > 3 * near->relative_error);
}

TEST_CASE("kinds of which too few layers are known are not interpolated") {
  Grid grid;
  grid.known.push_back(measured(pointwise(8, 8, 8, 5), 10));
  const LayerInterpolation interpolation(grid.known);
  CHECK_FALSE(interpolation.estimate(pointwise(8, 16, 8, 5)));
  CHECK_FALSE(interpolation.estimate(pointwise(8, 16, 8, 3)));
}

TEST_CASE("a profile is completed with marked entries; the uncertain ones come back, worst first") {
  const Grid grid;
  DeviceProfile profile;
  for (const LayerMeasurement& layer : grid.known) profile.layers[layer.key.text()] = layer;
  std::vector<LayerKey> keys = grid.unknown;
  for (const LayerMeasurement& layer : grid.known) keys.push_back(layer.key);
  const LayerKey far = pointwise(224, 1024, 1024), unlike = pointwise(8, 16, 8, 3);
  keys.push_back(far);
  keys.push_back(unlike);
  const std::vector<LayerKey> all = interpolate_layers(keys, 0, profile);
  REQUIRE(all.size() == grid.unknown.size() + 2);
  CHECK(all[0] == unlike);  // nothing is known about it
  CHECK(profile.layers.size() == grid.known.size());
  const LayerInterpolation interpolation(grid.known);
  for (std::size_t i = 2; i < all.size(); ++i) {
    CHECK(interpolation.estimate(all[i - 1])->relative_error >=
          interpolation.estimate(all[i])->relative_error);
  }
  const std::vector<LayerKey> left = interpolate_layers(keys, 1e9, profile);
  REQUIRE(left.size() == 1);
  CHECK(left[0] == unlike);
  CHECK(profile.layers.size() == grid.known.size() + grid.unknown.size() + 1);
  for (const LayerKey& key : grid.unknown) {
    const LayerEntry& entry = profile.layers.at(key.text());
    CHECK(entry.origin == EntryOrigin::kInterpolated);
    CHECK(entry.relative_error > 0);
    CHECK(entry.statistics.samples == 0);
    CHECK(entry.statistics.latency_low_us < entry.statistics.latency_us);
    CHECK(entry.statistics.latency_us < entry.statistics.latency_high_us);
  }
  // Interpolated entries are not interpolated from.
  const double before = profile.layers.at(grid.unknown[0].text()).statistics.latency_us;
  profile.layers.erase(grid.unknown[0].text());
  interpolate_layers(keys, 1e9, profile);
  CHECK(profile.layers.at(grid.unknown[0].text()).statistics.latency_us == before);
}

}  // namespace
}  // namespace edgefront
