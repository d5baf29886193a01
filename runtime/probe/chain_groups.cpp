#include "runtime/probe/chain_groups.h"

#include <algorithm>

#include "runtime/interpreter.h"

namespace edgefront {
namespace {

// How much runs in between two runs of a layer.
struct Context {
  int layers = 0;
  std::int64_t weights = 0;
  void add(const Chain& chain) {
    layers += static_cast<int>(chain.keys.size());
    weights += weights_bytes(chain.graph);
  }
  bool enough(const ChainLimits& limits) const { return limits.enough(layers, weights); }
};

}  // namespace

Status load_chain(const Chain& chain, const std::vector<LayerKey>& keys, std::uint64_t seed,
                  TimedInterpreter* out) {
  const LayerKey& first = keys[chain.keys[0]];
  Model model = generated_model(chain.graph, seed);
  model.block_choices = chain.choices;
  if (Status s = TimedInterpreter::load(model, first.kernel_set, first.threads, seed, out);
      !s.ok()) {
    return Status::invalid("layer key '" + first.text() + "': " + s.message());
  }
  for (std::size_t i = 0; i < chain.keys.size(); ++i) {
    const std::string wanted = keys[chain.keys[i]].text();
    const std::string given = out->interpreter().key(static_cast<int>(i)).text();
    if (wanted != given) {
      return Status::invalid("layer key '" + wanted + "' is not what this program runs: '" + given +
                             "'");
    }
  }
  return {};
}

std::size_t group_end(const std::vector<Chain>& chains, std::size_t first,
                      const ChainLimits& limits) {
  Context context;
  std::size_t end = first;
  for (; end < chains.size() && !context.enough(limits); ++end) context.add(chains[end]);
  return end;
}

Status load_group(const std::vector<Chain>& chains, std::size_t first, std::size_t end,
                  const std::vector<LayerKey>& keys, const std::vector<int>& entry_of,
                  const ChainLimits& limits, std::uint64_t seed, ChainGroup* out) {
  Context context;
  for (std::size_t i = 0; i < end - first || !context.enough(limits); ++i) {
    const Chain& chain = chains[first + i % (end - first)];
    out->chains.emplace_back();
    if (Status s = load_chain(chain, keys, stream_value(seed, i), &out->chains.back()); !s.ok()) {
      return s;
    }
    out->entries.emplace_back();
    for (const int key : chain.keys) out->entries.back().push_back(entry_of[key]);
    context.add(chain);
  }
  return {};
}

double run_visit(ChainGroup* group, std::uint64_t seed, ReferenceKernel* reference,
                 std::vector<TimedEntry>* times) {
  const double before = reference->time();
  const std::vector<int> order = shuffled(static_cast<int>(group->chains.size()), seed);
  std::vector<double> us;
  for (int run = 0; run < kUntimedPerVisit + kTimedPerVisit; ++run) {
    for (const int chain : order) {
      group->chains[chain].time_steps(&us);
      if (run < kUntimedPerVisit) continue;
      const bool interrupted = group->chains[chain].interrupted();
      for (std::size_t step = 0; step < us.size(); ++step) {
        const int entry = group->entries[chain][step];
        if (entry >= 0) times->push_back({entry, us[step], interrupted});
      }
    }
  }
  return std::max(before, reference->time());
}

}  // namespace edgefront
