// Regularised (ageing) evolution (Real et al. 2019, "Regularized evolution for image classifier
// architecture search"): the best of a random sample has a mutated child, and the oldest member
// dies. The paper has one objective. Here each candidate draws a weight for every objective and
// the sample is compared by the augmented Tchebycheff function of ParEGO (Knowles 2006): the
// largest weighted objective plus 0.05 times their weighted sum, objectives scaled to [0, 1] over
// the population. Infeasible members come after the feasible ones, by violation. With several
// fronts a candidate draws one of them first. No network is asked twice.
#pragma once

#include <memory>

#include "search/feasible_start.h"
#include "search/search_algorithm.h"
#include "search/variation.h"

namespace edgefront {

struct RegularizedEvolutionOptions {
  int population = 40;  ///< ≥ 4; the youngest so many live; the first as many are the design
  int sample = 0;       ///< members that compete to be the parent; 0 = population / 4 (the paper)
  VariationOptions variation = {};                    ///< crossover is not used
  InitialDesign design = InitialDesign::kStratified;  ///< of the first networks
  std::uint64_t seed = 0;
};

/// `include` are asked first and join the first population.
std::unique_ptr<SearchAlgorithm> make_regularized_evolution(
    const Problem& problem, const RegularizedEvolutionOptions& options,
    const std::vector<Genotype>& include);

}  // namespace edgefront
