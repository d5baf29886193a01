#include "costmodels/half_width.h"

#include <algorithm>
#include <cmath>

namespace edgefront {

double half_width_90(std::vector<double> errors, double student) {
  std::sort(errors.begin(), errors.end());
  const std::size_t n = errors.size();
  const auto rank = static_cast<std::size_t>(std::ceil(0.9 * static_cast<double>(n + 1) - 1e-9));
  if (rank <= n) return errors[rank - 1];
  double squares = 0;
  for (const double e : errors) squares += e * e;
  return std::max(errors.back(), student * std::sqrt(squares / static_cast<double>(n)));
}

}  // namespace edgefront
