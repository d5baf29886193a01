// Random Pareto local search over canonical genotypes (after Paquete, Chiarandini & Stützle 2004,
// "Pareto local optimum sets in the biobjective traveling salesman problem"): a neighbour, one
// decision away, of a random member of the archive of all non-dominated evaluations. It departs
// from the paper: one unseen neighbour of a random member is asked at a time instead of a whole
// neighbourhood, so that every ask uses the archive of all that was told; where all neighbours of
// all members were asked, uniform samples restart it. While nothing is feasible, the archive holds
// what violates least. With several fronts there is an archive for each, drawn uniformly.
#pragma once

#include <memory>

#include "search/feasible_start.h"
#include "search/search_algorithm.h"

namespace edgefront {

struct ParetoLocalSearchOptions {
  int initial = 10;  ///< ≥ 1; networks before the first neighbour
  InitialDesign design = InitialDesign::kStratified;  ///< of the first networks
  std::uint64_t seed = 0;
};

/// `include` are asked first and count among the initial ones.
std::unique_ptr<SearchAlgorithm> make_pareto_local_search(const Problem& problem,
                                                          const ParetoLocalSearchOptions& options,
                                                          const std::vector<Genotype>& include);

}  // namespace edgefront
