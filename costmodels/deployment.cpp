#include "costmodels/deployment.h"

#include <algorithm>

#include "costmodels/cost_model.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr double kDayUs = 86400e6;
constexpr double kDaysPerYear = 365;
constexpr double kBytesPerGb = 1e9;

/// A link as the device or the gateway sees it.
struct Link {
  double bandwidth_mbit_s, round_trip_us;
};

double transfer_us(double bytes, const Link& link) {
  return bytes > 0 ? 8 * bytes / link.bandwidth_mbit_s : 0;  // Mbit/s is bit/µs
}

/// One question and its answer over `link`.
double exchange_us(const DeploymentOptions& o, const Link& link) {
  return link.round_trip_us + transfer_us(o.upload_bytes + o.result_bytes, link);
}

bool falls_back(const DeploymentOptions& o) {
  return (o.pattern == DeploymentPattern::kHybrid ||
          o.pattern == DeploymentPattern::kHierarchical) &&
         o.fallback_share > 0;
}

double round_trip_us(const DeploymentOptions& o) {
  if (!falls_back(o)) return 0;
  const double cloud = exchange_us(o, {o.bandwidth_mbit_s, o.round_trip_us}) + o.remote_latency_us;
  if (o.pattern == DeploymentPattern::kHybrid) return o.fallback_share * cloud;
  const double gateway =
      exchange_us(o, {o.gateway_bandwidth_mbit_s, o.gateway_round_trip_us}) + o.gateway_latency_us;
  return o.fallback_share * (gateway + o.escalated_share * cloud);
}

/// Bytes that cross the priced link, per byte that crosses the device's own.
double priced_bytes(const DeploymentOptions& o, const DeploymentTerms& terms) {
  if (o.pattern != DeploymentPattern::kHierarchical) return terms.bandwidth_bytes();
  return terms.model_download_bytes / o.devices_per_gateway +
         o.escalated_share * (terms.data_upload_bytes + terms.result_download_bytes);
}

void require_positive(double value, const char* key, const char* why) {
  if (value > 0) return;
  throw InputError(std::string(key) + ": came 0; accepted is a value above 0, " + why);
}

}  // namespace

std::optional<double> DeploymentTerms::energy_uj() const {
  if (!compute_uj) return std::nullopt;
  return *compute_uj + communication_uj + idle_uj;
}

DeploymentTerms deploy(const DeployedNetwork& network, const DeploymentOptions& o) {
  const bool federated = o.pattern == DeploymentPattern::kFederated;
  const double inferences_per_update = o.inferences_per_day * o.update_period_days;
  const double updates = inferences_per_update > 0 ? 1 / inferences_per_update : 0;
  const double samples = federated ? o.training_factor * o.samples_per_round * updates : 0;
  DeploymentTerms terms;
  terms.inference_us = network.latency_us;
  terms.round_trip_us = round_trip_us(o);

  const double version =
      federated ? o.bytes_per_parameter * network.parameters : network.weights_bytes;
  terms.model_download_bytes = updates * version;
  if (federated) terms.data_upload_bytes = updates * version;
  if (falls_back(o)) {
    terms.data_upload_bytes = o.fallback_share * o.upload_bytes;
    terms.result_download_bytes = o.fallback_share * o.result_bytes;
  }

  const double period_us = kDayUs / o.inferences_per_day;
  const double busy_us = network.latency_us * (1 + samples);
  const double nj_per_bit = o.pattern == DeploymentPattern::kHierarchical
                                ? o.gateway_energy_nj_per_bit
                                : o.energy_nj_per_bit;
  if (network.energy_uj) terms.compute_uj = *network.energy_uj * (1 + samples);
  terms.communication_uj = 8 * terms.bandwidth_bytes() * nj_per_bit * 1e-3;
  terms.idle_uj = o.idle_w * std::max(0.0, period_us - busy_us);  // W·µs = µJ
  terms.busy_share = busy_us / period_us;

  const double lifetime = o.inferences_per_day * o.lifetime_days;
  double price = o.device_price;
  if (o.pattern == DeploymentPattern::kHierarchical) {
    price += o.gateway_price / o.devices_per_gateway;
  }
  terms.device_price = price / lifetime;
  terms.network_price = priced_bytes(o, terms) * o.price_per_gb / kBytesPerGb;
  terms.maintenance_price = o.maintenance_per_year / (kDaysPerYear * o.inferences_per_day);
  return terms;
}

std::optional<double> weighted_objective(const DeploymentTerms& terms, const DeploymentOptions& o) {
  double sum = 0;
  if (o.alpha > 0) sum += o.alpha * terms.latency_us() / o.reference_latency_us;
  if (o.beta > 0) {
    if (!terms.energy_uj()) return std::nullopt;
    sum += o.beta * *terms.energy_uj() / o.reference_energy_uj;
  }
  if (o.gamma > 0) sum += o.gamma * terms.bandwidth_bytes() / o.reference_bandwidth_bytes;
  if (o.delta > 0) sum += o.delta * terms.cost() / o.reference_cost;
  return sum;
}

void add_deployment(const DeploymentOptions& options, NetworkCost& cost) {
  const auto real = [](std::int64_t count) { return static_cast<double>(count); };
  cost.deployment = deploy(
      {cost.latency_us, cost.energy_uj, real(cost.weights_bytes), real(cost.parameters)}, options);
  cost.weighted = weighted_objective(*cost.deployment, options);
}

std::vector<DeploymentLine> deployment_lines(const DeploymentTerms& t) {
  std::vector<DeploymentLine> lines{{"latency", "inference", t.inference_us},
                                    {"latency", "round trip", t.round_trip_us}};
  if (t.compute_uj) lines.push_back({"energy", "compute", *t.compute_uj});
  const DeploymentLine rest[] = {{"energy", "communication", t.communication_uj},
                                 {"energy", "idle", t.idle_uj},
                                 {"bandwidth", "model download", t.model_download_bytes},
                                 {"bandwidth", "data upload", t.data_upload_bytes},
                                 {"bandwidth", "result download", t.result_download_bytes},
                                 {"cost", "device", t.device_price},
                                 {"cost", "network", t.network_price},
                                 {"cost", "maintenance", t.maintenance_price}};
  lines.insert(lines.end(), std::begin(rest), std::end(rest));
  return lines;
}

void check_deployment(const DeploymentOptions& o) {
  require_positive(o.inferences_per_day, "inferences_per_day", "to amortise over");
  require_positive(o.lifetime_days, "lifetime_days", "to amortise over");
  if (!(o.devices_per_gateway >= 1)) {
    throw InputError("devices_per_gateway: accepted is 1 or more");
  }
  if (falls_back(o)) {
    const bool hybrid = o.pattern == DeploymentPattern::kHybrid;
    if (hybrid || o.escalated_share > 0) {
      require_positive(o.bandwidth_mbit_s, "bandwidth_mbit_s", "because inferences fall back");
    }
    if (!hybrid) {
      require_positive(o.gateway_bandwidth_mbit_s, "gateway_bandwidth_mbit_s",
                       "because inferences fall back");
    }
  }
  const char* why = "because it is weighted";
  if (o.alpha > 0) require_positive(o.reference_latency_us, "reference_latency_us", why);
  if (o.beta > 0) require_positive(o.reference_energy_uj, "reference_energy_uj", why);
  if (o.gamma > 0) {
    require_positive(o.reference_bandwidth_bytes, "reference_bandwidth_bytes", why);
  }
  if (o.delta > 0) require_positive(o.reference_cost, "reference_cost", why);
}

}  // namespace edgefront
