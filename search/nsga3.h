// NSGA-III (Deb & Jain 2014, "An evolutionary many-objective optimization algorithm using
// reference-point-based nondominated sorting approach", parts I and II): for four objectives and
// more, where crowding no longer tells points apart. It departs from the paper in five points:
// - No network is asked twice, and children come from search/variation.h.
// - It selects after `offspring` children, so that children may be bred while others are evaluated.
// - Extreme points are kept from one selection to the next, for small populations lose them.
// - Objectives are scaled to the front's range before its extremes are looked for.
// - With several fronts each chooses an equal share of the population in turn, from what those
//   before it left.
#pragma once

#include <memory>

#include "search/feasible_start.h"
#include "search/search_algorithm.h"
#include "search/variation.h"

namespace edgefront {

struct Nsga3Options {
  int population = 0;  ///< ≥ 4; 0 = 20, 21, 35 and 50 for up to 2, 3, 4 and 5 objectives, else 70
  int offspring = 0;   ///< children told between two selections; 0 = population / 4
  VariationOptions variation = {};
  InitialDesign design = InitialDesign::kStratified;  ///< of the first networks
  std::uint64_t seed = 0;
};

/// `include` are asked first and join the first population.
std::unique_ptr<SearchAlgorithm> make_nsga3(const Problem& problem, const Nsga3Options& options,
                                            const std::vector<Genotype>& include);

}  // namespace edgefront
