#include "search/non_dominated_ranks.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "space/random.h"

namespace edgefront {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// `levels` 0: no two values are equal.
std::vector<double> random_values(int count, int objectives, int levels, std::uint64_t stream) {
  RandomStream random(17, stream);
  std::vector<double> values;
  for (int i = 0; i < count * objectives; ++i) {
    values.push_back(levels > 0 ? double(random.below(levels)) - levels / 2
                                : random.normal() * 1e3);
  }
  return values;
}

/// The definition: one more than the largest rank of a point that dominates, which comes before in
/// lexicographic order.
std::vector<int> by_definition(const FlatPoints& points) {
  std::vector<int> order(points.count()), ranks(points.count(), 0);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    return std::lexicographical_compare(points[a].begin(), points[a].end(), points[b].begin(),
                                        points[b].end());
  });
  for (std::size_t i = 0; i < order.size(); ++i) {
    int& rank = ranks[order[i]];
    for (std::size_t j = 0; j < i; ++j) {
      if (dominates(points[order[j]], points[order[i]])) rank = std::max(rank, ranks[order[j]] + 1);
    }
  }
  return ranks;
}

TEST_CASE("ranks are those of the definition, for any number of objectives and of equal values") {
  for (int objectives = 1; objectives <= 6; ++objectives) {
    for (const int levels : {2, 5, 40, 0}) {
      for (const int count : {1, 2, 7, 63, 150}) {
        const auto values = random_values(count, objectives, levels, std::uint64_t(count));
        const FlatPoints points(values, std::size_t(objectives));
        CAPTURE(objectives);
        CAPTURE(levels);
        CAPTURE(count);
        CHECK(non_dominated_ranks(points) == by_definition(points));
      }
    }
  }
}

TEST_CASE("many points have the ranks of the definition too") {
  // Enough for the radix sort and for several ranges in the fronts of four objectives. In the last
  // case most values share their leading bits.
  for (int objectives = 2; objectives <= 5; ++objectives) {
    for (const double squeeze : {0.0, 1.0, 1e-13}) {
      auto values = random_values(600, objectives, squeeze == 0 ? 50 : 0, 3);
      if (squeeze == 1e-13) {
        for (double& value : values) value = 1 + value * squeeze;
        values[0] = -1e300;
      }
      const FlatPoints points(values, std::size_t(objectives));
      CHECK(non_dominated_ranks(points) == by_definition(points));
    }
  }
}

TEST_CASE("infinities are values like others, and the two zeros are one") {
  const std::vector<double> values{0.0, kInfinity, -0.0, kInfinity, -kInfinity, kInfinity,
                                   0.0, 1,         -0.0, 1,         1,          -kInfinity};
  CHECK(non_dominated_ranks(FlatPoints(values, 2)) == std::vector<int>{1, 1, 0, 0, 0, 0});
}

TEST_CASE("no points have no ranks") {
  CHECK(non_dominated_ranks(FlatPoints({}, 3)).empty());
  CHECK(non_dominated_ranks(FlatPoints({}, 3), {}).empty());
}

TEST_CASE("a smaller violation beats a larger one whatever the objectives") {
  const std::vector<double> values{9, 9, 1, 1, 2, 2, 0, 0, 3, 1};
  const std::vector<double> violations{0, 0.5, 0.5, 2, 0.5};
  CHECK(non_dominated_ranks(FlatPoints(values, 2), violations) == std::vector<int>{0, 1, 2, 3, 2});
}

}  // namespace
}  // namespace edgefront
