// Hypervolume (Zitzler & Thiele 1998): the measure of what a set dominates, up to a reference
// point. Points that do not strictly dominate the reference contribute nothing. The order of the
// points does not change a bit of a hypervolume. All objectives minimised.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/dominance.h"

namespace edgefront {

/// Exact, for 1 to 5 objectives; more: InputError. In 2-D and 3-D a sweep (Beume et al. 2009, "On
/// the complexity of computing the hypervolume indicator"), O(n log n) comparisons; in 4-D HV4D+
/// (Guerreiro & Fonseca 2018), O(n²); in 5-D a sweep of 4-D exclusive volumes (WFG, While et al.
/// 2012).
double hypervolume(const FlatPoints& points, std::span<const double> reference);
double hypervolume(const std::vector<ObjectiveVector>& points, std::span<const double> reference);

/// What each point alone dominates: what the set would lose without it; 0 for dominated points and
/// for equal ones. 1 to 5 objectives. O(n²) up to 3-D, O(n³) in 4-D.
std::vector<double> hypervolume_contributions(const FlatPoints& points,
                                              std::span<const double> reference);
std::vector<double> hypervolume_contributions(const std::vector<ObjectiveVector>& points,
                                              std::span<const double> reference);

/// What the point with this index adds, without asking it of the others.
double hypervolume_contribution(const FlatPoints& points, int index,
                                std::span<const double> reference);

/// Index of the smallest contribution, the first of equal ones. The front must not be empty.
int least_contributor(const FlatPoints& points, std::span<const double> reference);

struct EstimateOptions {
  std::int64_t samples = 100'000;  ///< ≥ 1
  double confidence = 0.95;        ///< that the truth is within `error`; between 0 and 1
  std::uint64_t seed = 0;
};

struct HypervolumeEstimate {
  double value = 0;
  double error = 0;  ///< half width, by Hoeffding's inequality: it holds for any front
};

/// Monte Carlo for any number of objectives: the share of samples, uniform between the ideal point
/// and the reference, that the front dominates. Same seed, same estimate.
HypervolumeEstimate estimate_hypervolume(const FlatPoints& points,
                                         std::span<const double> reference,
                                         const EstimateOptions& options);

}  // namespace edgefront
