#include "search/surrogate.h"

#include <doctest/doctest.h>

#include <cmath>

#include "space/random.h"
#include "tests/search/toy_problem.h"

namespace edgefront {
namespace {

TEST_CASE("a warp is straight below the knee, smooth at it and keeps every order") {
  const Warp warp = warp_of({7, 9, 8, 30, 12});
  CHECK(warp.knee == 9);
  CHECK(warp.scale == 2);
  CHECK(warp(7.5) == 7.5);
  CHECK(warp(9) == 9);
  CHECK((warp(9.001) - 9) / 0.001 == doctest::Approx(1).epsilon(1e-3));
  CHECK(warp(9 + 2 * (std::exp(1.0) - 1)) == doctest::Approx(11));
  double before = warp(0);
  for (double value = 0.5; value < 100; value += 0.5) {
    CHECK(warp(value) > before);
    before = warp(value);
  }
  CHECK(warp_of({3, 3, 3})(4) > 3);  // nothing to scale by
}

/// Sixty toy networks and an answer for each.
struct Observed {
  SearchSpace space = toy::space();
  std::vector<EncodedGenotype> rows;
  Observations observations;
  explicit Observed(bool noise) {
    RandomStream random(9, 0);
    for (int i = 0; i < 60; ++i) {
      const Genotype genotype = sample_uniform(space, random);
      rows.push_back(encode(space, genotype));
      const double error = toy::objectives(space, genotype)[0];
      observations.values.push_back(noise ? random.uniform() : error);
    }
    for (const EncodedGenotype& row : rows) observations.rows.push_back(&row);
  }
};

TEST_CASE("a surrogate beats a normal distribution on a function and not on noise") {
  const Observed function(false), noise(true);
  Surrogate a(kernel_shape(function.space, 0), 10), b(kernel_shape(noise.space, 0), 10);
  a.observe(function.observations);
  b.observe(noise.observations);
  CHECK(a.beats_trivial());
  CHECK_FALSE(b.beats_trivial());
}

TEST_CASE("believing rows leaves the means and takes their uncertainty away") {
  const Observed o(false);
  Surrogate surrogate(kernel_shape(o.space, 0), 10);
  Observations half;
  half.rows.assign(o.observations.rows.begin(), o.observations.rows.begin() + 30);
  half.values.assign(o.observations.values.begin(), o.observations.values.begin() + 30);
  surrogate.observe(half);
  const std::vector<const EncodedGenotype*> rest(o.observations.rows.begin() + 30,
                                                 o.observations.rows.end());
  const auto before = surrogate.predict(rest, 1);
  surrogate.believe(rest);
  const auto after = surrogate.predict(rest, 1);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    CHECK(after[i].mean == doctest::Approx(before[i].mean).epsilon(0.01));
    CHECK(after[i].deviation <= before[i].deviation + 1e-9);
  }
}

TEST_CASE("kept covariances give the bounds that computed ones give") {
  const Observed o(false);
  Surrogate plain(kernel_shape(o.space, 0), 10), kept(kernel_shape(o.space, 0), 10);
  kept.anchor({o.observations.rows.begin() + 7, o.observations.rows.end() - 9});  // not all
  for (const std::size_t told : {20u, 21u, 40u}) {
    Observations some;
    some.rows.assign(o.observations.rows.begin(), o.observations.rows.begin() + told);
    some.values.assign(o.observations.values.begin(), o.observations.values.begin() + told);
    plain.observe(some);
    kept.observe(some);
    const auto a = plain.bounds(o.observations.rows, 1), b = kept.bounds(o.observations.rows, 1);
    for (std::size_t i = 0; i < a.size(); ++i) {
      CHECK(a[i].mean == doctest::Approx(b[i].mean).epsilon(1e-12));
      CHECK(a[i].deviation == doctest::Approx(b[i].deviation).epsilon(1e-9));
    }
  }
}

}  // namespace
}  // namespace edgefront
