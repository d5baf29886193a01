#include "runtime/banded_step.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"
#include "tests/runtime/kernels/kernel_cases.h"
#include "tests/runtime/random_graph.h"

namespace edgefront {
namespace {

using kernel_cases::GuardedBuffer;
using kernel_cases::Random;
using test::GraphBuilder;

using Bytes = std::vector<char>;

struct Activated {
  GraphBuilder& b;
  Random& random;
  std::int32_t operator()(std::int32_t x) const {
    const OpKind kinds[] = {OpKind::kRelu, OpKind::kRelu6, OpKind::kHswish, OpKind::kHsigmoid};
    return random.chance(0.7) ? b.unary(kinds[random.between(0, 3)], x) : x;
  }
};

/// An inverted bottleneck of awkward size, with or without expansion and residual.
LayerGraph random_bottleneck(Random& random) {
  GraphBuilder b;
  const Activated activated{b, random};
  const std::int32_t stride = random.between(1, 2);
  const std::int32_t channels = random.pick({1, 3, 8, 9, 16, 24});
  const std::int32_t x = b.input({random.between(1, 17), random.between(1, 13), channels});
  std::int32_t y = x;
  if (random.chance(0.7)) y = activated(b.conv(y, random.pick({2, 16, 24, 33, 48}), 1, 1));
  y = activated(b.depthwise(y, random.pick({1, 3, 5, 7}), stride));
  const bool adds = stride == 1 && random.chance(0.6);
  y = activated(b.conv(y, adds ? channels : random.pick({1, 8, 17}), 1, 1));
  if (adds) y = random.chance(0.5) ? b.add(x, y) : b.add(y, x);
  b.graph.outputs.push_back(y);
  return b.graph;
}

/// A chain as the first layers of a network are: also full convolutions, and residuals from within.
LayerGraph random_chain(Random& random) {
  GraphBuilder b;
  const Activated activated{b, random};
  std::int32_t y = b.input({random.between(1, 29), random.between(1, 9), random.between(1, 5)});
  std::set<std::int32_t> added;
  std::vector<std::int32_t> earlier{y};
  const int parts = random.between(2, 8);
  for (int i = 0; i < parts; ++i) {
    const std::int32_t stride = random.chance(0.25) ? 2 : 1;
    const std::int32_t kernel = random.pick({1, 1, 3, 5, 7});
    const bool depthwise = random.chance(0.4);
    std::int32_t z = depthwise ? b.depthwise(y, kernel, stride)
                               : b.conv(y, random.pick({3, 8, 8, 16}), kernel, stride);
    z = activated(z);
    for (const std::int32_t other : earlier) {
      if (b.shape(other) != b.shape(z) || added.count(other) > 0 || random.chance(0.5)) continue;
      z = b.add(z, other);
      added.insert(other);
      break;
    }
    y = z;
    earlier.push_back(y);
  }
  b.graph.outputs.push_back(y);
  return b.graph;
}

Bytes random_bytes(const LayerGraph& graph, std::uint64_t seed) {
  Random random{seed};
  const Tensor& tensor = graph.tensors[graph.inputs[0]];
  Bytes bytes(static_cast<std::size_t>(tensor.bytes()));
  if (tensor.precision == Precision::kInt8) {
    for (char& byte : bytes) byte = static_cast<char>(random.between(-128, 127));
  } else {
    for (std::size_t i = 0; i < bytes.size(); i += 4) {
      const auto value = static_cast<float>(4 * random.unit() - 2);
      std::memcpy(&bytes[i], &value, 4);
    }
  }
  return bytes;
}

/// What the interpreter gives layer by layer.
Bytes run_layers(const Model& model, const std::string& set, bool fuse, const Bytes& input) {
  InterpreterOptions options;
  options.kernel_set = set;
  options.fuse = fuse;
  options.path = BlockPath::kLayers;
  std::unique_ptr<Interpreter> interpreter;
  REQUIRE(Interpreter::load(model, options, &interpreter).ok());
  std::memcpy(interpreter->input_data(), input.data(), input.size());
  interpreter->invoke();
  const char* output = static_cast<const char*>(interpreter->output_data());
  return Bytes(output, output + interpreter->output_bytes());
}

/// The whole graph as one banded step between guards, in so many slices, the last one first; a
/// single one in walks over [0, cuts…, height).
Bytes run_banded(const Model& model, const Step& chain, const KernelSet& set, const Bytes& input,
                 int slices, const std::vector<std::int32_t>& cuts) {
  const MemoryPlan plan = plan_memory(model.graph, {chain}, set, 1);
  const std::int64_t scratch = slice_scratch_bytes(model.graph, chain, set, slices);
  // Arena and packed weights end at a page that nobody may touch, the rolling rows at another.
  GuardedBuffer arena(plan.scratch_offset + slices * scratch, 64), packed(plan.packed_bytes, 64);
  GuardedBuffer rows(slices * plan_bands(model.graph, chain).bytes, 64);
  const StepMemory memory{arena.as<char>(), &plan, packed.as<char>()};
  const auto whole = prepare_banded_step(model, chain, set, memory, rows.as<char>());
  std::memcpy(arena.as<char>() + plan.tensor_offset[chain.input], input.data(), input.size());
  for (int i = slices - 1; i >= 0; --i) {
    const auto slice = banded_slice(*whole, scratch, i, slices);
    std::int32_t begin = slice->begin;
    for (const std::int32_t end : cuts) {
      run_bands(slice.get(), begin, end);
      begin = end;
    }
    if (begin < slice->end) run_bands(slice.get(), begin, slice->end);
  }
  const Tensor& output = model.graph.tensors[chain.output];
  CHECK(arena.intact());
  CHECK(packed.intact());
  CHECK(rows.intact());
  const char* from = arena.as<char>() + plan.tensor_offset[chain.output];
  return Bytes(from, from + output.bytes());
}

/// From one row at a time to all rows at once.
std::int64_t random_chunk(const LayerGraph& graph, Random& random) {
  std::int64_t widest = 1;
  for (const Tensor& tensor : graph.tensors) {
    widest = std::max(widest, tensor.bytes() / tensor.shape.height);
  }
  return random.chance(0.2) ? 1 : widest * random.between(1, 20) / random.between(1, 3);
}

/// Says once what is skipped, however often it is asked.
const std::vector<const KernelSet*>& available_sets() {
  static const std::vector<const KernelSet*> available = [] {
    std::vector<const KernelSet*> sets;
    for (const KernelSet* set : kernel_sets()) {
      if (set->available()) {
        sets.push_back(set);
      } else {
        MESSAGE("skipped: this CPU lacks kernel set ", std::string(set->name));
      }
    }
    return sets;
  }();
  return available;
}

void check_chain(const LayerGraph& graph, std::uint64_t seed, Random& random) {
  const Model model = generated_model(graph, seed);
  const std::vector<Step> steps = fuse(graph);
  REQUIRE(is_chain(graph, steps, 0, static_cast<int>(steps.size())));
  const Bytes input = random_bytes(graph, seed);
  const bool int8 = graph.tensors[graph.inputs[0]].precision == Precision::kInt8;
  const std::int32_t height = graph.tensors[graph.outputs[0]].shape.height;
  for (const KernelSet* set : available_sets()) {
    CAPTURE(set->name);
    const Bytes expected = int8 ? run_layers(model, "reference", false, input)
                                : run_layers(model, set->name, true, input);
    const Step chain =
        chain_of(steps, 0, static_cast<int>(steps.size()), random_chunk(graph, random));
    std::vector<std::int32_t> cuts;
    for (std::int32_t row = 1; row < height; ++row) {
      if (random.chance(0.1)) cuts.push_back(row);
    }
    CAPTURE(chain.chunk_bytes);
    CHECK(run_banded(model, chain, *set, input, 1, {}) == expected);
    CHECK(run_banded(model, chain, *set, input, 1, cuts) == expected);
    CHECK(run_banded(model, chain, *set, input, random.between(2, 4), {}) == expected);
  }
}

}  // namespace

TEST_CASE("inverted bottlenecks in bands of any height give the bits of their layers") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Random random{seed};
    LayerGraph graph = random_bottleneck(random);
    if (seed % 3 > 0) graph = with_precision(graph, Precision::kInt8);
    check_chain(graph, seed, random);
  }
}

TEST_CASE("longer chains with residuals from within give the bits of their layers") {
  int residuals = 0;
  for (std::uint64_t seed = 1000; seed < 1300; ++seed) {
    CAPTURE(seed);
    Random random{seed};
    LayerGraph graph = random_chain(random);
    if (seed % 3 > 0) graph = with_precision(graph, Precision::kInt8);
    const BandPlan plan =
        plan_bands(graph, chain_of(fuse(graph), 0, static_cast<int>(fuse(graph).size()), 1));
    for (const BandPart& part : plan.parts) residuals += part.residual >= 0;
    check_chain(graph, seed, random);
  }
  CHECK(residuals > 100);
}

TEST_CASE("whole networks with banded blocks give the bits of those without") {
  int banded = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    const LayerGraph graph = test::RandomGraph(seed).make();
    const Precision precision = seed % 2 == 0 ? Precision::kInt8 : Precision::kFloat32;
    const Model model = generated_model(with_precision(graph, precision), seed);
    const Bytes input = random_bytes(model.graph, seed);
    InterpreterOptions options;
    options.path = BlockPath::kBanded;
    for (const KernelSet* set : available_sets()) {
      options.kernel_set = set->name;
      std::unique_ptr<Interpreter> interpreter;
      REQUIRE(Interpreter::load(model, options, &interpreter).ok());
      for (int i = 0; i < static_cast<int>(interpreter->steps().size()); ++i) {
        if (!interpreter->steps()[i].banded()) continue;
        CHECK(std::string(interpreter->kernel_name(i)) == "inverted_bottleneck");
        ++banded;
      }
      const MemoryPlan plan = plan_memory(
          model.graph, execution_steps(model.graph, *set, {true, options.path, {}}), *set, 1);
      CHECK(interpreter->allocated_arena_bytes() == plan.arena_bytes);
      CHECK(interpreter->allocated_packed_bytes() == plan.packed_bytes);
      for (int repetition = 0; repetition < 2; ++repetition) {
        std::memcpy(interpreter->input_data(), input.data(), input.size());
        interpreter->invoke();
        const char* output = static_cast<const char*>(interpreter->output_data());
        CHECK(Bytes(output, output + interpreter->output_bytes()) ==
              run_layers(model, set->name, true, input));
      }
    }
  }
  CHECK(banded > 300);
}

}  // namespace edgefront
