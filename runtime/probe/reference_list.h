// The work that heat, clocks and power are compared by: the common layers of MobileNetV2 and V3 in
// int8 (compare.h), as they run in networks.
#pragma once

#include <string>
#include <vector>

#include "runtime/probe/timed_interpreter.h"
#include "runtime/status.h"

namespace edgefront {

class ReferenceList {
 public:
  /// With the kernels of a set of this CPU (empty: the best) and `threads` per layer.
  Status load(const std::string& kernel_set, int threads);
  /// Runs all layers once; the time of all of them in µs.
  double time();
  /// Whether the thread lost its CPU during the last run.
  bool interrupted() const { return interrupted_; }
  const std::string& kernel_set() const { return kernel_set_; }

 private:
  std::string kernel_set_;
  std::vector<TimedInterpreter> chains_;
  bool interrupted_ = false;
};

}  // namespace edgefront
