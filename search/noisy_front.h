// Pareto fronts of values that carry noise: how probable it is that a candidate belongs to the
// front, and which candidate's next evaluation is expected to change the front most. Values are
// independent Gaussians around what is known of them; exact objectives have a standard error of 0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/dominance.h"

namespace edgefront {

/// What is known of one feasible candidate.
struct NoisyPoint {
  ObjectiveVector mean;
  std::vector<double> standard_error;  ///< of the mean, per objective; 0 = exact
};

struct NoisyFrontOptions {
  /// Monte-Carlo draws where more than one objective has noise; the standard error of a probability
  /// is at most 0.5 / √draws (0.008).
  int draws = 4096;
  std::uint64_t seed = 0;  ///< of the draws
};

/// That the true values of `a` dominate those of `b`: the product over the objectives of
/// Φ((b − a) / √(σa² + σb²)).
double dominance_probability(const NoisyPoint& a, const NoisyPoint& b);

/// Per point, the probability that no other point dominates it. With one noisy objective exact (the
/// integral over its own density of the chance that every rival lies above, by Gauss–Legendre
/// quadrature to 1e-6); with several by Monte Carlo.
std::vector<double> front_probabilities(const std::vector<NoisyPoint>& points,
                                        const NoisyFrontOptions& options);

/// Indices, ascending, of the points that could be of the front: those that no other point
/// dominates even when each value is shifted by `sigmas` standard errors in the point's favour and
/// against the other.
std::vector<int> plausible_members(const std::vector<NoisyPoint>& points, double sigmas);

/// Per point, how many points are expected to enter or leave the front of the means when that
/// point's mean moves by a Gaussian of standard deviation `shift[i]` (per objective), which is what
/// one more evaluation of it does. The one-step look-ahead of the knowledge gradient (Frazier et
/// al. 2008, "A knowledge-gradient policy for sequential information collection") with the change
/// of the selected set in place of the gain of the best, after the aim of MOCBA (Lee et al. 2010,
/// "Finding the non-dominated Pareto set for multi-objective simulation models"), which instead
/// allots a whole budget from bounds on the two kinds of wrong selection. Closed form with one
/// noisy objective, Monte Carlo over the shift otherwise.
std::vector<double> expected_front_changes(const std::vector<ObjectiveVector>& means,
                                           const std::vector<std::vector<double>>& shift,
                                           const NoisyFrontOptions& options);

/// Standard deviation by which the mean of `answers` evaluations moves when the next one is told,
/// with `waiting` others asked before it and not answered: σ / √(n (n + 1)), n = answers + waiting.
double shift_of_next(double noise, int answers, int waiting);

}  // namespace edgefront
