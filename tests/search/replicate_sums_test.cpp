#include "search/replicate_sums.h"

#include <doctest/doctest.h>

#include <cmath>

#include "space/random.h"

namespace edgefront {
namespace {

TEST_CASE("replicates give mean, violation and the pooled variance of the textbook") {
  PooledNoise pool({0, 0});
  Replicates a, b;
  for (const double value : {10.0, 12.0, 14.0}) pool.add(a, {value, 7}, 0.5, {});
  for (const double value : {101.0, 105.0}) pool.add(b, {value, 8}, 0, {});
  CHECK(a.mean() == ObjectiveVector{12, 7});
  CHECK(b.mean() == ObjectiveVector{103, 8});
  CHECK(a.violation() == 0.5);
  CHECK(pool.degrees_of_freedom() == 3);
  CHECK_FALSE(pool.known(a));  // three are fewer than five
  CHECK(pool.noise(a) == std::vector<double>{0, 0});
  for (const double value : {101.0, 105.0}) pool.add(b, {value, 8}, 0, {});
  // Squares around the means: 4 + 0 + 4 and 4 · 4, over 2 + 3 degrees of freedom.
  CHECK(pool.known(a));
  CHECK(pool.noise(a)[0] == doctest::Approx(std::sqrt(24.0 / 5)));
  CHECK(pool.noise(a)[1] == 0);
  CHECK(pool.standard_error(b)[0] == doctest::Approx(std::sqrt(24.0 / 5) / 2));
}

TEST_CASE("a stated noise weighs as ten degrees of freedom") {
  PooledNoise pool({2});
  Replicates network;
  pool.add(network, {5}, 0, {});
  CHECK(pool.known(network));
  CHECK(pool.noise(network)[0] == doctest::Approx(2));
  pool.add(network, {11}, 0, {});  // 18 around the mean
  CHECK(pool.noise(network)[0] == doctest::Approx(std::sqrt((10 * 4 + 18.0) / 11)));
}

TEST_CASE("standard errors that evaluations state count where they are larger") {
  PooledNoise pool({1});
  Replicates network;
  pool.add(network, {5}, 0, {3});
  CHECK(pool.noise(network)[0] == doctest::Approx(3));
  Replicates quiet;
  pool.add(quiet, {5}, 0, {0.1});
  CHECK(pool.noise(quiet)[0] == doctest::Approx(1));
}

TEST_CASE("pooled noise recovers a planted one") {
  PooledNoise pool({0});
  RandomStream random(4, 4);
  Replicates last;
  for (int network = 0; network < 400; ++network) {
    last = {};
    for (int k = 0; k < 3; ++k) pool.add(last, {1000.0 + network + 0.7 * random.normal()}, 0, {});
  }
  CHECK(pool.noise(last)[0] == doctest::Approx(0.7).epsilon(0.06));
}

}  // namespace
}  // namespace edgefront
