#include "space/uniform_sampler.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "tests/space/message.h"
#include "tests/space/small_space.h"

using namespace edgefront;

namespace {

SearchSpace tiny_space() {
  SearchSpace space = parse_space(kSmallSpace, "small");
  space.stem.width = {8};
  space.stages[0].block.se_ratio = {0};
  space.stages[0].stride = {1};
  space.resolution = {8};
  derive_decisions(space);
  return space;
}

}  // namespace

TEST_CASE("the numbering visits every canonical genotype exactly once") {
  const SearchSpace space = tiny_space();
  std::set<Genotype> by_enumeration, by_number;
  for (const Genotype& genotype : every_genotype(space))
    by_enumeration.insert(canonical(space, genotype));
  const UniformSampler sampler(space);
  CHECK(sampler.cardinality() == std::to_string(by_enumeration.size()));
  for (std::size_t i = 0; i < by_enumeration.size(); ++i)
    by_number.insert(sampler.at(std::to_string(i)));
  CHECK(by_number == by_enumeration);
  CHECK(input_error_of([&] {
          sampler.at(sampler.cardinality());
        }).find("genotype number: came " + sampler.cardinality()) == 0);
  CHECK(input_error_of([&] { sampler.at("-1"); }).find("came -1") != std::string::npos);
}

TEST_CASE("sampling is uniform over canonical genotypes: chi-square under its 0.1 % point") {
  const SearchSpace space = tiny_space();
  std::map<Genotype, int> seen;
  for (const Genotype& genotype : every_genotype(space)) seen[canonical(space, genotype)] = 0;
  const double bins = static_cast<double>(seen.size());
  const UniformSampler sampler(space);
  RandomStream random(5, 6);
  const int draws = 40 * static_cast<int>(bins);
  for (int i = 0; i < draws; ++i) {
    const auto found = seen.find(sampler.sample(random));
    REQUIRE(found != seen.end());
    ++found->second;
  }
  double chi = 0;
  for (const auto& [genotype, count] : seen) chi += (count - 40.0) * (count - 40.0) / 40;
  // normal approximation of chi-square with many degrees of freedom
  CHECK(chi < bins - 1 + 3.09 * std::sqrt(2 * (bins - 1)));
  CHECK(chi > bins - 1 - 3.09 * std::sqrt(2 * (bins - 1)));
}

TEST_CASE("the same stream gives the same genotypes, and sample_uniform is the sampler") {
  const SearchSpace space = tiny_space();
  const UniformSampler sampler(space);
  RandomStream a(1, 1), b(1, 1);
  for (int i = 0; i < 20; ++i) CHECK(sampler.sample(a) == sample_uniform(space, b));
}

TEST_CASE("Once-for-All's space has the published number of networks at each of 25 resolutions") {
  // Cai et al. 2020, section 3.2: ((3*3)^2 + (3*3)^3 + (3*3)^4)^5, about 2*10^19
  const SearchSpace space =
      load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/mobilenet_v3.toml");
  CHECK(cardinality(space) == "543966387314312146275");  // 25 * 7371^5
}

TEST_CASE("fashion_small has more than 10^9 networks") {
  const std::string count =
      cardinality(load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/fashion_small.toml"));
  CHECK(count.size() > 10);
}
