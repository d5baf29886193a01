// Several fidelities: many networks are looked at cheaply and the best of them dearly. A wrapper
// around any other algorithm.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "search/dominance.h"
#include "search/search_algorithm.h"

namespace edgefront {

struct PromotionOptions {
  double eta = 3;  ///< one network of `eta` goes on to the next fidelity; > 1
};

/// Successive halving (Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and
/// hyperparameter optimization") by the asynchronous rule of ASHA (Li et al. 2020, "A system for
/// massively parallel hyperparameter tuning"): each ask promotes a network that is among the best
/// ⌊answers / eta⌋ of its fidelity and was not promoted, from the highest fidelity down; where
/// there is none, it asks the inner algorithm for a new one at fidelity 0. Several objectives as in
/// Schmucker et al. 2021 ("Multi-objective asynchronous successive halving"): by non-domination
/// rank; departing from it, the last front that does not fit whole is thinned by hypervolume
/// contribution in place of crowding or an ε-net. Departures from ASHA: failed answers do not
/// count, and when the inner algorithm's space is exhausted the best are promoted without regard to
/// eta.
///
/// The inner algorithm is told every network: the values of the highest fidelity where they are
/// known, else an estimate of them. Per fidelity and noisy objective that is an affine function of
/// the lower one's value, by least squares over the networks with both, first with five and again
/// whenever their number has doubled; the inner algorithm is then told again what has changed.
/// Before, it is told the values of fidelity 0.
std::unique_ptr<SearchAlgorithm> make_promotion(std::unique_ptr<SearchAlgorithm> inner,
                                                const Problem& problem,
                                                const PromotionOptions& options);

/// The best `count` of the points: whole fronts by rank (constrained domination), and of the next
/// what is left after dropping the least hypervolume contributor again and again, against the worst
/// values of all points plus a tenth of their range (more than five objectives: the least crowding
/// distance). Ordered by rank, then index.
std::vector<int> best_of_front(const std::vector<ObjectiveVector>& points,
                               std::span<const double> violations, int count);

/// y = offset + slope · x.
struct AffineMap {
  double offset = 0, slope = 1;
  double operator()(double x) const { return offset + slope * x; }
};

/// Least squares; slope 0 where x does not vary or falls with y: a fidelity that misleads says
/// nothing. Equal sizes, at least one.
AffineMap fit_line(std::span<const double> x, std::span<const double> y);

}  // namespace edgefront
