#include "search/principal_axes.h"

#include <doctest/doctest.h>

#include <cmath>

#include "space/random.h"

namespace edgefront {
namespace {

using Rows = std::vector<std::vector<double>>;

/// Rows of `numbers` that share a part and have a part of their own.
Rows correlated(std::size_t numbers, double own) {
  RandomStream random(3, 0);
  Rows rows(200);
  for (std::vector<double>& row : rows) {
    const double shared = random.normal();
    for (std::size_t j = 0; j < numbers; ++j) row.push_back(shared + own * random.normal());
  }
  return rows;
}

PrincipalAxes axes_of(const Rows& rows) {
  return PrincipalAxes(std::vector<std::span<const double>>(rows.begin(), rows.end()));
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return std::sqrt(sum);
}

TEST_CASE("numbers that are all the same leave one axis, in their own unit") {
  const Rows rows = correlated(8, 0);
  const PrincipalAxes axes = axes_of(rows);
  REQUIRE(axes.count() == 1);
  double squares = 0;
  for (const std::vector<double>& row : rows) squares += row[0] * row[0];
  const double deviation = std::sqrt(squares / double(rows.size()));
  for (const std::vector<double>& row : rows) {
    CHECK(std::fabs(axes(row)[0]) == doctest::Approx(std::fabs(row[0]) / deviation));
  }
}

TEST_CASE("rows are as far apart on the axes as they were, in units of the widest one") {
  const Rows rows = correlated(5, 0.5);
  const PrincipalAxes axes = axes_of(rows);
  REQUIRE(axes.count() == 5);
  const double unit = distance(rows[0], rows[1]) / distance(axes(rows[0]), axes(rows[1]));
  double widest = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    CHECK(distance(axes(rows[i - 1]), axes(rows[i])) * unit ==
          doctest::Approx(distance(rows[i - 1], rows[i])));
  }
  for (const std::vector<double>& row : rows) widest += axes(row)[0] * axes(row)[0];
  CHECK(widest / double(rows.size()) == doctest::Approx(1.0));
}

TEST_CASE("coordinates on different axes are not correlated, and each axis is narrower") {
  const Rows rows = correlated(4, 0.3);
  const PrincipalAxes axes = axes_of(rows);
  for (std::size_t a = 0; a < axes.count(); ++a) {
    for (std::size_t b = 0; b < axes.count(); ++b) {
      double product = 0, before = 0, width = 0;
      for (const std::vector<double>& row : rows) {
        const std::vector<double> at = axes(row);
        product += at[a] * at[b];
        width += at[b] * at[b];
        before += b > 0 ? at[b - 1] * at[b - 1] : 1e300;
      }
      if (a != b) CHECK(product / double(rows.size()) == doctest::Approx(0).epsilon(1e-9));
      CHECK(width <= before);
    }
  }
}

TEST_CASE("numbers that never differ, and one that is not finite, do no harm") {
  CHECK(axes_of(Rows(3, {0, 0}))(std::vector<double>{0, 0}).at(0) == 0);
  Rows rows = correlated(2, 0.5);
  const std::vector<double> before = axes_of(rows)(rows[0]);
  rows.push_back({INFINITY, 0});
  const std::vector<double> after = axes_of(rows)(rows[0]);
  CHECK(std::fabs(after[0]) == doctest::Approx(std::fabs(before[0])));
}

}  // namespace
}  // namespace edgefront
