// Choosing one of many networks by a weighted sum under limits, and what such a sum cannot reach.
#pragma once

#include <span>
#include <vector>

namespace edgefront {

/// One row per candidate, one column per quantity, smaller is better; NaN is unknown.
using ChoiceTable = std::vector<std::vector<double>>;

/// The row with the smallest Σ weights·value among those whose values are all within `limits`
/// (infinity: no limit); of equal ones the first; −1 where there is none. A row that does not know
/// a quantity that is weighted or limited is out. Weights are not negative.
///
/// With one weight alone this is the ε-constraint method (Haimes et al. 1971): the limits on the
/// other quantities reach every non-dominated row, also those that no weights reach.
int weighted_choice(const ChoiceTable& table, std::span<const double> weights,
                    std::span<const double> limits);

/// Whether some weights (≥ 0, not all zero) make the row a smallest weighted sum over the table:
/// rows on the convex part of the front, and only these, are reached by a weighted sum. Decided
/// exactly up to rounding by a linear program. All values are finite.
bool is_supported(const ChoiceTable& table, int row);

}  // namespace edgefront
