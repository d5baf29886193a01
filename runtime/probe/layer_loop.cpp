#include "runtime/probe/layer_loop.h"

#include <utility>

#include "runtime/model.h"
#include "runtime/probe/chains.h"
#include "runtime/probe/probe.h"
#include "runtime/probe/rounds.h"

namespace edgefront {
namespace {

constexpr int kLayers = 24;  // fewer would keep each other's weights warm

}  // namespace

Status LayerLoop::load(const LayerKey& key) {
  if (Status s = check_measurable(key); !s.ok()) return s;
  std::vector<Chain> chains;
  if (Status s = make_chains({key}, {kLayers, 0}, 1, &chains); !s.ok()) return s;
  std::vector<TimedInterpreter> loaded;
  std::size_t layers = 0;
  for (std::uint64_t i = 0; layers < kLayers; ++i) {
    const Chain& chain = chains[i % chains.size()];
    const std::uint64_t seed = stream_value(1, i);
    Model model = generated_model(chain.graph, seed);
    model.block_choices = chain.choices;
    loaded.emplace_back();
    if (Status s = TimedInterpreter::load(model, key.kernel_set, key.threads, seed, &loaded.back());
        !s.ok()) {
      return s;
    }
    layers += chain.keys.size();
  }
  chains_ = std::move(loaded);
  return {};
}

double LayerLoop::time() {
  double sum_us = 0;
  std::size_t layers = 0;
  for (TimedInterpreter& chain : chains_) {
    chain.time_steps(&step_us_);
    for (const double us : step_us_) sum_us += us;
    layers += step_us_.size();
  }
  return sum_us / static_cast<double>(layers);
}

}  // namespace edgefront
