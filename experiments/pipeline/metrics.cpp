#include "experiments/pipeline/metrics.h"

#include <algorithm>

#include "space/error.h"

namespace edgefront {
namespace {

using Cost = const NetworkCost&;

constexpr const char* kNoNetworks = "its profile holds no whole networks of this setting";
constexpr const char* kNoHeat =
    "its profile lacks thermal constants, or whole networks: edgefront-probe --soak, then "
    "edgefront profile --trace";
constexpr const char* kNoDeployment = "the experiment has no [deployment] table";
constexpr const char* kNoDeploymentOrEnergy =
    "the experiment has no [deployment] table, or the device no sensor and no energy coefficients";

template <auto Field>
std::optional<double> cost(const NetworkCost& network) {
  return static_cast<double>(network.*Field);
}

/// A number of the deployment; nothing without a [deployment] table.
template <auto Get>
std::optional<double> deployed(const NetworkCost& network) {
  if (!network.deployment) return std::nullopt;
  return (*network.deployment.*Get)();
}

std::optional<double> macs_per_s(const NetworkCost& network) {
  if (!(network.latency_us > 0)) return std::nullopt;
  return static_cast<double>(network.macs) / network.latency_us * 1e6;
}

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> table{
      {"error", Unit::kPercent, nullptr, [](const Accuracy& a) { return a.error_percent; }},
      {"latency_us", Unit::kMicroseconds, cost<&NetworkCost::latency_us>, nullptr},
      {"latency_low_us", Unit::kMicroseconds, cost<&NetworkCost::latency_low_us>, nullptr},
      {"latency_high_us", Unit::kMicroseconds, cost<&NetworkCost::latency_high_us>, nullptr},
      {"latency_p95_us", Unit::kMicroseconds, [](Cost c) { return c.latency_p95_us; }, nullptr,
       Sense::kMinimised, kNoNetworks},
      {"latency_sustained_us", Unit::kMicroseconds, [](Cost c) { return c.latency_sustained_us; },
       nullptr, Sense::kMinimised, kNoHeat},
      {"power_w", Unit::kNone, [](Cost c) { return c.power_w; }, nullptr},
      {"energy_uj", Unit::kMicrojoules, [](Cost c) { return c.energy_uj; }, nullptr},
      {"peak_memory_bytes", Unit::kBytes, cost<&NetworkCost::peak_memory_bytes>, nullptr},
      {"arena_bytes", Unit::kBytes, cost<&NetworkCost::arena_bytes>, nullptr},
      {"packed_bytes", Unit::kBytes, cost<&NetworkCost::packed_bytes>, nullptr},
      {"weights_bytes", Unit::kBytes, cost<&NetworkCost::weights_bytes>, nullptr},
      {"macs", Unit::kNone, cost<&NetworkCost::macs>, nullptr},
      {"parameters", Unit::kNone, cost<&NetworkCost::parameters>, nullptr},
      {"analytic_share", Unit::kNone, cost<&NetworkCost::analytic_share>, nullptr},
      {"macs_per_s", Unit::kNone, macs_per_s, nullptr, Sense::kMaximised},
      {"deployed_latency_us", Unit::kMicroseconds, deployed<&DeploymentTerms::latency_us>, nullptr,
       Sense::kMinimised, kNoDeployment},
      {"deployed_energy_uj", Unit::kMicrojoules, deployed<&DeploymentTerms::energy_uj>, nullptr,
       Sense::kMinimised, kNoDeploymentOrEnergy},
      {"bandwidth_bytes", Unit::kBytes, deployed<&DeploymentTerms::bandwidth_bytes>, nullptr,
       Sense::kMinimised, kNoDeployment},
      {"cost", Unit::kNone, deployed<&DeploymentTerms::cost>, nullptr, Sense::kMinimised,
       kNoDeployment},
      {"weighted", Unit::kNone, [](Cost c) { return c.weighted; }, nullptr, Sense::kMinimised,
       kNoDeploymentOrEnergy},
  };
  return table;
}

double as_objective(const Metric& metric, double value) {
  return metric.sense == Sense::kMinimised ? value : 1e12 / value;
}

double relative_excess(const Metric& metric, double value, double limit) {
  const double over = metric.sense == Sense::kMinimised ? value - limit : limit - value;
  return std::max(0.0, over / limit);
}

MetricChoice find_metric(const std::string& name, const std::vector<std::string>& devices) {
  const std::size_t at = name.find('@');
  const std::string base = name.substr(0, at);
  const auto metric = std::find_if(metrics().begin(), metrics().end(),
                                   [&](const Metric& m) { return base == m.name; });
  if (metric == metrics().end()) {
    std::vector<std::string> names;
    for (const Metric& m : metrics()) names.push_back(m.name);
    throw InputError("came \"" + name + "\"; accepted: " + joined(names) +
                     ", those of a device also as NAME@DEVICE");
  }
  MetricChoice choice{name, &*metric, 0};
  if (at == std::string::npos) return choice;
  const std::string device = name.substr(at + 1);
  const auto found = std::find(devices.begin(), devices.end(), device);
  if (!metric->of_device() || found == devices.end()) {
    throw InputError(
        "came \"" + name + "\"; " +
        (metric->of_device() ? "devices are: " + joined(devices) : base + " is of no device"));
  }
  choice.device = static_cast<int>(found - devices.begin());
  return choice;
}

}  // namespace edgefront
