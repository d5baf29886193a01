#include "space/search_space.h"

#include <doctest/doctest.h>

#include "space/lower.h"
#include "space/random.h"
#include "space/uniform_sampler.h"
#include "tests/space/message.h"
#include "tests/space/small_space.h"

using namespace edgefront;

TEST_CASE("a space made by hand is checked like one from a file") {
  SearchSpace space;
  CHECK(input_error_of([&] { check_space(space); }) ==
        "input.resolution: came no choice, accepted is at least one");
  space = parse_space(kSmallSpace, "small");
  CHECK_NOTHROW(check_space(space));
  space.stages[1].name = "stage1";
  CHECK(input_error_of([&] { check_space(space); }) ==
        "stages: came the name stage1 twice, accepted is each name once");
  space = parse_space(kSmallSpace, "small");
  for (int i = 0; i < 40; ++i) space.resolution.push_back(20 + i);
  CHECK(input_error_of([&] { check_space(space); }) ==
        "input.resolution: came 42 choices, accepted are up to 36");
  space = parse_space(kSmallSpace, "small");
  space.stages.assign(20, space.stages[0]);
  for (int i = 0; i < 20; ++i) {
    space.stages[i].name = "s" + std::to_string(i);
    space.stages[i].stride = {1};
    space.stages[i].depth = {1, 16};
  }
  CHECK(input_error_of([&] { check_space(space); }) ==
        "stages: came 1323 decisions in all, accepted are up to 512");
}

TEST_CASE("decisions are the questions with two or more choices, in genotype order") {
  SearchSpace space = parse_space(kSmallSpace, "small");
  const std::vector<Decision> loaded = space.decisions;
  derive_decisions(space);
  REQUIRE(space.decisions.size() == loaded.size());
  std::string names;
  for (const Decision& decision : space.decisions) {
    names += decision.name + " ";
    CHECK(decision.choices.size() >= 2);
  }
  CHECK(names ==
        "resolution stem.width stage1.depth stage1.width stage1.stride stage1.block1.op "
        "stage1.block1.expand_ratio stage1.block1.se_ratio stage1.block1.skip stage1.block2.op "
        "stage1.block2.expand_ratio stage1.block2.se_ratio stage1.block2.skip stage2.depth "
        "stage2.width stage2.block1.skip head.width ");
}

TEST_CASE("every genotype of a space that loads can be lowered") {
  for (const char* name : {"fashion_small", "cifar", "mobilenet_v3"}) {
    const SearchSpace space =
        load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/" + std::string(name) + ".toml");
    const UniformSampler sampler(space);
    RandomStream random(21, 0);
    for (int i = 0; i < 300; ++i) {
      const Status status = validate(lower(decode(space, sampler.sample(random))));
      REQUIRE_MESSAGE(status.ok(), status.message());
    }
  }
}
