// The one table of what can be an objective or a constraint. A new metric is a field in NetworkCost
// or Accuracy and one row here; nothing in search/ changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "costmodels/cost_model.h"
#include "evaluators/accuracy_evaluator.h"
#include "experiments/units.h"

namespace edgefront {

/// Exactly one of the two getters is set. All metrics are minimised.
struct Metric {
  const char* name;
  Unit unit;
  /// Of a device; nothing where the model does not know it (energy without coefficients).
  std::optional<double> (*of_cost)(const NetworkCost&);
  double (*of_accuracy)(const Accuracy&);
  bool of_device() const { return of_cost != nullptr; }
};

const std::vector<Metric>& metrics();

/// A metric of one device: "latency_us" (the first device's) or "latency_us@board".
struct MetricChoice {
  std::string name;  ///< as written
  const Metric* metric = nullptr;
  int device = 0;
};

/// Throws InputError that lists the accepted metrics, or devices.
MetricChoice find_metric(const std::string& name, const std::vector<std::string>& devices);

}  // namespace edgefront
