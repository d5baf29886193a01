#include "search/expected_hypervolume.h"

#include <doctest/doctest.h>

#include <cmath>

#include "search/hypervolume.h"
#include "space/random.h"

namespace edgefront {
namespace {

/// ∫ (HV(front ∪ (e, costs)) − HV(front)) N(e; mean, deviation²) de by the midpoint rule.
double by_quadrature(const std::vector<ObjectiveVector>& points, const ObjectiveVector& reference,
                     const std::vector<double>& costs, double mean, double deviation) {
  const double before = hypervolume(points, reference);
  double sum = 0;
  constexpr int kCells = 4'000;
  for (int i = 0; i < kCells; ++i) {
    const double z = -8 + 16 * (i + 0.5) / kCells;
    std::vector<ObjectiveVector> with = points;
    with.push_back({mean + deviation * z});
    with.back().insert(with.back().end(), costs.begin(), costs.end());
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * 3.14159265358979);
    sum += (hypervolume(with, reference) - before) * density * 16 / kCells;
  }
  return sum;
}

TEST_CASE("the closed form is the integral of the hypervolume's gain, for one to three costs") {
  RandomStream random(5, 0);
  for (std::size_t costs = 0; costs <= 3; ++costs) {
    for (int round = 0; round < (costs < 3 ? 6 : 2); ++round) {
      const ObjectiveVector reference(costs + 1, 1.0);
      std::vector<ObjectiveVector> points;
      for (int i = 0; i < 7; ++i) {
        ObjectiveVector point;
        for (std::size_t o = 0; o <= costs; ++o) point.push_back(1.1 * random.uniform());
        points.push_back(point);
      }
      std::vector<double> at;
      for (std::size_t o = 0; o < costs; ++o) at.push_back(random.uniform());
      const double mean = random.uniform(), deviation = 0.05 + 0.4 * random.uniform();
      const ImprovementFront front(points, reference);
      const double ours = expected_improvement(front.steps(at), mean, deviation);
      const double truth = by_quadrature(points, reference, at, mean, deviation);
      CHECK(ours == doctest::Approx(truth).epsilon(1e-3).scale(0.01));
    }
  }
}

TEST_CASE("a candidate whose error is known gains exactly the hypervolume it adds") {
  const std::vector<ObjectiveVector> points{{0.2, 0.8}, {0.5, 0.4}, {0.9, 0.1}, {0.6, 0.6}};
  const ObjectiveVector reference{1, 1};
  const ImprovementFront front(points, reference);
  for (const double cost : {0.05, 0.1, 0.3, 0.4, 0.7, 0.95}) {
    for (const double error : {0.1, 0.2, 0.4, 0.55, 0.95}) {
      std::vector<ObjectiveVector> with = points;
      with.push_back({error, cost});
      const double gain = hypervolume(with, reference) - hypervolume(points, reference);
      const std::vector<double> costs{cost};
      CHECK(expected_improvement(front.steps(costs), error, 0) ==
            doctest::Approx(gain).epsilon(1e-12));
    }
  }
}

TEST_CASE("a candidate outside the box or behind a better member gains nothing") {
  const ImprovementFront front({{0.2, 0.3}}, {1, 1});
  const std::vector<double> outside{1.0}, behind{0.5};
  CHECK(front.steps(outside).empty());
  CHECK(expected_improvement(front.steps(behind), 0.4, 0) == 0);
  CHECK(expected_improvement(front.steps(behind), 0.4, 0.1) > 0);  // it may be better than it looks
}

}  // namespace
}  // namespace edgefront
