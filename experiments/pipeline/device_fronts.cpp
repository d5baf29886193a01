#include "experiments/pipeline/device_fronts.h"

#include <algorithm>

#include "experiments/pipeline/front_files.h"
#include "experiments/pipeline/metrics.h"

namespace edgefront {
namespace {

/// Whether a metric of this name belongs to a device.
bool of_device(const std::string& name) {
  const std::string base = name.substr(0, name.find('@'));
  const auto found = std::find_if(metrics().begin(), metrics().end(),
                                  [&](const Metric& metric) { return base == metric.name; });
  return found != metrics().end() && found->of_device();
}

std::string device_of(const std::string& name) {
  const std::size_t at = name.find('@');
  return at == std::string::npos ? "" : name.substr(at + 1);
}

/// In the order in which the objectives name them; empty where they name fewer than two.
std::vector<std::string> devices_of(const std::vector<std::string>& objectives) {
  std::vector<std::string> devices;
  for (const std::string& name : objectives) {
    const std::string device = device_of(name);
    const bool known = std::find(devices.begin(), devices.end(), device) != devices.end();
    if (of_device(name) && !known) devices.push_back(device);
  }
  if (devices.size() < 2) devices.clear();
  return devices;
}

}  // namespace

std::vector<std::vector<int>> front_objectives(const std::vector<std::string>& objectives) {
  std::vector<std::vector<int>> fronts;
  for (const std::string& device : devices_of(objectives)) {
    std::vector<int>& own = fronts.emplace_back();
    for (std::size_t i = 0; i < objectives.size(); ++i) {
      const bool others = of_device(objectives[i]) && device_of(objectives[i]) != device;
      if (!others) own.push_back(static_cast<int>(i));
    }
  }
  return fronts;
}

std::vector<DeviceFront> device_fronts(const std::vector<std::string>& objectives,
                                       const std::vector<EvaluationRecord>& records,
                                       const std::vector<DroppedMember>& dropped) {
  std::vector<DeviceFront> fronts;
  const std::vector<std::string> devices = devices_of(objectives);
  const std::vector<std::vector<int>> columns_of = front_objectives(objectives);
  for (std::size_t d = 0; d < devices.size(); ++d) {
    const std::vector<int>& columns = columns_of[d];
    DeviceFront own;
    own.device = devices[d];
    for (const int i : columns) own.objectives.push_back(objectives[static_cast<std::size_t>(i)]);
    std::vector<EvaluationRecord> reduced = records;
    for (EvaluationRecord& record : reduced) {
      if (record.objectives.size() != objectives.size()) continue;  // a failed one has none
      std::vector<double> values;
      for (const int i : columns) values.push_back(record.objectives[static_cast<std::size_t>(i)]);
      record.objectives = std::move(values);
    }
    const Front front = build_front(own.objectives, reduced, dropped);
    own.reference = front.reference;
    own.hypervolume = front.hypervolume;
    for (const FrontMember& member : front.members) own.members.push_back(member.index);
    fronts.push_back(std::move(own));
  }
  return fronts;
}

}  // namespace edgefront
