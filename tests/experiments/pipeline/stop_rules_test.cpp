#include "experiments/pipeline/stop_rules.h"

#include <doctest/doctest.h>

#include "search/hypervolume.h"
#include "space/genotype.h"

namespace edgefront {
namespace {

Evaluation at(std::int64_t index, double x, double y, double violation = 0) {
  return {.index = index,
          .genotype = {},
          .objectives = {x, y},
          .violation = violation,
          .reason = {}};
}

/// 40 answers that come nearer to the origin, ever more slowly; every fifth one is infeasible.
std::vector<Evaluation> answers() {
  std::vector<Evaluation> out;
  for (int i = 0; i < 40; ++i) {
    const double radius = 1 + 8.0 / (1 + i), x = radius * ((i * 7) % 11) / 10.0;
    out.push_back(at(i, x, radius - x + 0.1, i % 5 == 4 ? 0.5 : 0));
  }
  return out;
}

double volume_of(const std::vector<Evaluation>& all, std::size_t count, std::size_t reference_of) {
  std::vector<ObjectiveVector> points;
  std::vector<double> reference{0, 0};
  for (std::size_t i = 0; i < reference_of; ++i) {
    if (all[i].violation > 0) continue;
    if (i < count) points.push_back(all[i].objectives);
    for (int m : {0, 1}) reference[m] = std::max(reference[m], all[i].objectives[m]);
  }
  for (double& value : reference) value = value == 0 ? 1 : value * 1.1;
  return hypervolume(points, reference);
}

TEST_CASE("the watch has the hypervolume of the feasible answers, and its growth") {
  const std::vector<Evaluation> all = answers();
  FrontWatch watch(2, 10);  // a look after every third answer, over twelve
  CHECK(!watch.hypervolume());
  for (std::size_t told = 1; told <= all.size(); ++told) {
    watch.add(all[told - 1]);
    CHECK(*watch.hypervolume() == doctest::Approx(volume_of(all, told, told)).epsilon(1e-12));
    REQUIRE(watch.growth().has_value() == (told % 3 == 0 && told >= 15));
    if (!watch.growth()) continue;
    const double now = volume_of(all, told, told), then = volume_of(all, told - 12, told);
    CHECK(*watch.growth() == doctest::Approx((now - then) / now).epsilon(1e-12));
  }
}

TEST_CASE("a front that does not grow is a stagnation, one that does is none") {
  SearchChoice search;
  search.stagnation_evaluations = 4;
  FrontWatch growing(2, 4), still(2, 4);
  for (int i = 0; i < 8; ++i) {
    growing.add(at(i, 10 - i, 10 - i));
    still.add(at(i, 1 + (i > 0), 1 + (i > 0)));
  }
  CHECK(!reached_limit(search, growing, 8, 1e9));
  const auto stop = reached_limit(search, still, 8, 0);
  REQUIRE(stop);
  CHECK(stop->after == 8);
  CHECK(stop->cause == "stagnation");
  CHECK(holds(*stop, search));
  search.stagnation_evaluations = 5;
  CHECK(!holds(*stop, search));
  search.stagnation_evaluations = 4;
  search.stagnation_growth /= 2;
  CHECK(!holds(*stop, search));
}

TEST_CASE("a wall clock ends a run, and a longer one takes that back") {
  SearchChoice search;
  const FrontWatch watch(2, 0);
  CHECK(!reached_limit(search, watch, 3, 1e9));
  search.wall_clock_s = 60;
  CHECK(!reached_limit(search, watch, 3, 59.9));
  const auto stop = reached_limit(search, watch, 3, 60);
  REQUIRE(stop);
  CHECK(stop->cause == "wall_clock");
  CHECK(holds(*stop, search));
  search.wall_clock_s = 61;
  CHECK(!holds(*stop, search));
  search.wall_clock_s = 0;
  CHECK(!holds(*stop, search));
}

}  // namespace
}  // namespace edgefront
