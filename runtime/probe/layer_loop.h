// One layer over and over, as its energy is measured: with copies that have weights of their own,
// so that it is no hotter in the caches than inside a network.
#pragma once

#include <vector>

#include "runtime/fuse.h"
#include "runtime/probe/timed_interpreter.h"
#include "runtime/status.h"

namespace edgefront {

class LayerLoop {
 public:
  /// Invalid for a key that check_measurable() refuses.
  Status load(const LayerKey& key);
  /// Runs all copies once; mean time of one layer in µs, inputs written before not counted.
  double time();

 private:
  std::vector<TimedInterpreter> chains_;
  std::vector<double> step_us_;
};

}  // namespace edgefront
