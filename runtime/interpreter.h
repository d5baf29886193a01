// Runs a Model: fused steps, one arena, packed weights. After load() nothing allocates.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/kernels/kernel_set.h"
#include "runtime/memory_plan.h"
#include "runtime/model.h"
#include "runtime/status.h"

namespace edgefront {

struct InterpreterOptions {
  /// Kernel set by name; empty: EDGEFRONT_KERNELS, else the model's stored choice where this CPU
  /// has it, else the best available.
  std::string kernel_set;
  /// Threads that run the network together, at most as many as CPUs that they may run on; results
  /// do not depend on it. More than 1 needs OpenMP.
  int threads = 1;
  bool fuse = true;                     ///< false: one step per layer, for tests and debugging
  BlockPath path = BlockPath::kRule;  ///< of blocks for which the model has no choice
  /// So many first layers run as one chain of bands, to save memory; −1: as many as the model says.
  std::int32_t patch_layers = -1;
};

/// Not thread-safe: one Interpreter per thread; several may share nothing but the Model's file.
/// With options.threads > 1 invoke from the thread that loaded: another one's first invocation
/// makes a team of its own, and that allocates.
class Interpreter {
 public:
  /// Validates the model, plans, packs and allocates. The model may be destroyed afterwards.
  static Status load(const Model& model, const InterpreterOptions& options,
                     std::unique_ptr<Interpreter>* out);
  ~Interpreter();

  /// Raw bytes of the i-th graph input/output (int8 or float by the tensor's precision). Inputs are
  /// overwritten by invoke(): their place in the arena is reused.
  void* input_data(int i = 0);
  std::int64_t input_bytes(int i = 0) const;
  const void* output_data(int i = 0) const;
  std::int64_t output_bytes(int i = 0) const;

  void invoke();
  /// Runs steps [first, last) only; tensors that they read must have been written.
  void invoke_range(int first_step, int last_step);
  /// As invoke(); ticks[i] receives the time-stamp counter difference of step i (see
  /// runtime/probe/clock.h for the unit). `ticks` holds steps().size() values.
  void invoke_timed(std::uint64_t* ticks);

  /// Address of tensor `id` in the arena; null for one that was fused away.
  void* tensor_data(std::int32_t id);

  const std::vector<Step>& steps() const;
  const LayerKey& key(int step) const;
  const char* kernel_name(int step) const;
  const LayerGraph& graph() const;
  const MemoryPlan& plan() const;
  const KernelSet& kernel_set() const;
  /// Empty, or one line that says why the model's stored kernel set was not used.
  const std::string& notice() const;
  /// Bytes that load() really allocated for arena and packed weights (tests compare with the plan).
  std::int64_t allocated_arena_bytes() const;
  std::int64_t allocated_packed_bytes() const;

 private:
  struct Impl;
  explicit Interpreter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The key of a step as this set would run it; used for tables on any machine.
LayerKey key_of(const LayerGraph& graph, const Step& step, const KernelSet& set, int threads);

}  // namespace edgefront
