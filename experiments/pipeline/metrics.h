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

enum class Sense { kMinimised, kMaximised };

/// Exactly one of the two getters is set.
struct Metric {
  const char* name;
  Unit unit;
  /// Of a device; nothing where the model does not know it (energy without coefficients).
  std::optional<double> (*of_cost)(const NetworkCost&);
  double (*of_accuracy)(const Accuracy&);
  /// Of a maximised metric a constraint is a lower limit.
  Sense sense = Sense::kMinimised;
  /// Why of_cost knows nothing, for messages.
  const char* needs = "no sensor, and no coefficients in its description";
  bool of_device() const { return of_cost != nullptr; }
};

/// As it stands among a run's objectives, which are minimised and positive: the value itself, or
/// 1e12/value of a maximised metric (of macs_per_s: picoseconds per multiply-accumulate).
double as_objective(const Metric& metric, double value);

/// By how much `value` misses `limit`, as a share of it; 0 within it.
double relative_excess(const Metric& metric, double value, double limit);

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
