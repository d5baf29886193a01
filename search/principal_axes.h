// What numbers that go together have in common: few numbers that are not correlated, in place of
// many that are.
#pragma once

#include <span>
#include <vector>

namespace edgefront {

/// Principal axes of standardised numbers (Pearson 1901), the widest first. Coordinates are in
/// units of the widest axis' deviation, so that what the numbers hardly differ in counts hardly;
/// axes with less than a thousandth of its variance are left out. Their signs mean nothing.
class PrincipalAxes {
 public:
  /// `rows` of equal length; at least one row and number.
  explicit PrincipalAxes(const std::vector<std::span<const double>>& rows);
  std::vector<double> operator()(std::span<const double> numbers) const;
  std::size_t count() const { return axes_.size(); }

 private:
  std::vector<std::vector<double>> axes_;  ///< divided by the widest one's deviation
};

}  // namespace edgefront
