#include "search/acquisition.h"

#include <doctest/doctest.h>

#include "search/hypervolume.h"

namespace edgefront {
namespace {

/// Error and two devices' costs, all of them known: an expected improvement is the gain itself.
KnownCandidate known(std::uint8_t gene, double error, double cost_a, double cost_b) {
  const std::vector<double> values{error, cost_a, cost_b};
  return {Genotype{{gene}}, {values, values, values, 0}, {}};
}

AcquisitionModel two_fronts(Aim aim) {
  AcquisitionModel model;
  model.surrogates = {nullptr, nullptr, nullptr};
  model.exact_place = {0, 1, 2};
  for (const int cost : {1, 2}) {
    model.fronts.push_back({{0, cost}, ImprovementFront({{0.5, 0.5}}, {1, 1}), 1});
  }
  model.aim = aim;
  return model;
}

double gain(double error, double cost) {
  const ObjectiveVector reference{1, 1};
  return hypervolume({{0.5, 0.5}, {error, cost}}, reference) - hypervolume({{0.5, 0.5}}, reference);
}

TEST_CASE("all fronts: the candidate that gains most in sum; the open front: most on that one") {
  const KnownCandidate both = known(0, 0.4, 0.5, 0.4), one = known(1, 0.4, 0.99, 0.35);
  const std::vector<const KnownCandidate*> candidates{&both, &one};
  const std::vector<ScoredCandidate> sum =
      best_candidates(two_fronts(Aim::kAllFronts), candidates, 2);
  REQUIRE(sum.size() == 2);
  CHECK(sum[0].candidate == &both);
  CHECK(sum[0].improvement == doctest::Approx(gain(0.4, 0.5) + gain(0.4, 0.4)));
  CHECK(sum[1].improvement == doctest::Approx(gain(0.4, 0.99) + gain(0.4, 0.35)));
  const std::vector<ScoredCandidate> open =
      best_candidates(two_fronts(Aim::kOpenFront), candidates, 2);
  CHECK(open[0].candidate == &one);
  CHECK(open[0].improvement == doctest::Approx(0.1 * gain(0.4, 0.99) + gain(0.4, 0.35)));
}

TEST_CASE("one front is aimed at either way") {
  const KnownCandidate a = known(0, 0.4, 0.5, 0), b = known(1, 0.3, 0.6, 0);
  for (const Aim aim : {Aim::kAllFronts, Aim::kOpenFront}) {
    AcquisitionModel model = two_fronts(aim);
    model.fronts.pop_back();
    const std::vector<ScoredCandidate> best = best_candidates(model, {&a, &b}, 1);
    REQUIRE(best.size() == 1);
    CHECK(best[0].candidate == &b);
    CHECK(best[0].improvement == doctest::Approx(gain(0.3, 0.6)));
  }
}

}  // namespace
}  // namespace edgefront
