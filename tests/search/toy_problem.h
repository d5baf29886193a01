// A space of 3,600 networks and two objectives made of + − × ÷ √, small enough to enumerate.
#pragma once

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "search/search_algorithm.h"
#include "space/genotype.h"
#include "space/search_space.h"

namespace edgefront::toy {

inline SearchSpace space() {
  return parse_space(R"(
name = "toy"
classes = 4
[input]
resolution = 8
channels = 1
[stem]
width = 8
[[stages]]
depth = [1, 2]
width = [8, 16, 24]
kernel_size = [3, 5]
expand_ratio = [1, 2]
[[stages]]
depth = [1, 2]
width = [16, 24, 32]
stride = 2
kernel_size = [3, 5]
expand_ratio = [1, 2]
[head]
width = 0
[references.small]
stage1 = { depth = 1, width = 8 }
stage2 = { depth = 1, width = 16 }
block = { kernel_size = 3, expand_ratio = 1 }
)",
                     "toy.toml");
}

/// A space of one network per kernel size.
inline SearchSpace tiny_space() {
  return parse_space(R"(
name = "tiny"
classes = 4
[input]
resolution = 8
channels = 1
[stem]
width = 8
[[stages]]
depth = 1
width = [8, 16]
kernel_size = [3, 5, 7]
expand_ratio = 2
[head]
width = 0
)",
                     "tiny.toml");
}

/// Error falls and cost rises with every active gene, at different rates.
inline std::vector<double> objectives(const SearchSpace& space, const Genotype& genotype) {
  const std::vector<bool> active = active_decisions(space, genotype);
  double gain = 1, cost = 1;
  for (std::size_t i = 0; i < active.size(); ++i) {
    if (!active[i]) continue;
    const double level = 1.0 + genotype.choices[i];
    gain += (2.0 + double(i * 7 % 5)) * std::sqrt(level);
    cost += (1.0 + double(i % 3)) * level * level;
  }
  return {100.0 / std::sqrt(gain), cost};
}

inline Problem problem(const SearchSpace& space) {
  Problem problem;
  problem.space = &space;
  problem.objectives = {{.name = "error"}, {.name = "cost", .exact = true}};
  return problem;
}

inline Evaluation answer(const SearchSpace& space, const Candidate& candidate) {
  return {.index = candidate.index,
          .genotype = candidate.genotype,
          .objectives = objectives(space, candidate.genotype),
          .reason = {}};
}

inline std::vector<Evaluation> answers(const SearchSpace& space,
                                       const std::vector<Candidate>& candidates) {
  std::vector<Evaluation> all;
  for (const Candidate& candidate : candidates) all.push_back(answer(space, candidate));
  return all;
}

/// Every network of the space, by counting through all choices.
inline std::vector<Genotype> enumerate(const SearchSpace& space) {
  std::set<Genotype> all;
  Genotype genotype{std::vector<std::uint8_t>(space.decisions.size())};
  for (bool more = true; more;) {
    all.insert(canonical(space, genotype));
    more = false;
    for (std::size_t i = 0; i < genotype.choices.size() && !more; ++i) {
      more = genotype.choices[i] + 1u < space.decisions[i].choices.size();
      genotype.choices[i] = more ? std::uint8_t(genotype.choices[i] + 1) : std::uint8_t(0);
    }
  }
  return {all.begin(), all.end()};
}

/// The second objective of `genotypes`, ascending.
inline std::vector<double> sorted_costs(const SearchSpace& space,
                                        const std::vector<Genotype>& genotypes) {
  std::vector<double> costs;
  for (const Genotype& g : genotypes) costs.push_back(objectives(space, g)[1]);
  std::sort(costs.begin(), costs.end());
  return costs;
}

}  // namespace edgefront::toy
