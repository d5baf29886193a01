#include "evaluators/predictor_evaluator.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "space/architecture.h"
#include "space/error.h"
#include "space/random.h"

using namespace edgefront;

TEST_CASE("dense layers multiply, add and cut at 0 between them, not after the last") {
  const std::vector<DenseLayer> layers{{2, 2, {1, -2, 3, 0.5}, {0, 1}}, {2, 1, {-1, 1}, {-10}}};
  // (1·2 − 2·3, 3·2 + 0.5·3 + 1) = (−4, 8.5) → (0, 8.5) → 8.5 − 10
  CHECK(run_dense(layers, {2, 3}) == std::vector<double>{-1.5});
}

TEST_CASE("inputs are one-hot kernels, expansions and resolution") {
  OfaSetting setting;
  setting.kernel_size[0] = 7;
  setting.expand_ratio[0] = 4;
  setting.kernel_size[19] = 3;
  setting.expand_ratio[19] = 6;
  setting.resolution = 128;
  const std::vector<double> inputs = ofa_inputs(setting);
  REQUIRE(inputs.size() == 128);
  CHECK(std::accumulate(inputs.begin(), inputs.end(), 0.0) == 5);
  for (int one : {2, 57, 61, 119, 121}) CHECK(inputs[static_cast<std::size_t>(one)] == 1);
  setting.resolution = 130;
  CHECK_THROWS_WITH_AS(ofa_inputs(setting),
                       "predictor: resolution 130; accepted are 112, 128, … 224", InputError);
  setting.resolution = 224;
  setting.kernel_size[3] = 9;
  CHECK_THROWS_WITH_AS(ofa_inputs(setting), "predictor: kernel_size 9; accepted are 3, 5 and 7",
                       InputError);
}

TEST_CASE("a genotype of the shipped space says as much as its decoded network") {
  const SearchSpace space =
      load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/ofa_mobilenet_v3.toml");
  for (std::uint64_t i = 0; i < 50; ++i) {
    RandomStream random(2, i);
    const Genotype genotype = sample_uniform(space, random);
    const Architecture network = decode(space, genotype);
    const OfaSetting setting = ofa_setting(space, genotype);
    CHECK(setting.resolution == network.resolution);
    int blocks = 0;
    for (const BlockArchitecture& block : network.blocks) {
      if (block.stage == 0) continue;
      const auto slot = static_cast<std::size_t>((block.stage - 1) * 4 + block.position);
      CHECK(setting.kernel_size[slot] == block.kernel_size);
      CHECK(setting.expand_ratio[slot] * block.in_channels == block.hidden_channels);
      ++blocks;
    }
    CHECK(std::count_if(setting.kernel_size.begin(), setting.kernel_size.end(),
                        [](int k) { return k > 0; }) == blocks);
  }
}

TEST_CASE("layers and spaces that do not fit are refused before the search") {
  const SearchSpace fashion =
      load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/fashion_small.toml");
  const DenseLayer fits{128, 1, std::vector<double>(128, 0.0), {0.5}};
  CHECK_THROWS_AS(make_predictor_evaluator(fashion, {fits}), InputError);
  const SearchSpace ofa =
      load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/ofa_mobilenet_v3.toml");
  CHECK(make_predictor_evaluator(ofa, {fits})
            ->evaluate(
                {.genotype = canonical(ofa, {std::vector<std::uint8_t>(ofa.decisions.size(), 0)})})
            .error_percent == doctest::Approx(50));
  const DenseLayer narrow{100, 1, std::vector<double>(100, 0.0), {0.5}};
  CHECK_THROWS_WITH_AS(make_predictor_evaluator(ofa, {narrow}),
                       "predictor: a layer of 100 inputs and 1 outputs follows 128 values",
                       InputError);
}
