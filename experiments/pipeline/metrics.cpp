#include "experiments/pipeline/metrics.h"

#include <algorithm>

#include "space/error.h"

namespace edgefront {
namespace {

using Cost = const NetworkCost&;

template <auto Field>
std::optional<double> cost(const NetworkCost& network) {
  return static_cast<double>(network.*Field);
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
      {"energy_uj", Unit::kMicrojoules, [](Cost c) { return c.energy_uj; }, nullptr},
      {"peak_memory_bytes", Unit::kBytes, cost<&NetworkCost::peak_memory_bytes>, nullptr},
      {"arena_bytes", Unit::kBytes, cost<&NetworkCost::arena_bytes>, nullptr},
      {"packed_bytes", Unit::kBytes, cost<&NetworkCost::packed_bytes>, nullptr},
      {"weights_bytes", Unit::kBytes, cost<&NetworkCost::weights_bytes>, nullptr},
      {"macs", Unit::kNone, cost<&NetworkCost::macs>, nullptr},
      {"parameters", Unit::kNone, cost<&NetworkCost::parameters>, nullptr},
  };
  return table;
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
