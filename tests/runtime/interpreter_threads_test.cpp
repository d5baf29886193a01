#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "runtime/interpreter.h"
#include "runtime/team.h"
#include "tests/runtime/random_graph.h"

namespace {
// Counts what is allocated; armed around the code that must not allocate, in any thread.
std::atomic<bool> counting{false};
std::atomic<int> allocations{0};
void count_allocation() {
  if (counting) ++allocations;
}
}  // namespace

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Everything that libraries take too: `new` calls malloc. glibc's own names for the real ones.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t size) {
  count_allocation();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  count_allocation();
  return __libc_calloc(count, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count_allocation();
  return __libc_memalign(alignment, size);
}
}
#else
// Not inlined: a compiler that sees malloc and free here takes them for a mismatched pair.
__attribute__((noinline)) void* operator new(std::size_t size) {
  count_allocation();
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
// What std::stable_sort asks for; the sanitizer's own would not match the delete below.
__attribute__((noinline)) void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  count_allocation();
  return std::malloc(size == 0 ? 1 : size);
}
__attribute__((noinline)) void operator delete(void* p) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif

namespace edgefront {
namespace {

using test::GraphBuilder;

/// A network with layers of every kind that are large enough to be cut for threads, and smaller
/// ones between them.
LayerGraph large_graph() {
  GraphBuilder b;
  std::int32_t x = b.unary(OpKind::kRelu6, b.conv(b.input({41, 39, 3}), 24, 3, 2));
  std::int32_t y = b.unary(OpKind::kHswish, b.conv(x, 72, 1, 1));
  y = b.unary(OpKind::kHswish, b.depthwise(y, 5, 1));
  std::int32_t gate = b.fully_connected(b.pool(y), 24);
  gate = b.fully_connected(b.unary(OpKind::kRelu, gate), 72);
  y = b.mul(y, b.unary(OpKind::kHsigmoid, gate));
  y = b.add(x, b.conv(y, 24, 1, 1));
  y = b.unary(OpKind::kRelu, y);
  y = b.add(b.conv(b.depthwise(b.conv(y, 72, 1, 1), 3, 1), 24, 1, 1), y);
  y = b.unary(OpKind::kHswish, b.conv(y, 160, 3, 2));
  b.graph.outputs.push_back(b.fully_connected(b.pool(y), 10));
  b.graph.outputs.push_back(
      b.fully_connected(b.unary(OpKind::kRelu, b.pool(b.conv(y, 1280, 1, 1))), 1000));
  return b.graph;
}

/// 1 and what else this machine and build may run.
std::vector<int> thread_counts() {
  std::vector<int> counts{1};
  for (int threads = 2; threads <= 4 && check_team(threads).ok(); ++threads) {
    counts.push_back(threads);
  }
  if (counts.size() == 1) MESSAGE("skipped for more than one thread: ", check_team(2).message());
  return counts;
}

std::unique_ptr<Interpreter> load(const Model& model, const std::string& set, int threads,
                                  BlockPath path = BlockPath::kLayers) {
  InterpreterOptions options;
  options.path = path;
  options.kernel_set = set;
  options.threads = threads;
  std::unique_ptr<Interpreter> interpreter;
  const Status status = Interpreter::load(model, options, &interpreter);
  REQUIRE_MESSAGE(status.ok(), status.message());
  return interpreter;
}

void write_input(Interpreter& interpreter) {
  const Tensor& tensor = interpreter.graph().tensors[interpreter.graph().inputs[0]];
  std::mt19937_64 random(3);
  for (std::int64_t i = 0; i < tensor.shape.elements(); ++i) {
    const auto value = static_cast<std::int8_t>(random());
    if (tensor.precision == Precision::kInt8) {
      static_cast<std::int8_t*>(interpreter.input_data())[i] = value;
    } else {
      static_cast<float*>(interpreter.input_data())[i] = value / 40.0f;
    }
  }
}

std::vector<char> outputs_of(const Interpreter& interpreter) {
  std::vector<char> bytes;
  for (int i = 0; i < static_cast<int>(interpreter.graph().outputs.size()); ++i) {
    const char* at = static_cast<const char*>(interpreter.output_data(i));
    bytes.insert(bytes.end(), at, at + interpreter.output_bytes(i));
  }
  return bytes;
}

}  // namespace

TEST_CASE("any number of threads gives the same bits, and allocates what is planned for it") {
  const LayerGraph graph = large_graph();
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    const Model model = generated_model(with_precision(graph, precision), 5);
    for (const KernelSet* set : kernel_sets()) {
      if (!set->available()) continue;
      const auto alone = load(model, set->name, 1);
      write_input(*alone);
      alone->invoke();
      const std::vector<char> expected = outputs_of(*alone);
      std::vector<std::pair<int, BlockPath>> ways;
      for (const int threads : thread_counts()) {
        ways.push_back({threads, BlockPath::kLayers});
        ways.push_back({threads, BlockPath::kBanded});
      }
      for (const auto& [threads, path] : ways) {
        const auto interpreter = load(model, set->name, threads, path);
        CHECK(interpreter->key(0).threads == threads);
        std::vector<std::uint64_t> ticks(interpreter->steps().size(), 0);
        for (int again = 0; again < 3; ++again) {
          write_input(*interpreter);
          again == 1 ? interpreter->invoke_timed(ticks.data()) : interpreter->invoke();
          CHECK(outputs_of(*interpreter) == expected);
        }
        for (const std::uint64_t t : ticks) CHECK(t > 0);
        const MemoryPlan plan =
            plan_memory(model.graph, interpreter->steps(), interpreter->kernel_set(), threads);
        CHECK(interpreter->allocated_arena_bytes() == plan.arena_bytes);
        CHECK(interpreter->allocated_packed_bytes() == plan.packed_bytes);
      }
    }
  }
}

TEST_CASE("nothing allocates after load") {
  const LayerGraph graph = large_graph();
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    for (const int threads : thread_counts()) {
      const auto interpreter = load(generated_model(with_precision(graph, precision), 1), "",
                                    threads, BlockPath::kBanded);
      CHECK(std::any_of(interpreter->steps().begin(), interpreter->steps().end(),
                        [](const Step& step) { return step.banded(); }));
      std::vector<std::uint64_t> ticks(interpreter->steps().size());
      allocations = 0;
      counting = true;
      interpreter->invoke();
      interpreter->invoke_timed(ticks.data());
      interpreter->invoke_range(0, 1);
      counting = false;
      CHECK(allocations == 0);
    }
  }
  counting = true;  // the counter counts
  ::operator delete(::operator new(1));
  counting = false;
  CHECK(allocations == 1);
}

}  // namespace edgefront
