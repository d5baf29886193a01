#include "search/noisy_front.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "space/random.h"

namespace edgefront {
namespace {

/// Indices of the front, by its definition.
std::set<std::size_t> front_of(const std::vector<ObjectiveVector>& points) {
  std::set<std::size_t> front;
  for (std::size_t i = 0; i < points.size(); ++i) {
    bool member = true;
    for (const ObjectiveVector& other : points) member = member && !dominates(other, points[i]);
    if (member) front.insert(i);
  }
  return front;
}

ObjectiveVector draw_around(const ObjectiveVector& mean, const std::vector<double>& sigma,
                            RandomStream& random) {
  ObjectiveVector value = mean;
  for (std::size_t m = 0; m < value.size(); ++m) value[m] += sigma[m] * random.normal();
  return value;
}

/// The oracle: membership counted over draws of all true values.
std::vector<double> simulated(const std::vector<NoisyPoint>& points, int draws) {
  std::vector<double> share(points.size(), 0.0);
  RandomStream random(99, 0);
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<ObjectiveVector> values;
    for (const NoisyPoint& point : points) {
      values.push_back(draw_around(point.mean, point.standard_error, random));
    }
    for (const std::size_t i : front_of(values)) share[i] += 1.0 / draws;
  }
  return share;
}

std::vector<NoisyPoint> random_points(int count, int objectives, int noisy, std::uint64_t seed) {
  std::vector<NoisyPoint> points(count);
  RandomStream random(seed, 0);
  for (NoisyPoint& point : points) {
    for (int m = 0; m < objectives; ++m) {
      // Few levels where exact, so that equal costs occur.
      point.mean.push_back(m < noisy ? 4 * random.uniform() : double(random.below(4)));
      // From exact over nearly exact to wide.
      const double sigma[] = {0, 0.01, 0.3, 1};
      point.standard_error.push_back(m < noisy ? sigma[random.below(4)] : 0);
    }
  }
  return points;
}

TEST_CASE("the chance that one point dominates another is that of a simulation") {
  const NoisyPoint a{{1, 2, 3}, {0.5, 0, 0.2}}, b{{1.3, 2, 2.9}, {0.2, 0, 0.4}};
  RandomStream random(1, 0);
  constexpr int kDraws = 200000;
  int count = 0;
  for (int i = 0; i < kDraws; ++i) {
    count += dominates(draw_around(a.mean, a.standard_error, random),
                       draw_around(b.mean, b.standard_error, random));
  }
  CHECK(dominance_probability(a, b) == doctest::Approx(double(count) / kDraws).epsilon(0.02));
  CHECK(dominance_probability({{1, 3}, {1, 0}}, {{9, 2}, {1, 0}}) == 0);
  CHECK(dominance_probability({{1, 2}, {0, 0}}, {{1, 2}, {0, 0}}) == 0);
  CHECK(dominance_probability({{1, 2}, {0, 0}}, {{1, 3}, {0, 0}}) == 1);
}

TEST_CASE("of two points the loser's chance is the textbook's") {
  // Equal cost: P(x < y) = Φ(1 / √2), that is 0.760250 (Φ at 0.7071 by the error function).
  const std::vector<NoisyPoint> points{{{0, 5}, {1, 0}}, {{1, 5}, {1, 0}}};
  const std::vector<double> p = front_probabilities(points, {});
  CHECK(p[0] == doctest::Approx(0.7602499389).epsilon(1e-6));
  CHECK(p[1] == doctest::Approx(1 - 0.7602499389).epsilon(1e-6));
}

TEST_CASE("equal candidates of equal cost share one place of the front") {
  std::vector<NoisyPoint> points(7, {{2.5, 1}, {0.4, 0}});
  for (const double p : front_probabilities(points, {})) {
    CHECK(p == doctest::Approx(1.0 / 7).epsilon(1e-6));
  }
}

TEST_CASE("with one noisy objective the probabilities are those of a simulation") {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const std::vector<NoisyPoint> points = random_points(12, 2 + int(seed % 2), 1, seed);
    const std::vector<double> ours = front_probabilities(points, {});
    const std::vector<double> oracle = simulated(points, 20000);
    for (std::size_t i = 0; i < points.size(); ++i) {
      CHECK(ours[i] == doctest::Approx(oracle[i]).scale(1).epsilon(0.018));  // five sigmas
    }
  }
}

TEST_CASE("with several noisy objectives they are so within the stated error") {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const std::vector<NoisyPoint> points = random_points(10, 3, 2, seed + 50);
    const std::vector<double> ours = front_probabilities(points, {.draws = 4096, .seed = 3});
    const std::vector<double> oracle = simulated(points, 20000);
    for (std::size_t i = 0; i < points.size(); ++i) {
      CHECK(ours[i] == doctest::Approx(oracle[i]).scale(1).epsilon(5 * std::hypot(0.008, 0.0036)));
    }
    CHECK(ours == front_probabilities(points, {.draws = 4096, .seed = 3}));
  }
}

TEST_CASE("without noise the probabilities are the front") {
  const std::vector<NoisyPoint> points = random_points(40, 3, 0, 7);
  std::vector<ObjectiveVector> means;
  for (const NoisyPoint& point : points) means.push_back(point.mean);
  const std::set<std::size_t> front = front_of(means);
  const std::vector<double> ours = front_probabilities(points, {});
  for (std::size_t i = 0; i < points.size(); ++i) CHECK(ours[i] == double(front.contains(i)));
}

TEST_CASE("who is not plausible has no chance") {
  const std::vector<NoisyPoint> points = random_points(60, 2, 1, 8);
  const std::vector<int> plausible = plausible_members(points, 3);
  CHECK(plausible.size() < points.size());
  const std::vector<double> oracle = simulated(points, 3000);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (oracle[i] > 0.01) {
      CHECK(std::find(plausible.begin(), plausible.end(), int(i)) != plausible.end());
    }
  }
}

TEST_CASE("expected changes of the front are those of a simulation, for one and two noisy ones") {
  for (int noisy : {1, 2}) {
    const std::vector<NoisyPoint> points = random_points(14, 3, noisy, 20 + noisy);
    std::vector<ObjectiveVector> means;
    std::vector<std::vector<double>> shift;
    for (const NoisyPoint& point : points) {
      means.push_back(point.mean);
      shift.push_back(point.standard_error);
    }
    const std::vector<double> ours = expected_front_changes(means, shift, {.draws = 4096});
    const std::set<std::size_t> before = front_of(means);
    for (std::size_t i = 0; i < points.size(); ++i) {
      RandomStream random(5, i);
      constexpr int kDraws = 8000;
      double changes = 0;
      for (int draw = 0; draw < kDraws; ++draw) {
        std::vector<ObjectiveVector> moved = means;
        moved[i] = draw_around(means[i], shift[i], random);
        const std::set<std::size_t> after = front_of(moved);
        for (std::size_t j = 0; j < points.size(); ++j) {
          changes += double(before.contains(j) != after.contains(j)) / kDraws;
        }
      }
      CHECK(ours[i] == doctest::Approx(changes).scale(1).epsilon(0.06));
    }
  }
}

TEST_CASE("the mean moves by what the next evaluation adds to it") {
  // Of n evaluations with deviation s, the mean after one more differs by s / √(n (n + 1)).
  RandomStream random(6, 0);
  constexpr int kTrials = 40000;
  double squares = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    double sum = 0;
    for (int k = 0; k < 3; ++k) sum += 2 * random.normal();
    const double before = sum / 3, after = (sum + 2 * random.normal()) / 4;
    squares += (after - before) * (after - before) / kTrials;
  }
  CHECK(shift_of_next(2, 3, 0) == doctest::Approx(std::sqrt(squares)).epsilon(0.02));
  CHECK(shift_of_next(2, 1, 2) == shift_of_next(2, 3, 0));
}

}  // namespace
}  // namespace edgefront
