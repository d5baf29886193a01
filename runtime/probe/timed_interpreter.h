// An interpreter as the probe runs it: inputs freshly written, whole or step by step timed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/interpreter.h"
#include "runtime/model.h"
#include "runtime/status.h"

namespace edgefront {

class TimedInterpreter {
 public:
  static Status load(const Model& model, const std::string& kernel_set, int threads,
                     std::uint64_t seed, TimedInterpreter* out);

  /// Fills all inputs from a block of 4 KiB of generated values, so that they are in the state in
  /// which a producer leaves them and the source takes no room in the caches.
  void write_inputs();
  /// write_inputs(), then the time of one invocation in µs.
  double time_invoke();
  /// write_inputs(), then one invocation; (*us)[i] receives the time of step i.
  void time_steps(std::vector<double>* us);
  /// Whether the thread lost its CPU during the last timed invocation.
  bool interrupted() const { return interrupted_; }

  Interpreter& interpreter() { return *interpreter_; }

 private:
  std::unique_ptr<Interpreter> interpreter_;
  std::vector<std::uint8_t> bytes_;  // for int8 inputs
  std::vector<float> floats_;        // for float32 inputs, in [0, 1)
  std::vector<std::uint64_t> ticks_;
  bool interrupted_ = false;
};

/// The kernel that disturbance is judged by: one int8 pointwise convolution, 14x14x96 to 14x14x96,
/// about 10 µs on a core with 512-bit dot products, run by the best kernel set of this CPU.
class ReferenceKernel {
 public:
  Status load();
  /// Time of the fastest of three runs in µs, after an untimed one that brings it back into the
  /// caches.
  double time();

 private:
  TimedInterpreter timed_;
};

}  // namespace edgefront
