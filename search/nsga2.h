// NSGA-II (Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II") over
// canonical genotypes. It departs from the paper in four points:
// - No network is asked twice: a child that was seen is bred anew.
// - It selects after a tenth of a generation, down to steady state (μ + 1) with small populations
//   (Nebro & Durillo 2009, "On the effect of the steady-state selection scheme in multi-objective
//   genetic algorithms"), so that children may be bred while others are evaluated.
// - A child is mostly one crossover or one mutation, not both (search/variation.h).
// - Several fronts rank together (search/ranking.h).
#pragma once

#include <memory>

#include "search/feasible_start.h"
#include "search/search_algorithm.h"
#include "search/variation.h"

namespace edgefront {

struct Nsga2Options {
  int population = 12;  ///< ≥ 4; the first as many are the design
  int offspring = 0;    ///< children told between two selections; 0 = population / 10, 1 at least
  VariationOptions variation = {};
  InitialDesign design = InitialDesign::kStratified;  ///< of the first networks
  std::uint64_t seed = 0;
};

/// `include` are asked first and join the first population.
std::unique_ptr<SearchAlgorithm> make_nsga2(const Problem& problem, const Nsga2Options& options,
                                            const std::vector<Genotype>& include);

}  // namespace edgefront
