// Genotypes as a surrogate sees them: a category per decision, and numbers such as the logarithms
// of exact costs.
#pragma once

#include <cstdint>
#include <vector>

#include "space/search_space.h"

namespace edgefront {

/// One row of a surrogate's input. A decision that is inactive has the category after its last
/// choice, so that "absent" is no choice among the others.
struct EncodedGenotype {
  std::vector<std::uint8_t> categories;  ///< per decision
  std::vector<double> numbers;           ///< standardised by whoever makes them
};

/// Categories of a canonical genotype; `numbers` stay empty.
EncodedGenotype encode(const SearchSpace& space, const Genotype& canonical);

/// How unlike two categories of one decision are, 0 to 1, row by row for choices + 1 categories.
/// Choices are half ordered and half named where all of them are numbers (kernel sizes, widths):
/// ½ [a ≠ b] + ½ |rank a − rank b| / (choices − 1); else [a ≠ b].
std::vector<double> category_distances(const Decision& decision);

}  // namespace edgefront
