// How far two lists agree on an order.
#pragma once

#include <span>
#include <vector>

namespace edgefront {

/// Spearman's rank correlation with mid-ranks for ties; Kendall's tau-b. Both are 0 where a side is
/// constant; the spans have equal length.
double spearman(std::span<const double> a, std::span<const double> b);
double kendall_tau(std::span<const double> a, std::span<const double> b);

}  // namespace edgefront
