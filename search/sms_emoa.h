// SMS-EMOA (Beume, Naujoks & Emmerich 2007, "SMS-EMOA: multiobjective selection based on dominated
// hypervolume"): steady state; of the worst front the member goes that adds the least hypervolume.
// It departs from the paper in four points:
// - No network is asked twice, and children come from search/variation.h.
// - Contributions are taken with the front scaled to [0, 1] and the reference at 1 + 1/H, where a
//   simplex lattice of H divisions has about as many points as the population (Ishibuchi et al.
//   2018, "How to specify a reference point in hypervolume calculation for fair performance
//   comparison"): with the paper's worst value plus one, units decide, and the ends of the front
//   draw the population in three objectives and more.
// - Parents are drawn by binary tournaments on (front, contribution), not uniformly.
// - Several fronts rank together (search/ranking.h).
#pragma once

#include <memory>

#include "search/feasible_start.h"
#include "search/search_algorithm.h"
#include "search/variation.h"

namespace edgefront {

struct SmsEmoaOptions {
  int population = 14;  ///< ≥ 4; the first as many are the design
  VariationOptions variation = {};
  InitialDesign design = InitialDesign::kStratified;  ///< of the first networks
  std::uint64_t seed = 0;
};

/// Up to 5 objectives a front, InputError beyond. `include` are asked first and join the first
/// population.
std::unique_ptr<SearchAlgorithm> make_sms_emoa(const Problem& problem,
                                               const SmsEmoaOptions& options,
                                               const std::vector<Genotype>& include);

}  // namespace edgefront
