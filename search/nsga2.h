// NSGA-II (Deb et al. 2002) over canonical genotypes, with duplicate elimination.
#pragma once

#include <memory>

#include "search/search_algorithm.h"

namespace edgefront {

struct Nsga2Options {
  int population = 20;                 ///< ≥ 4; parents kept, and offspring per generation
  double crossover_probability = 0.9;  ///< uniform crossover over decisions
  double mutation_rate = 0;            ///< per active decision; 0 = 1 / number of active decisions
  std::uint64_t seed = 0;
};

/// Asks `population` candidates a generation. `include` are asked first and join the first
/// generation.
std::unique_ptr<SearchAlgorithm> make_nsga2(const Problem& problem, const Nsga2Options& options,
                                            const std::vector<Genotype>& include);

}  // namespace edgefront
