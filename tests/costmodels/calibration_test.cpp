#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "costmodels/cost_model.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"
#include "space/random.h"
#include "tests/costmodels/space_profile.h"

namespace edgefront {
namespace {

using Values = std::vector<double>;

/// The same fit by the normal equations, and by really leaving each point out.
struct Line {
  double slope, intercept;
};
Line fit_by_hand(const Values& x, const Values& y, std::size_t without) {
  double sw = 0, sx = 0, sxx = 0, sy = 0, sxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i == without) continue;
    const double w = 1 / (y[i] * y[i]);
    sw += w, sx += w * x[i], sxx += w * x[i] * x[i], sy += w * y[i], sxy += w * x[i] * y[i];
  }
  const double slope = (sw * sxy - sx * sy) / (sw * sxx - sx * sx);
  return {slope, (sy - slope * sx) / sw};
}

struct Points {
  Values sums, measured;
};
Points noisy_points(std::size_t n, std::uint64_t stream) {
  RandomStream random(17, stream);
  Points points;
  for (std::size_t i = 0; i < n; ++i) {
    const double sum = 10 * std::pow(100.0, random.uniform());  // two decades
    points.sums.push_back(sum);
    points.measured.push_back((1.07 * sum + 3) * (1 + 0.02 * random.normal()));
  }
  return points;
}

TEST_CASE("points on a line give the line and no width") {
  Values sums, measured;
  for (int i = 1; i <= 12; ++i) {
    sums.push_back(i * i);
    measured.push_back(1.25 * i * i + 2);
  }
  const AffineFit fit = fit_affine(sums, measured);
  CHECK(fit.slope == doctest::Approx(1.25).epsilon(1e-9));
  CHECK(fit.intercept_us == doctest::Approx(2).epsilon(1e-9));
  CHECK(fit.relative_half_width_90 < 1e-9);
}

TEST_CASE("the fit weighs relative errors, and its width is the leave-one-out quantile") {
  for (const std::size_t n : {9u, 20u, 50u}) {
    const Points p = noisy_points(n, n);
    const AffineFit fit = fit_affine(p.sums, p.measured);
    const Line line = fit_by_hand(p.sums, p.measured, n);
    CHECK(fit.slope == doctest::Approx(line.slope).epsilon(1e-9));
    CHECK(fit.intercept_us == doctest::Approx(line.intercept).epsilon(1e-7));
    Values residuals;
    for (std::size_t i = 0; i < n; ++i) {
      const Line other = fit_by_hand(p.sums, p.measured, i);
      const double predicted = other.slope * p.sums[i] + other.intercept;
      residuals.push_back(std::abs(p.measured[i] - predicted) / predicted);
    }
    std::sort(residuals.begin(), residuals.end());
    const std::size_t rank = n == 9 ? 9 : n == 20 ? 19 : 46;  // ⌈0.9·(n + 1)⌉
    CHECK(fit.relative_half_width_90 == doctest::Approx(residuals[rank - 1]).epsilon(1e-7));
  }
}

TEST_CASE("about 90 % of fresh networks lie in the interval") {
  int covered = 0, all = 0;
  for (std::uint64_t run = 0; run < 200; ++run) {
    const Points p = noisy_points(30, 1000 + run), fresh = noisy_points(20, 5000 + run);
    const AffineFit fit = fit_affine(p.sums, p.measured);
    for (std::size_t i = 0; i < fresh.sums.size(); ++i, ++all) {
      const double predicted = fit.slope * fresh.sums[i] + fit.intercept_us;
      covered += std::abs(fresh.measured[i] - predicted) <= fit.relative_half_width_90 * predicted;
    }
  }
  const double share = static_cast<double>(covered) / all;
  CHECK(share > 0.88);
  CHECK(share < 0.94);
}

TEST_CASE("eight points give an interval no narrower than their largest residual") {
  const Points p = noisy_points(8, 3);
  const AffineFit fit = fit_affine(p.sums, p.measured);
  double largest = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const Line other = fit_by_hand(p.sums, p.measured, i);
    const double predicted = other.slope * p.sums[i] + other.intercept;
    largest = std::max(largest, std::abs(p.measured[i] - predicted) / predicted);
  }
  CHECK(fit.relative_half_width_90 >= largest * (1 - 1e-9));
}

TEST_CASE("what no line fits is refused with the cause") {
  const Values eight{1, 2, 3, 4, 5, 6, 7, 8}, seven{1, 2, 3, 4, 5, 6, 7};
  const Values constant(8, 5.0), falling{8, 7, 6, 5, 4, 3, 2, 1};
  Values zero = eight;
  zero[3] = 0;
  CHECK_THROWS_WITH_AS(fit_affine(seven, seven), doctest::Contains("at least 8"), InputError);
  CHECK_THROWS_WITH_AS(fit_affine(constant, eight), doctest::Contains("same predicted sum"),
                       InputError);
  CHECK_THROWS_WITH_AS(fit_affine(eight, falling), doctest::Contains("does not grow"), InputError);
  CHECK_THROWS_WITH_AS(fit_affine(eight, zero), doctest::Contains("network 3"), InputError);
}

TEST_CASE("a term of weights is taken where left-out networks gain a tenth by it") {
  RandomStream random(19, 0);
  Values sums, measured, plain, weights;
  for (int i = 0; i < 50; ++i) {
    sums.push_back(100 + 900 * random.uniform());
    weights.push_back(10 + 20 * random.uniform());
    const double noise = 1 + 0.01 * random.normal();
    measured.push_back((1.1 * (sums.back() + 5 * weights.back()) - 30) * noise);
    plain.push_back((1.1 * sums.back() - 30) * noise);
  }
  const AffineFit with = fit_affine(sums, measured, weights), line = fit_affine(sums, measured);
  CHECK(with.slope == doctest::Approx(1.1).epsilon(0.01));
  CHECK(with.us_per_weight_mib == doctest::Approx(5).epsilon(0.1));
  CHECK(with.intercept_us == doctest::Approx(-30).epsilon(0.3));
  CHECK(with.relative_half_width_90 < 0.5 * line.relative_half_width_90);
  CHECK(line.us_per_weight_mib == 0);
  const AffineFit none = fit_affine(sums, plain, weights);
  CHECK(none.us_per_weight_mib == 0);
  CHECK(none.slope == fit_affine(sums, plain).slope);
}

TEST_CASE("what a MiB of weights adds is found from the networks of a space, and added again") {
  const SearchSpace space =
      load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/fashion_small.toml");
  const KernelSet& set = find_kernel_set("reference");
  auto profile =
      std::make_shared<DeviceProfile>(profile_of_space(space, Precision::kFloat32, set, 1, 5));
  const auto cost_of = [&](const Genotype& g) {
    CostModelOptions options;
    options.precision = Precision::kFloat32;
    options.space_digest = space.digest;
    options.kernel_set = "reference";
    return make_table_cost_model(profile, options)->estimate(lower(decode(space, g)));
  };
  const std::vector<Genotype> networks = draw_networks(space, 30, 1, {});
  for (const Genotype& g : networks) {
    const NetworkCost plain = cost_of(g);  // nothing is calibrated yet
    const double mib = static_cast<double>(plain.packed_bytes) / (1 << 20);
    profile->networks.push_back({to_text(space, g), space.digest, Precision::kFloat32, 1,
                                 "reference", plain.latency_us,
                                 example_statistics(1.25 * (plain.latency_us + 400 * mib) + 3)});
  }
  calibrate(*profile, &space);
  const auto calibration = [&] {
    return profile->calibration(space.digest, Precision::kFloat32, 1, "reference");
  };
  REQUIRE(calibration() != nullptr);
  CHECK(calibration()->terms.at("us_per_weight_mib") == doctest::Approx(400).epsilon(1e-6));
  for (std::size_t i = 0; i < networks.size(); ++i) {
    CHECK(cost_of(networks[i]).latency_us ==
          doctest::Approx(profile->networks[i].statistics.latency_us).epsilon(1e-9));
  }
  calibrate(*profile);  // without the space nobody knows how many weights its networks have
  CHECK(calibration()->terms.count("us_per_weight_mib") == 0);
}

TEST_CASE("calibrate fits each setting with eight networks, once") {
  DeviceProfile profile = example_profile();
  profile.networks.clear();
  const auto add = [&](const std::string& space, Precision precision, int networks, double slope) {
    for (int i = 1; i <= networks; ++i) {
      NetworkEntry n;
      n.space_digest = space;
      n.precision = precision;
      n.kernel_set = "reference";
      n.predicted_sum_us = 10 * i;
      n.statistics = example_statistics(slope * 10 * i + 1);
      profile.networks.push_back(n);
    }
  };
  add("aa", Precision::kInt8, 8, 1.5);
  add("aa", Precision::kFloat32, 9, 1.25);
  add("bb", Precision::kInt8, 7, 1.125);  // one too few
  const std::size_t before = profile.calibrations.size();
  calibrate(profile);
  calibrate(profile);
  CHECK(profile.calibrations.size() == before + 2);
  const Calibration* c = profile.calibration("aa", Precision::kInt8, 1, "reference");
  REQUIRE(c != nullptr);
  CHECK(c->slope == doctest::Approx(1.5));
  CHECK(c->intercept_us == doctest::Approx(1));
  CHECK(c->networks == 8);
  REQUIRE(profile.calibration("aa", Precision::kFloat32, 1, "reference") != nullptr);
  CHECK(profile.calibration("bb", Precision::kInt8, 1, "reference") == nullptr);
}

TEST_CASE("intervals are wider where the passes of the networks drifted") {
  DeviceProfile profile = example_profile();
  profile.networks.clear();
  const auto width_with = [&](double spread) {
    profile.networks.clear();
    for (int i = 1; i <= 20; ++i) {
      const double residual = i % 2 == 0 ? 1.01 : 0.99;
      profile.networks.push_back({"", "cc", Precision::kInt8, 1, "reference", 10.0 * i,
                                  example_statistics(15.0 * i * residual)});
      profile.networks.back().pass_spread = i == 1 ? 0.5 : spread;  // the median counts
    }
    calibrate(profile);
    return profile.calibration("cc", Precision::kInt8, 1, "reference")->relative_half_width_90;
  };
  const double steady = width_with(0), drifting = width_with(0.02);
  CHECK(steady == doctest::Approx(0.011).epsilon(0.2));
  CHECK(drifting == doctest::Approx(std::hypot(steady, 1.645 * 0.02)));
}

TEST_CASE("a setting whose times do not grow loses its calibration") {
  DeviceProfile profile = example_profile();
  const std::string space = profile.calibrations[0].space_digest;
  profile.networks.clear();
  for (int i = 1; i <= 8; ++i) {
    profile.networks.push_back(
        {"", space, Precision::kInt8, 1, "reference", 10.0 * i, example_statistics(100 - i)});
  }
  calibrate(profile);
  CHECK(profile.calibration(space, Precision::kInt8, 1, "reference") == nullptr);
}

TEST_CASE("a validation summary counts errors relative to the measurement") {
  const std::vector<PredictionRow> rows{{100, 90, 110, 100},    // exact
                                        {96, 86, 106, 100},     // 4 %
                                        {208, 190, 220, 200},   // 4 %
                                        {360, 350, 370, 400},   // 10 %, outside
                                        {600, 500, 700, 500}};  // 20 %, on the border
  const ValidationSummary s = summarize_validation(rows);
  CHECK(s.networks == 5);
  CHECK(s.mape_percent == doctest::Approx((0 + 4 + 4 + 10 + 20) / 5.0));
  CHECK(s.within_5_percent == doctest::Approx(60));
  CHECK(s.within_10_percent == doctest::Approx(80));
  CHECK(s.coverage_90_percent == doctest::Approx(80));
  // Measured 100, 100 tie (ranks 1.5); predicted ranks 2, 1, 3, 4, 5: 9.5/√(9.5·10).
  CHECK(s.spearman == doctest::Approx(9.5 / std::sqrt(95.0)));
  CHECK_THROWS_AS(summarize_validation({}), InputError);
  CHECK_THROWS_AS(summarize_validation(std::vector<PredictionRow>{{1, 1, 1, 0}}), InputError);
}

}  // namespace
}  // namespace edgefront
