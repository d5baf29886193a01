#include "experiments/pipeline/mann_whitney.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace edgefront;

TEST_CASE("exact p values are those of Hollander & Wolfe's example and of small tables") {
  // Permeability of membranes, Hollander & Wolfe (1973), p. 69: W = 35, one-sided p = 0.1272.
  const std::vector<double> x{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
  const std::vector<double> y{1.15, 0.88, 0.90, 0.74, 1.21};
  const MannWhitney test = mann_whitney(x, y);
  CHECK(test.u == 35);
  CHECK(test.exact);
  CHECK(test.p / 2 == doctest::Approx(0.1272).epsilon(1e-3));
  CHECK(test.effect == doctest::Approx(0.7));
  // Ages at diagnosis, 17 of 20 pairs: p = 14 / 126.
  const std::vector<double> men{19, 22, 16, 29, 24}, women{20, 11, 17, 12};
  CHECK(mann_whitney(men, women).u == 17);
  CHECK(mann_whitney(men, women).p == doctest::Approx(1.0 / 9).epsilon(1e-12));
  // Complete separation of 3 and 4: 2 of 35 orders.
  const std::vector<double> low{1, 2, 3}, high{4, 5, 6, 7};
  CHECK(mann_whitney(low, high).p == doctest::Approx(2.0 / 35).epsilon(1e-12));
  CHECK(mann_whitney(high, low).p == doctest::Approx(2.0 / 35).epsilon(1e-12));
  CHECK(mann_whitney(high, low).effect == 1);
}

TEST_CASE("the critical values of the published table are where p crosses 5 percent") {
  // Two-sided 0.05: largest U that is significant, Mann & Whitney's table as textbooks print it.
  struct Critical {
    int n, m, u;
  };
  for (const Critical c :
       {Critical{5, 5, 2}, {8, 8, 13}, {10, 10, 23}, {12, 7, 18}, {20, 20, 127}}) {
    const auto p_of = [&](int u) {
      // Samples of n and m without ties whose U is u: the first sample's values above `above` of
      // the second's each.
      std::vector<double> first, second;
      for (int j = 0; j < c.m; ++j) second.push_back(j);
      for (int i = 0; i < c.n; ++i) {
        const int above = std::min(c.m, u);
        u -= above;
        first.push_back(above - 0.5 + 0.001 * (i + 1));
      }
      return mann_whitney(first, second).p;
    };
    CAPTURE(c.n);
    CHECK(p_of(c.u) <= 0.05);
    CHECK(p_of(c.u + 1) > 0.05);
  }
}

TEST_CASE("with ties the normal approximation is that of the textbook formula") {
  const std::vector<double> a{1, 2, 2, 3, 5}, b{2, 4, 4, 5, 6, 7};
  const MannWhitney test = mann_whitney(a, b);
  // U by counting pairs: 2>… none but ties (2,2) twice; 3 > 2; 5 > 2, 4, 4 and ties 5.
  CHECK(test.u == 0.5 + 0.5 + 1 + 3 + 0.5);
  CHECK(!test.exact);
  const double ties = (27 - 3) + (8 - 2) + (8 - 2);
  const double sigma = std::sqrt(5 * 6 / 12.0 * (12 - ties / (11 * 10.0)));
  CHECK(test.p == doctest::Approx(std::erfc((15 - 5.5 - 0.5) / sigma / std::sqrt(2.0))));
}

TEST_CASE("the approximation comes near the exact value, and equal samples differ in nothing") {
  std::vector<double> a, b;
  for (int i = 0; i < 40; ++i) {
    a.push_back(i);
    b.push_back(i + 9.5);
  }
  const MannWhitney exact = mann_whitney(a, b);
  CHECK(exact.exact);
  a.push_back(-100);
  b.push_back(-100);  // one tie
  const MannWhitney near = mann_whitney(a, b);
  CHECK(!near.exact);
  CHECK(near.p == doctest::Approx(exact.p).epsilon(0.2));
  const std::vector<double> same(10, 3.0);
  CHECK(mann_whitney(same, same).p == 1);
  CHECK(mann_whitney({}, same).p == 1);
}
