#include "costmodels/deployment.h"

#include <doctest/doctest.h>

#include "costmodels/cost_model.h"
#include "space/error.h"

namespace edgefront {
namespace {

using doctest::Approx;

/// 86,400 inferences a day are one a second.
DeploymentOptions once_a_second(DeploymentPattern pattern) {
  DeploymentOptions o;
  o.pattern = pattern;
  o.inferences_per_day = 86400;
  o.update_period_days = 10;  // 864,000 inferences
  o.bandwidth_mbit_s = 8;     // a byte takes 1 µs
  o.round_trip_us = 30000;
  o.energy_nj_per_bit = 100;
  o.price_per_gb = 2;
  o.idle_w = 0.01;
  o.device_price = 86.4;
  o.lifetime_days = 1000;
  o.maintenance_per_year = 3.65;
  return o;
}

constexpr DeployedNetwork kNetwork{5000, 400.0, 86400, 80000};

TEST_CASE("standalone: downloads of versions, idle time and prices, per inference") {
  const DeploymentTerms t = deploy(kNetwork, once_a_second(DeploymentPattern::kStandalone));
  CHECK(t.latency_us() == 5000);
  CHECK(t.round_trip_us == 0);
  CHECK(t.model_download_bytes == Approx(86400.0 / 864000));
  CHECK(t.bandwidth_bytes() == Approx(0.1));
  CHECK(*t.compute_uj == 400);
  CHECK(t.communication_uj == Approx(0.8 * 100e-3));  // 0.8 bits at 0.1 µJ
  CHECK(t.idle_uj == Approx(0.01 * 995000));
  CHECK(*t.energy_uj() == Approx(400 + 0.08 + 9950));
  CHECK(t.device_price == Approx(86.4 / 86.4e6));
  CHECK(t.network_price == Approx(0.1 * 2e-9));
  CHECK(t.maintenance_price == Approx(0.01 / 86400));
  CHECK(t.cost() == Approx(1e-6 + 2e-10 + 0.01 / 86400));
  CHECK(t.busy_share == Approx(0.005));
}

TEST_CASE("hybrid: a share of the inferences goes to the cloud and back") {
  DeploymentOptions o = once_a_second(DeploymentPattern::kHybrid);
  o.fallback_share = 0.25;
  o.upload_bytes = 9000;
  o.result_bytes = 1000;
  o.remote_latency_us = 2000;
  const DeploymentTerms t = deploy(kNetwork, o);
  CHECK(t.round_trip_us == Approx(0.25 * (30000 + 10000 + 2000)));
  CHECK(t.data_upload_bytes == Approx(2250));
  CHECK(t.result_download_bytes == Approx(250));
  CHECK(t.bandwidth_bytes() == Approx(2500.1));
  CHECK(t.communication_uj == Approx(2500.1 * 0.8));
  CHECK(t.network_price == Approx(2500.1 * 2e-9));
}

TEST_CASE("hierarchical: the gateway is near, shares its download, and escalates a part") {
  DeploymentOptions o = once_a_second(DeploymentPattern::kHierarchical);
  o.fallback_share = 0.5;
  o.upload_bytes = 800;
  o.result_bytes = 200;
  o.remote_latency_us = 2000;
  o.gateway_bandwidth_mbit_s = 80;  // a byte takes 0.1 µs
  o.gateway_round_trip_us = 1000;
  o.gateway_energy_nj_per_bit = 10;
  o.gateway_latency_us = 500;
  o.gateway_price = 432;
  o.devices_per_gateway = 50;
  o.escalated_share = 0.1;
  const DeploymentTerms t = deploy(kNetwork, o);
  CHECK(t.round_trip_us == Approx(0.5 * ((1000 + 100 + 500) + 0.1 * (30000 + 1000 + 2000))));
  CHECK(t.communication_uj == Approx(8 * 500.1 * 10e-3));
  CHECK(t.network_price == Approx((0.1 / 50 + 0.1 * 500) * 2e-9));
  CHECK(t.device_price == Approx((86.4 + 432 / 50.0) / 86.4e6));
}

TEST_CASE("federated: float networks go both ways, and training is computed too") {
  DeploymentOptions o = once_a_second(DeploymentPattern::kFederated);
  o.samples_per_round = 8640;  // 0.01 samples an inference, 3 inferences each
  const DeploymentTerms t = deploy(kNetwork, o);
  CHECK(t.model_download_bytes == Approx(4 * 80000.0 / 864000));
  CHECK(t.data_upload_bytes == Approx(4 * 80000.0 / 864000));
  CHECK(t.result_download_bytes == 0);
  CHECK(*t.compute_uj == Approx(400 * 1.03));
  CHECK(t.busy_share == Approx(0.005 * 1.03));
  CHECK(t.latency_us() == 5000);
}

TEST_CASE("a device that lags behind has no idle time, and says so") {
  DeploymentOptions o = once_a_second(DeploymentPattern::kStandalone);
  const DeploymentTerms t = deploy({2e6, {}, 1, 1}, o);
  CHECK(t.idle_uj == 0);
  CHECK(t.busy_share == 2);
  CHECK_FALSE(t.energy_uj().has_value());
}

TEST_CASE("the weighted sum divides each quantity by its reference") {
  DeploymentOptions o = once_a_second(DeploymentPattern::kStandalone);
  o.alpha = 2;
  o.reference_latency_us = 1000;
  o.gamma = 0.5;
  o.reference_bandwidth_bytes = 0.05;
  NetworkCost cost;
  cost.latency_us = 5000;
  cost.weights_bytes = 86400;
  add_deployment(o, cost);
  CHECK(*cost.weighted == Approx(2 * 5 + 0.5 * 2));
  o.beta = 1;
  o.reference_energy_uj = 1;
  add_deployment(o, cost);
  CHECK_FALSE(cost.weighted.has_value());  // energy is weighted and not known
  cost.energy_uj = 400;
  add_deployment(o, cost);
  CHECK(*cost.weighted == Approx(11 + 400 + 0.08 + 9950));
}

TEST_CASE("the lines add up to the four quantities") {
  DeploymentOptions o = once_a_second(DeploymentPattern::kHybrid);
  o.fallback_share = 0.5;
  o.upload_bytes = 100;
  const DeploymentTerms t = deploy(kNetwork, o);
  double latency = 0, energy = 0, bandwidth = 0, cost = 0;
  for (const DeploymentLine& line : deployment_lines(t)) {
    if (line.quantity == "latency") latency += line.value;
    if (line.quantity == "energy") energy += line.value;
    if (line.quantity == "bandwidth") bandwidth += line.value;
    if (line.quantity == "cost") cost += line.value;
  }
  CHECK(latency == Approx(t.latency_us()));
  CHECK(energy == Approx(*t.energy_uj()));
  CHECK(bandwidth == Approx(t.bandwidth_bytes()));
  CHECK(cost == Approx(t.cost()));
}

TEST_CASE("what cannot be computed is refused by the name of its key") {
  DeploymentOptions o = once_a_second(DeploymentPattern::kHybrid);
  check_deployment(o);
  o.fallback_share = 0.1;
  o.bandwidth_mbit_s = 0;
  CHECK_THROWS_WITH_AS(check_deployment(o), doctest::Contains("bandwidth_mbit_s: came 0"),
                       InputError);
  o = once_a_second(DeploymentPattern::kStandalone);
  o.delta = 1;
  CHECK_THROWS_WITH_AS(check_deployment(o), doctest::Contains("reference_cost: came 0"),
                       InputError);
  o = once_a_second(DeploymentPattern::kStandalone);
  o.inferences_per_day = 0;
  CHECK_THROWS_WITH_AS(check_deployment(o), doctest::Contains("inferences_per_day"), InputError);
}

}  // namespace
}  // namespace edgefront
