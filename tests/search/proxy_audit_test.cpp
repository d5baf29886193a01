#include "search/proxy_audit.h"

#include <doctest/doctest.h>

#include <cmath>

#include "space/random.h"

namespace edgefront {
namespace {

/// Networks whose error is made of size and of something that size does not see.
struct Planted {
  std::vector<double> error, parameters, macs, seeing, blind;
};

Planted planted(int networks, std::uint64_t seed) {
  Planted p;
  RandomStream random(seed, 0);
  for (int i = 0; i < networks; ++i) {
    const double size = random.normal(), quality = random.normal();
    p.error.push_back(20 - size - quality + 0.2 * random.normal());
    p.parameters.push_back(size + 0.3 * random.normal());
    p.macs.push_back(size + 0.5 * random.normal());
    p.seeing.push_back(size + quality + 0.5 * random.normal());  // more is better
    p.blind.push_back(random.normal());
  }
  return p;
}

std::vector<ProxyVerdict> audit(const Planted& p, const ProxyAuditOptions& options = {}) {
  return audit_proxies({{"seeing", p.seeing}, {"blind", p.blind}, {"size again", p.parameters}},
                       {{"parameters", p.parameters}, {"macs", p.macs}}, p.error, options);
}

TEST_CASE("a proxy that sees more than size is kept, one that misleads or repeats it is dropped") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const std::vector<ProxyVerdict> verdicts = audit(planted(120, seed));
    REQUIRE(verdicts.size() == 3);
    CHECK(verdicts[0].kept);
    CHECK(verdicts[0].spearman < -0.8);
    CHECK(verdicts[0].gain > 0.1);
    CHECK(verdicts[0].gain_low > 0);
    CHECK_FALSE(verdicts[1].kept);
    CHECK(std::abs(verdicts[1].spearman) < 0.35);
    CHECK(verdicts[1].gain_high < 0);
    CHECK_FALSE(verdicts[2].kept);
    CHECK(verdicts[2].gain_high <= 0);
  }
}

TEST_CASE("the best tenth is judged by itself") {
  // Right order everywhere but among the ten best, where it is turned around.
  std::vector<double> error, proxy;
  for (int i = 0; i < 100; ++i) {
    error.push_back(i);
    proxy.push_back(i < 10 ? 9 - i : i);
  }
  const auto verdicts = audit_proxies({{"p", proxy}}, {}, error, {});
  CHECK(verdicts[0].spearman > 0.99);
  REQUIRE(verdicts[0].spearman_best_tenth);
  CHECK(*verdicts[0].spearman_best_tenth == doctest::Approx(-1));
  CHECK(*verdicts[0].kendall_best_tenth == doctest::Approx(-1));
  CHECK(verdicts[0].kept);  // there is no baseline to beat
}

TEST_CASE(
    "with few networks nothing is dropped, and with fewer than fifty there is no best tenth") {
  const std::vector<ProxyVerdict> few = audit(planted(19, 1));
  for (const ProxyVerdict& verdict : few) CHECK(verdict.kept);
  const std::vector<ProxyVerdict> some = audit(planted(49, 1));
  CHECK_FALSE(some[1].kept);
  CHECK_FALSE(some[0].spearman_best_tenth);
  CHECK(audit_proxies({{"p", {}}}, {}, {}, {})[0].spearman == 0);
}

TEST_CASE("the interval covers the gain of the population about as often as it says") {
  // ρ of seeing and of parameters by a large sample.
  const double truth = audit(planted(4000, 100), {.resamples = 1})[0].gain;
  int covered = 0;
  constexpr int kTrials = 60;
  for (int trial = 0; trial < kTrials; ++trial) {
    const ProxyVerdict verdict = audit(planted(80, 200 + trial), {.resamples = 100})[0];
    covered += verdict.gain_low <= truth && truth <= verdict.gain_high;
  }
  CHECK(covered >= 45);  // 54 expected
}

TEST_CASE("same values, same verdicts, whatever the order of the proxies") {
  const Planted p = planted(60, 3);
  const auto a = audit(p), b = audit(p);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i].wins == b[i].wins);
  const auto alone = audit_proxies({{"blind", p.blind}},
                                   {{"macs", p.macs}, {"parameters", p.parameters}}, p.error, {});
  CHECK(alone[0].wins == a[1].wins);
}

TEST_CASE("a verdict names the proxy and says by how much it was beaten") {
  ProxyVerdict verdict{.name = "naswot",
                       .spearman = -0.412,
                       .kendall = -0.3,
                       .gain = -0.2,
                       .gain_low = -0.3,
                       .gain_high = -0.1,
                       .kept = false};
  CHECK(verdict_text(verdict, "parameters and MACs") ==
        "naswot: rank correlation -0.41 (Kendall -0.30); 0.20 below parameters and MACs "
        "[-0.30, -0.10]: dropped");
  verdict.spearman_best_tenth = 0.5;
  verdict.kendall_best_tenth = 0.25;
  verdict.gain = 0.1;
  verdict.kept = true;
  CHECK(verdict_text(verdict, "x").find("in the best tenth 0.50 (0.25); 0.10 above x") !=
        std::string::npos);
}

}  // namespace
}  // namespace edgefront
