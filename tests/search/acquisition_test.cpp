#include "search/acquisition.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "search/hypervolume.h"
#include "space/random.h"

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

TEST_CASE("the most promising of certain candidates are those that add most hypervolume") {
  // Two exact objectives: the expected improvement is the improvement.
  const std::vector<ObjectiveVector> members{{2, 8}, {5, 5}, {9, 1}};
  const ObjectiveVector reference{10, 10};
  AcquisitionModel model;
  model.surrogates = {nullptr, nullptr};
  model.exact_place = {0, 1};
  model.fronts.push_back({{0, 1}, ImprovementFront(members, reference), 1});
  RandomStream random(3, 1);
  std::vector<KnownCandidate> candidates(700);
  std::vector<double> gains;
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    candidates[c].genotype.choices = {static_cast<std::uint8_t>(c / 256),
                                      static_cast<std::uint8_t>(c % 256)};
    candidates[c].costs.values = {12 * random.uniform(), 12 * random.uniform()};
    std::vector<ObjectiveVector> with = members;
    with.push_back(candidates[c].costs.values);
    gains.push_back(hypervolume(with, reference) - hypervolume(members, reference));
  }
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return gains[a] > gains[b]; });
  std::vector<const KnownCandidate*> all;
  std::set<const KnownCandidate*> best;
  for (const KnownCandidate& candidate : candidates) all.push_back(&candidate);
  for (std::size_t k = 0; k < 40; ++k) best.insert(&candidates[order[k]]);
  for (const int threads : {1, 3}) {
    model.threads = threads;
    const auto chosen = most_promising(model, all, 40);
    CHECK(std::set<const KnownCandidate*>(chosen.begin(), chosen.end()) == best);
  }
  CHECK(most_promising(model, {all[0], all[1]}, 40).size() == 2);
  const std::vector<ScoredCandidate> scored = best_candidates(model, all, 3);
  REQUIRE(scored.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(scored[k].candidate == &candidates[order[k]]);
    CHECK(scored[k].improvement == doctest::Approx(gains[order[k]]));
  }
}

}  // namespace
}  // namespace edgefront
