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

}  // namespace

std::vector<DeviceFront> device_fronts(const std::vector<std::string>& objectives,
                                       const std::vector<EvaluationRecord>& records,
                                       const std::vector<DroppedMember>& dropped) {
  std::vector<std::string> devices;
  for (const std::string& name : objectives) {
    const std::string device = device_of(name);
    const bool known = std::find(devices.begin(), devices.end(), device) != devices.end();
    if (of_device(name) && !known) devices.push_back(device);
  }
  std::vector<DeviceFront> fronts;
  if (devices.size() < 2) return fronts;
  for (const std::string& device : devices) {
    std::vector<std::size_t> columns;
    DeviceFront own;
    own.device = device;
    for (std::size_t i = 0; i < objectives.size(); ++i) {
      if (of_device(objectives[i]) && device_of(objectives[i]) != device) continue;
      columns.push_back(i);
      own.objectives.push_back(objectives[i]);
    }
    std::vector<EvaluationRecord> reduced = records;
    for (EvaluationRecord& record : reduced) {
      if (record.objectives.size() != objectives.size()) continue;  // a failed one has none
      std::vector<double> values;
      for (const std::size_t column : columns) values.push_back(record.objectives[column]);
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
