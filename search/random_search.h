// Uniform random search without duplicates: the baseline that every algorithm has to beat.
#pragma once

#include <memory>

#include "search/search_algorithm.h"

namespace edgefront {

struct RandomSearchOptions {
  std::uint64_t seed = 0;
};

std::unique_ptr<SearchAlgorithm> make_random_search(const Problem& problem,
                                                    const RandomSearchOptions& options,
                                                    const std::vector<Genotype>& include);

}  // namespace edgefront
