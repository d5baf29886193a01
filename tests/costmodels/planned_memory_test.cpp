// What is predicted is what is allocated.
#include <doctest/doctest.h>

#include "costmodels/cost_model.h"
#include "runtime/interpreter.h"
#include "space/lower.h"
#include "space/random.h"
#include "space/uniform_sampler.h"

using namespace edgefront;

TEST_CASE("planned arena and packed bytes equal what loading allocates, for 1,000 architectures") {
  const SearchSpace space =
      load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/fashion_small.toml");
  const DeviceDescription device =
      load_device_description(EDGEFRONT_SOURCE_DIR "/hwprofiles/devices/x86_workstation.toml");
  const UniformSampler sampler(space);
  std::vector<const KernelSet*> sets;
  for (const KernelSet* set : kernel_sets()) {
    if (set->available()) sets.push_back(set);
  }
  int different = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    RandomStream random(11, i);
    const LayerGraph graph = lower(decode(space, sampler.sample(random)));
    CostModelOptions options;
    options.precision = i % 2 == 0 ? Precision::kInt8 : Precision::kFloat32;
    options.kernel_set = sets[i % sets.size()]->name;
    const NetworkCost cost = make_analytic_cost_model(device, options)->estimate(graph);
    std::unique_ptr<Interpreter> interpreter;
    InterpreterOptions load;
    load.kernel_set = options.kernel_set;
    const Status status = Interpreter::load(
        generated_model(with_precision(graph, options.precision), i), load, &interpreter);
    REQUIRE_MESSAGE(status.ok(), status.message());
    different += cost.arena_bytes != interpreter->allocated_arena_bytes() ||
                 cost.packed_bytes != interpreter->allocated_packed_bytes();
  }
  CHECK(different == 0);
}
