// The default algorithm: surrogate-assisted search with exact cheap objectives.
//
// Only expensive objectives are modelled (Gaussian process, gaussian_process.h); exact ones are
// computed for thousands of candidates, and the candidate with the largest expected hypervolume
// improvement (EHVI; Emmerich et al. 2006, closed form in expected_hypervolume.h) is asked. One
// fifth of the asks is Pareto local search (Paquete, Chiarandini & Stützle 2004): a random
// neighbour of a random member of the front, which needs no model. It departs from the EHVI of the
// literature in these:
// - The front is that of the exact costs and of the warped error (surrogate.h), with a reference of
//   two scales above the knee: hypervolume in the useful region counts, not in the corner of
//   networks that are useless and cheap.
// - An expensive objective with a limit (ObjectiveInfo::limit) has its reference there at most:
//   what is infeasible improves nothing. As long as nothing feasible is known, only objectives
//   with limits are improved.
// - A limit on an exact cost cuts the front off where users want it: every second ask takes the
//   reference as far beyond the limit as the front reaches below it, so that the accurate end
//   counts.
// - Small spaces and lists are enumerated, large ones searched by an evolutionary inner loop over
//   the acquisition, from the front's neighbours and a uniform sample. Of a long list each ask
//   scores those that were best when the model was last fitted, on a tenth fewer observations.
// - Unanswered candidates are believed to be as good as predicted (Ginsbourger, Le Riche & Carraro
//   2010, "kriging believer"), not integrated over as in qEHVI (Daulton et al. 2020).
// - A second expensive objective is integrated by eight quantiles of its own prediction, further
//   ones by 32 fixed normal points; given these, the first one's integral is exact.
// - Several fronts (Problem::fronts): the sum of their EHVI, each relative to its box; every second
//   ask counts the front that can still gain most in full and the others a tenth, for a front that
//   is unlike the others would wait for them. The design is as large as that of the front with most
//   costs, and the model sees their costs by their principal axes (candidate_pool.h): costs of many
//   devices that rank networks alike would hide what the networks have in common.
// - Fall-back: while the model's leave-one-out density is not better than that of a plain normal
//   distribution, asks alternate between local search and networks spread over the costs.
#pragma once

#include <memory>

#include "search/feasible_start.h"
#include "search/search_algorithm.h"

namespace edgefront {

struct EhviOptions {
  int initial = 0;  ///< networks of the initial design; 0: 10, or more with more costs on a front
  int local_period = 5;                   ///< every n-th ask is a local search; 0: none
  std::int64_t enumerate_up_to = 20'000;  ///< networks; larger spaces are sampled
  std::int64_t list_up_to = 250'000;      ///< the same where the space is a list
  int shortlist = 4'000;                  ///< of more than five times as many, those scored per ask
  int samples = 2'000;                    ///< of a larger space, known from the start
  bool dear_features = false;  ///< Problem::features takes long: fewer new candidates an ask
  int threads = 1;             ///< for scoring; the result does not depend on it
  InitialDesign design = InitialDesign::kStratified;  ///< of the first networks
  std::uint64_t seed = 0;
};

/// `problem` is copied; what it refers to outlives the algorithm. `include` are asked first. The
/// state is what was told and what is unanswered: take_over() only notes the candidates.
std::unique_ptr<SearchAlgorithm> make_ehvi(const Problem& problem, const EhviOptions& options,
                                           const std::vector<Genotype>& include);

}  // namespace edgefront
