// Objective values replaced by their ranks: comparisons become those of small integers, and all
// that follows is free of infinities, signed zeros and ties that are not equal.
#pragma once

#include <cstdint>
#include <vector>

#include "search/dominance.h"

namespace edgefront {

struct DenseRanks {
  /// Row by row as the points: how many distinct smaller values the objective has. Points dominate
  /// each other exactly as their rows do.
  std::vector<std::int32_t> rows;
  std::vector<std::int32_t> distinct;  ///< values, per objective
  /// Points by the first objective, then the second, …, then index: equal points are neighbours,
  /// and no point is dominated by a later one.
  std::vector<std::int32_t> order;
};

/// No NaN. Linear in the points unless most values share their leading 33 bits: a radix sort of
/// those bits in which the values differ, then comparison sorts of what is still equal.
DenseRanks dense_ranks(const FlatPoints& points);

}  // namespace edgefront
