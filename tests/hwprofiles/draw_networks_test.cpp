#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "hwprofiles/profiler.h"
#include "space/architecture.h"
#include "space/lower.h"
#include "space/random.h"
#include "space/uniform_sampler.h"

namespace edgefront {
namespace {

SearchSpace fashion() {
  return load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/fashion_small.toml");
}

std::vector<double> log_macs(const SearchSpace& space, const std::vector<Genotype>& genotypes) {
  std::vector<double> values;
  for (const auto& genotype : genotypes) {
    values.push_back(std::log2(static_cast<double>(total_macs(lower(decode(space, genotype))))));
  }
  std::sort(values.begin(), values.end());
  return values;
}

TEST_CASE("drawn networks are distinct, canonical, and none is excluded") {
  const SearchSpace space = fashion();
  const auto first = draw_networks(space, 50, 1, {});
  CHECK(first.size() == 50);
  CHECK(std::set<Genotype>(first.begin(), first.end()).size() == 50);
  for (const auto& genotype : first) CHECK(canonical(space, genotype) == genotype);
  CHECK(draw_networks(space, 50, 1, {}) == first);
  CHECK(draw_networks(space, 50, 2, {}) != first);
  for (const auto& genotype : draw_networks(space, 50, 1, first)) {
    CHECK(std::count(first.begin(), first.end(), genotype) == 0);
  }
}

TEST_CASE("drawn networks spread over log MACs more widely than uniform ones") {
  const SearchSpace space = fashion();
  const auto drawn = log_macs(space, draw_networks(space, 100, 1, {}));
  const UniformSampler sampler(space);
  RandomStream random(5, 0);
  std::vector<Genotype> uniform;
  for (int i = 0; i < 100; ++i) uniform.push_back(sampler.sample(random));
  const auto plain = log_macs(space, uniform);
  CHECK(drawn.front() < plain.front());
  CHECK(drawn.back() > plain.back());
  // Uniform over the range: quarters of it hold about a quarter each (n = 100: ± 3σ is 13).
  const double range = drawn.back() - drawn.front();
  for (int quarter = 0; quarter < 4; ++quarter) {
    const double low = drawn.front() + range * quarter / 4;
    const auto inside = std::count_if(drawn.begin(), drawn.end(),
                                      [&](double v) { return v >= low && v < low + range / 4; });
    CHECK(inside >= 12);
    CHECK(inside <= 38);
  }
}

TEST_CASE("a space with fewer networks than asked for gives each at most once") {
  const SearchSpace space = parse_space(
      "name = \"two\"\nclasses = 2\n[input]\nresolution = 8\nchannels = 1\n[stem]\nwidth = [8, "
      "16]\n"
      "[[stages]]\ndepth = 1\nwidth = 8\nop = \"dwsep\"\n[head]\nwidth = 0\n",
      "two.toml");
  CHECK(draw_networks(space, 10, 1, {}).size() == 2);
  CHECK(draw_networks(space, 0, 1, {}).empty());
}

}  // namespace
}  // namespace edgefront
