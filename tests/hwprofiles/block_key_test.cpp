#include "hwprofiles/block_key.h"

#include <doctest/doctest.h>

#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

/// Stem, one block from 8 to `out` channels, head with everything.
Architecture network(int hidden, int out) {
  Architecture a;
  a.resolution = 12;
  a.input_channels = 3;
  a.classes = 10;
  a.stem_channels = 8;
  a.stem_stride = 2;
  a.stem_activation = BlockActivation::kHswish;
  BlockArchitecture block;
  block.name = "stage1.block1";
  block.in_channels = 8;
  block.hidden_channels = hidden;
  block.out_channels = out;
  block.kernel_size = 5;
  a.blocks = {block};
  a.head_channels = 16;
  a.feature_units = 24;
  return a;
}

std::vector<std::string> texts_of(const Architecture& a) {
  std::vector<std::string> texts;
  for (const BlockKey& key : block_keys(lower(a))) texts.push_back(key.text());
  return texts;
}

TEST_CASE("a network is its stem, its blocks and the layers of its head") {
  Architecture a = network(24, 16);
  a.blocks[0].stride = 2;
  a.blocks[0].se_channels = 8;
  a.blocks[0].activation = BlockActivation::kHswish;
  CHECK(texts_of(a) == std::vector<std::string>{
                           "conv 12x12x3>6x6x8 k3 s2 hs1 r12",
                           "mbconv 6x6x8>3x3x16 m24 k5 s2 se1 hs1 add0 r12",
                           "conv 3x3x16>3x3x16 k1 s1 hs0 r12", "pool 3x3x16>1x1x16 k1 s1 hs0 r12",
                           "fc 1x1x16>1x1x24 k1 s1 hs0 r12", "fc 1x1x24>1x1x10 k1 s1 hs0 r12"});
}

TEST_CASE("a block without expansion has no channels in the middle") {
  Architecture a = network(8, 8);
  a.blocks[0].op = OperatorKind::kDwsep;
  a.blocks[0].skip = SkipKind::kIdentity;
  CHECK(texts_of(a)[1] == "mbconv 6x6x8>6x6x8 k5 s1 se0 hs0 add1 r12");
}

TEST_CASE("every field survives text and back, and unknown ones have no word") {
  for (const char* text :
       {"mbconv 28x28x48>14x14x96 m288 k5 s2 g2 se0 hs1 add0 r224", "skip 14x14x96>14x14x96 k1 s1",
        "pool_fc 7x7x1280>1x1x1000 k1 s1", "conv 224x224x3>112x112x24 k3 s2"}) {
    CHECK(BlockKey::parse(text).text() == text);
  }
  CHECK(BlockKey::parse("fc 1x1x2>1x1x3 k1 s1").squeeze_excite == -1);
}

TEST_CASE("what is no key is refused by its word") {
  const auto message = [](const char* text) -> std::string {
    try {
      BlockKey::parse(text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(message("dense 1x1x2>1x1x3 k1 s1").find("\"dense\" is not understood") !=
        std::string::npos);
  CHECK(message("fc 1x1x2 k1 s1").find("\"1x1x2\"") != std::string::npos);
  CHECK(message("fc 1x1x2>1x1x3 k1 q1").find("\"q1\"") != std::string::npos);
  CHECK(message("fc 1x1x2>1x1x3 k1 s99999999999").find("s99999999999") != std::string::npos);
  CHECK(message("fc 1x1x2>1x1x3 s1 k1").find("understood") != std::string::npos);
  CHECK(message("").find("understood") != std::string::npos);
}

TEST_CASE("blocks that no table has are refused by name") {
  Architecture a = network(24, 16);
  a.blocks[0].skip = SkipKind::kProjection;
  CHECK_THROWS_WITH_AS(texts_of(a), doctest::Contains("projection skip"), InputError);
  a = network(8, 8);
  a.blocks[0].op = OperatorKind::kConv;
  a.blocks[0].skip = SkipKind::kIdentity;
  CHECK_THROWS_WITH_AS(texts_of(a), doctest::Contains("it is dense and adds its input"),
                       InputError);
}

}  // namespace
}  // namespace edgefront
