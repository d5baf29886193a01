#include "runtime/interpreter.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "runtime/banded_step.h"
#include "runtime/execution_steps.h"
#include "runtime/prepared_slice.h"
#include "runtime/prepared_step.h"
#include "runtime/step_slices.h"
#include "runtime/team.h"
#include "runtime/ticks.h"

namespace edgefront {
namespace {

struct Freer {
  void operator()(void* p) const { std::free(p); }
};
using AlignedBytes = std::unique_ptr<char, Freer>;

Status allocate(std::int64_t bytes, const char* what, AlignedBytes* out) {
  void* memory = nullptr;
  if (bytes > 0 && ::posix_memalign(&memory, 64, static_cast<std::size_t>(bytes)) != 0) {
    return Status::environment("not enough memory for " + std::to_string(bytes) + " bytes of " +
                               what);
  }
  out->reset(static_cast<char*>(memory));
  return {};
}

/// By falling rank: option, environment, the model's choice, the best of this CPU. `notice` says
/// why the model's choice was passed over.
Status choose_set(const Model& model, const InterpreterOptions& options, const KernelSet** set,
                  std::string* notice) {
  std::string name = options.kernel_set;
  std::string reason = "asked for by name";
  if (name.empty()) {
    name = forced_kernel_set();
    reason = "forced by EDGEFRONT_KERNELS";
  }
  if (!name.empty()) {
    if (Status s = choose_kernel_set(name, set); !s.ok()) return s;
  } else if (model.kernel_set.empty() || !choose_kernel_set(model.kernel_set, set).ok()) {
    reason = "the best of this CPU, which cannot run the other";
    if (Status s = choose_kernel_set("", set); !s.ok()) return s;
  }
  if (!model.kernel_set.empty() && model.kernel_set != (*set)->name) {
    *notice = "kernel set '" + std::string((*set)->name) + "' (" + reason +
              ") runs in place of the model's '" + model.kernel_set + "'";
  }
  return {};
}

const char* kernel_name_of(const LayerGraph& graph, const Step& step, const KernelSet& set) {
  if (is_banded_bottleneck(graph, step)) return "inverted_bottleneck";
  if (step.banded()) return "patch_wise";
  const Layer& layer = graph.layers[step.layer];
  if (!has_weights(layer.op)) return op_name(layer.op);
  const ConvGeometry geometry = geometry_of(graph, layer);
  return layer.precision == Precision::kInt8 ? kernel_s8(set, layer.op, geometry).name
                                             : kernel_f32(set, layer.op, geometry).name;
}

}  // namespace

struct Interpreter::Impl {
  LayerGraph graph;
  std::vector<Step> steps;
  MemoryPlan plan;
  const KernelSet* set = nullptr;
  std::string notice;
  std::vector<LayerKey> keys;
  std::vector<const char*> kernel_names;
  AlignedBytes arena, packed;
  std::int64_t arena_bytes = 0, packed_bytes = 0;
  int threads = 1;
  std::vector<PreparedStep> prepared;  ///< `threads` slices of each step; `run` is null: none
  std::vector<char> cut;               ///< per step: whether more than the first slice runs
  std::vector<std::unique_ptr<BandedStep>> banded;
  Barrier barrier;

  Status allocate_all();
  void prepare_all(const Model& model);
  void prepare_bands(const Model& model, std::size_t step, const StepMemory& memory);
  void run_steps(int first, int last, std::uint64_t* ticks);
  void walk(int first, int last, std::uint64_t* ticks, int member, int members);
};

Status Interpreter::Impl::allocate_all() {
  arena_bytes = plan.arena_bytes;
  for (const Step& step : steps) {
    packed_bytes += step_packed_bytes(graph, step, *set, step_slices(graph, step, threads)).total();
  }
  if (Status s = allocate(arena_bytes, "activations", &arena); !s.ok()) return s;
  if (Status s = allocate(packed_bytes, "packed weights", &packed); !s.ok()) return s;
  // An invocation without written inputs is repeatable too, and the pages are there before timing.
  std::memset(arena.get(), 0, static_cast<std::size_t>(arena_bytes));
  return {};
}

void Interpreter::Impl::prepare_bands(const Model& model, std::size_t step,
                                      const StepMemory& memory) {
  char* rows = arena.get() + plan.rows_offset[step];
  const auto whole = prepare_banded_step(model, steps[step], *set, memory, rows);
  const std::int64_t scratch = slice_scratch_bytes(graph, steps[step], *set, memory.slices);
  for (int slice = 0; slice < threads; ++slice) {
    prepared.push_back({});
    if (slice >= memory.slices) continue;
    banded.push_back(banded_slice(*whole, scratch, slice, memory.slices));
    prepared.back() = as_prepared(banded.back().get());
  }
}

void Interpreter::Impl::prepare_all(const Model& model) {
  StepMemory memory{arena.get(), &plan, packed.get()};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    memory.slices = step_slices(graph, step, threads);
    if (step.banded()) {
      prepare_bands(model, i, memory);
    } else {
      const PreparedStep whole = prepare_step(model, step, *set, memory);
      for (int slice = 0; slice < threads; ++slice) {
        prepared.push_back(slice_of(whole, graph, step, *set, slice, memory.slices));
      }
    }
    cut.push_back(memory.slices > 1);
    memory.packed += step_packed_bytes(graph, step, *set, memory.slices).total();
    keys.push_back(key_of(graph, step, *set, threads));
    kernel_names.push_back(kernel_name_of(graph, step, *set));
  }
}

// Steps that are not cut are run by member 0, one after the other; around the others all members
// meet. One stamp between two steps, so that a step's time includes one reading of the clock.
void Interpreter::Impl::walk(int first, int last, std::uint64_t* ticks, int member, int members) {
  std::uint64_t before = ticks != nullptr && member == 0 ? ticks_now() : 0;
  for (int i = first; i < last; ++i) {
    const PreparedStep* slices = &prepared[static_cast<std::size_t>(i) * threads];
    for (int s = member; s < threads; s += members) {
      if (slices[s].run != nullptr) slices[s].run(slices[s]);
    }
    if (cut[i] || (i + 1 < last && cut[i + 1])) barrier.wait(members);
    if (ticks == nullptr || member != 0) continue;
    const std::uint64_t now = ticks_now();
    *ticks++ = now - before;
    before = now;
  }
}

void Interpreter::Impl::run_steps(int first, int last, std::uint64_t* ticks) {
  // Networks too small to be cut do not wake the others.
  if (std::none_of(cut.begin() + first, cut.begin() + last, [](char c) { return c != 0; })) {
    return walk(first, last, ticks, 0, 1);
  }
  struct Walk {
    Impl* impl;
    int first, last;
    std::uint64_t* ticks;
  } context{this, first, last, ticks};
  const TeamWork work = [](void* c, int member, int members) {
    const Walk& w = *static_cast<Walk*>(c);
    w.impl->walk(w.first, w.last, w.ticks, member, members);
  };
  run_team(threads, work, &context);
}

Status Interpreter::load(const Model& model, const InterpreterOptions& options,
                         std::unique_ptr<Interpreter>* out) {
  if (Status s = check_team(options.threads); !s.ok()) return s;
  if (Status s = validate(model); !s.ok()) return s;
  auto impl = std::make_unique<Impl>();
  if (Status s = choose_set(model, options, &impl->set, &impl->notice); !s.ok()) return s;
  impl->graph = model.graph;
  impl->threads = options.threads;
  StepOptions step_options{options.fuse, options.path, {}, model.patch_layers};
  if (options.patch_layers >= 0) step_options.patch_layers = options.patch_layers;
  if (Status s = check_patch_layers(model.graph, step_options.patch_layers); !s.ok()) return s;
  const bool its_own = model.kernel_set.empty() || model.kernel_set == impl->set->name;
  if (its_own) step_options.choices = model.block_choices;
  if (!its_own && !model.block_choices.empty()) {
    impl->notice += "; its fixed rule says which blocks run in bands";
  }
  impl->steps = execution_steps(model.graph, *impl->set, step_options);
  impl->plan = plan_memory(impl->graph, impl->steps, *impl->set, options.threads);
  if (Status s = impl->allocate_all(); !s.ok()) return s;
  impl->prepare_all(model);
  out->reset(new Interpreter(std::move(impl)));
  return {};
}

Interpreter::Interpreter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Interpreter::~Interpreter() = default;

void* Interpreter::input_data(int i) { return tensor_data(impl_->graph.inputs[i]); }
std::int64_t Interpreter::input_bytes(int i) const {
  return impl_->graph.tensors[impl_->graph.inputs[i]].bytes();
}
const void* Interpreter::output_data(int i) const {
  return impl_->arena.get() + impl_->plan.tensor_offset[impl_->graph.outputs[i]];
}
std::int64_t Interpreter::output_bytes(int i) const {
  return impl_->graph.tensors[impl_->graph.outputs[i]].bytes();
}

void Interpreter::invoke() { impl_->run_steps(0, static_cast<int>(steps().size()), nullptr); }

void Interpreter::invoke_range(int first_step, int last_step) {
  impl_->run_steps(first_step, last_step, nullptr);
}

void Interpreter::invoke_timed(std::uint64_t* ticks) {
  impl_->run_steps(0, static_cast<int>(steps().size()), ticks);
}

void* Interpreter::tensor_data(std::int32_t id) {
  const std::int64_t offset = impl_->plan.tensor_offset[id];
  return offset < 0 ? nullptr : impl_->arena.get() + offset;
}

const std::vector<Step>& Interpreter::steps() const { return impl_->steps; }
const LayerKey& Interpreter::key(int step) const { return impl_->keys[step]; }
const char* Interpreter::kernel_name(int step) const { return impl_->kernel_names[step]; }
const LayerGraph& Interpreter::graph() const { return impl_->graph; }
const MemoryPlan& Interpreter::plan() const { return impl_->plan; }
const KernelSet& Interpreter::kernel_set() const { return *impl_->set; }
const std::string& Interpreter::notice() const { return impl_->notice; }
std::int64_t Interpreter::allocated_arena_bytes() const { return impl_->arena_bytes; }
std::int64_t Interpreter::allocated_packed_bytes() const { return impl_->packed_bytes; }

namespace {

/// The fields in which a bottleneck's key differs from that of its first layer.
void describe_bottleneck(const LayerGraph& graph, const Step& step, const KernelSet& set,
                         LayerKey* key) {
  const Step& project = step.parts.back();
  const Step& depthwise = step.parts[step.parts.size() - 2];
  const Layer& layer = graph.layers[depthwise.layer];
  key->bottleneck = true;
  key->op = OpKind::kConv2d;
  key->kernel_size = layer.kernel_size;
  key->stride = layer.stride;
  if (step.parts.size() == 3) {
    key->expanded = graph.tensors[step.parts[0].output].shape.channels;
    key->expand_activation = step.parts[0].activation;
  }
  key->depthwise_activation = depthwise.activation;
  key->activation = project.activation;
  key->residual = project.add_layer >= 0;
  // Becomes stale with any of the kernels that it is made of; 1 while all of them are 1.
  key->kernel_version =
      kernel_version(set, layer.op, geometry_of(graph, layer)) +
      kernel_version(set, key->op, geometry_of(graph, graph.layers[project.layer])) - 1;
}

}  // namespace

LayerKey key_of(const LayerGraph& graph, const Step& step, const KernelSet& set, int threads) {
  const Layer& layer = graph.layers[step.layer];
  LayerKey key;
  key.op = layer.op;
  key.precision = layer.precision;
  key.input = graph.tensors[step.input].shape;
  key.output = graph.tensors[step.output].shape;
  key.kernel_size = layer.kernel_size;
  key.stride = layer.stride;
  key.activation = step.activation;
  key.residual = step.add_layer >= 0;
  key.threads = threads;
  key.kernel_set = set.name;
  if (is_banded_bottleneck(graph, step)) {
    describe_bottleneck(graph, step, set, &key);
    return key;
  }
  for (const Step& part : step.parts) key.chain.push_back(key_of(graph, part, set, threads));
  key.kernel_version = has_weights(layer.op)
                           ? kernel_version(set, layer.op, geometry_of(graph, layer))
                           : set.elementwise_version;
  return key;
}

}  // namespace edgefront
