#include "space/architecture.h"

#include <doctest/doctest.h>

#include "tests/space/small_space.h"

using namespace edgefront;

TEST_CASE("decoding fills in widths, strides, roundings and the skips as built") {
  const SearchSpace space = parse_space(kSmallSpace, "small");
  // resolution 12, stem 16; depth 2, width 8, stride 2; mbconv e2 se0.25 none; conv identity;
  // stage2 depth 1, width 16, identity; head 16
  const Architecture built = decode(space, parse_genotype(space, "1.1.101.1211.2000.11.1.1"));
  CHECK(built.resolution == 12);
  CHECK(built.stem_channels == 16);
  CHECK(built.head_channels == 16);
  REQUIRE(built.blocks.size() == 3);
  const BlockArchitecture& first = built.blocks[0];
  CHECK(first.name == "stage1.block1");
  CHECK(first.op == OperatorKind::kMbconv);
  CHECK(first.in_channels == 16);
  CHECK(first.hidden_channels == 32);
  CHECK(first.se_channels == 8);
  CHECK(first.out_channels == 8);
  CHECK(first.stride == 2);
  CHECK(first.skip == SkipKind::kNone);
  const BlockArchitecture& second = built.blocks[1];
  CHECK(second.position == 1);
  CHECK(second.op == OperatorKind::kConv);
  CHECK(second.stride == 1);
  CHECK(second.se_channels == 0);
  CHECK(second.skip == SkipKind::kIdentity);
  const BlockArchitecture& third = built.blocks[2];
  CHECK(third.name == "stage2.block1");
  CHECK(third.stage == 1);
  CHECK(third.in_channels == 8);
  CHECK(third.out_channels == 16);
  CHECK(third.skip == SkipKind::kNone);  // identity asked for, but 8 -> 16
}

TEST_CASE("an empty stage passes its input on") {
  const SearchSpace space = parse_space(kSmallSpace, "small");
  const Architecture built = decode(space, parse_genotype(space, "0.0.000.0000.0000.00.0.0"));
  CHECK(built.blocks.size() == 1);
  CHECK(built.head_channels == 0);
}

TEST_CASE("hidden and squeeze widths of MobileNetV3-Large are the published ones") {
  // Howard et al. 2019, table 1, where the space has the same expansion; squeeze is a quarter of
  // the expanded width, rounded to 8, as in the reference code
  const SearchSpace space =
      load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/mobilenet_v3.toml");
  const Architecture built = decode(space, space.references.at("mobilenet_v3_like"));
  REQUIRE(built.blocks.size() == 15);
  const auto hidden = [&](int block) { return built.blocks[block].hidden_channels; };
  CHECK(hidden(1) == 64);
  CHECK(hidden(2) == 72);
  CHECK(hidden(3) == 72);
  CHECK(hidden(4) == 120);
  CHECK(hidden(6) == 240);
  CHECK(hidden(10) == 480);
  CHECK(hidden(11) == 672);
  CHECK(hidden(12) == 672);
  CHECK(hidden(13) == 960);
  CHECK(built.blocks[3].se_channels == 24);
  CHECK(built.blocks[4].se_channels == 32);
  CHECK(built.blocks[10].se_channels == 120);
  CHECK(built.blocks[11].se_channels == 168);
  CHECK(built.blocks[13].se_channels == 240);
}

TEST_CASE("the description has one line for input, stem, each block and head") {
  const SearchSpace space = parse_space(kSmallSpace, "small");
  CHECK(describe(decode(space, parse_genotype(space, "1.1.101.1211.2000.11.2.1"))) ==
        "input 12x12x3\n"
        "stem conv 3x3 stride 1 -> 16 relu6\n"
        "stage1.block1 mbconv 3x3 stride 2 16 -> 32 -> 8 se 8 relu6\n"
        "stage1.block2 conv 3x3 stride 1 8 -> 8 relu6 skip identity\n"
        "stage2.block1 conv 3x3 stride 1 8 -> 16 relu6 skip projection\n"
        "head conv 1x1 -> 16 pool relu6 -> 4\n");
}
