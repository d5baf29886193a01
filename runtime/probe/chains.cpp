#include "runtime/probe/chains.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "runtime/execution_steps.h"
#include "runtime/model.h"
#include "runtime/probe/rounds.h"

namespace edgefront {
namespace {

// What a tensor must agree in for one layer to read what another wrote.
using Joint = std::tuple<int, int, int, Precision, int, std::string>;

Joint joint_of(const Tensor& tensor, const LayerKey& key) {
  return {tensor.shape.height, tensor.shape.width, tensor.shape.channels,
          tensor.precision,    key.threads,        key.kernel_set};
}

struct Part {
  LayerGraph graph;  // graph_of(key)
  std::int64_t weights = 0;
  Joint reads, writes;
};

// An add or activation right behind a convolution would be fused into it and be another key.
bool may_follow(const LayerKey& before, const LayerKey& after) {
  const bool fusible = after.op == OpKind::kAdd || is_unary_activation(after.op);
  return !(fusible && has_weights(before.op));
}

// Chooses sequences of keys that can read each other's outputs: a greedy cover.
class SequenceFinder {
 public:
  SequenceFinder(const std::vector<LayerKey>& keys, const std::vector<Part>& parts,
                 const ChainLimits& limits, std::uint64_t seed)
      : keys_(keys), parts_(parts), limits_(limits), seed_(seed), covered_(keys.size()) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      readers_[parts[i].reads].push_back(static_cast<int>(i));
      writers_[parts[i].writes].push_back(static_cast<int>(i));
    }
  }

  std::vector<std::vector<int>> find() {
    // Largest images first: chains then begin where networks begin and run down to the head.
    std::vector<int> starts = shuffled(static_cast<int>(keys_.size()), seed_);
    std::stable_sort(starts.begin(), starts.end(), [&](int a, int b) {
      return keys_[a].input.height * keys_[a].input.width >
             keys_[b].input.height * keys_[b].input.width;
    });
    // Those that nothing can precede first of all, or they would be left over.
    std::stable_partition(starts.begin(), starts.end(),
                          [&](int key) { return writers_.count(parts_[key].reads) == 0; });
    std::vector<std::vector<int>> result;
    for (const int start : starts) {
      if (covered_[start]) continue;
      std::vector<int> sequence = cover_from(start);
      lengthen(&sequence);
      result.push_back(std::move(sequence));
    }
    return result;
  }

 private:
  std::vector<int> cover_from(int start) {
    std::vector<int> sequence{start};
    covered_[start] = true;
    while (room(sequence)) {
      int next = pick_reader(sequence.back(), [&](int key) { return !covered_[key]; });
      if (next < 0) {  // over a covered layer to an uncovered one
        next = pick_reader(sequence.back(), [&](int key) {
          return pick_reader(key, [&](int beyond) { return !covered_[beyond]; }) >= 0;
        });
      }
      if (next < 0) break;
      covered_[next] = true;
      sequence.push_back(next);
    }
    return sequence;
  }

  void lengthen(std::vector<int>* sequence) {
    const auto any = [](int) { return true; };
    while (!limits_.enough(layers_of(*sequence), weights_of(*sequence))) {
      const int next = pick_reader(sequence->back(), any);
      if (next < 0) break;
      sequence->push_back(next);
    }
    while (!limits_.enough(layers_of(*sequence), weights_of(*sequence))) {
      const int front = sequence->front();
      const int before = pick(writers_, parts_[front].reads,
                              [&](int key) { return may_follow(keys_[key], keys_[front]); });
      if (before < 0) break;
      sequence->insert(sequence->begin(), before);
    }
  }

  template <class Wanted>
  int pick_reader(int before, const Wanted& wanted) {
    return pick(readers_, parts_[before].writes,
                [&](int key) { return may_follow(keys_[before], keys_[key]) && wanted(key); });
  }

  // One of the keys at this joint that are wanted, at random; −1 if there is none.
  template <class Wanted>
  int pick(const std::map<Joint, std::vector<int>>& at, const Joint& joint, const Wanted& wanted) {
    const auto found = at.find(joint);
    if (found == at.end()) return -1;
    const std::vector<int>& candidates = found->second;
    const std::size_t first = stream_value(seed_, draws_++) % candidates.size();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const int key = candidates[(first + i) % candidates.size()];
      if (wanted(key)) return key;
    }
    return -1;
  }

  static int layers_of(const std::vector<int>& sequence) {
    return static_cast<int>(sequence.size());
  }
  std::int64_t weights_of(const std::vector<int>& sequence) const {
    std::int64_t bytes = 0;
    for (const int key : sequence) bytes += parts_[key].weights;
    return bytes;
  }
  bool room(const std::vector<int>& sequence) const {
    return !limits_.full(layers_of(sequence), weights_of(sequence));
  }

  const std::vector<LayerKey>& keys_;
  const std::vector<Part>& parts_;
  const ChainLimits limits_;
  const std::uint64_t seed_;
  std::uint64_t draws_ = std::uint64_t{1} << 32;  // beyond the numbers that shuffled() uses
  std::vector<bool> covered_;
  std::map<Joint, std::vector<int>> readers_, writers_;
};

// The tensor that stands for the second input of a layer: the latest earlier one of this kind, as a
// residual or a gate would be, else −1. Never the layer's own first input.
std::int32_t earlier_tensor(const LayerGraph& graph, const std::vector<std::int32_t>& borders,
                            const Tensor& wanted) {
  for (std::size_t i = borders.size(); i-- > 1;) {
    const Tensor& tensor = graph.tensors[static_cast<std::size_t>(borders[i - 1])];
    if (tensor.shape == wanted.shape && tensor.precision == wanted.precision) return borders[i - 1];
  }
  return -1;
}

// Appends the layers of `part` as block `block`. `borders` are the tensors between the steps so
// far, the last one being what the part reads; empty before the first.
void append(const LayerGraph& part, int block, LayerGraph* graph,
            std::vector<std::int32_t>* borders) {
  std::vector<std::int32_t> id_of(part.tensors.size(), -1);
  const auto new_tensor = [&](std::int32_t id) {
    graph->tensors.push_back(part.tensors[static_cast<std::size_t>(id)]);
    return id_of[id] = static_cast<std::int32_t>(graph->tensors.size()) - 1;
  };
  if (borders->empty()) {
    borders->push_back(new_tensor(part.inputs[0]));
    graph->inputs.push_back(borders->back());
  }
  id_of[part.inputs[0]] = borders->back();
  for (std::size_t i = 1; i < part.inputs.size(); ++i) {
    const std::int32_t id = part.inputs[i];
    id_of[id] = earlier_tensor(*graph, *borders, part.tensors[id]);
    if (id_of[id] < 0) graph->inputs.push_back(new_tensor(id));
  }
  for (Layer layer : part.layers) {
    for (std::int32_t& input : layer.inputs) input = input < 0 ? -1 : id_of[input];
    layer.output = new_tensor(layer.output);
    layer.block = block;
    layer.name += std::to_string(graph->layers.size());
    graph->layers.push_back(std::move(layer));
  }
  borders->push_back(id_of[part.outputs[0]]);
}

// Every key must still be one step of its own in the joined graph.
bool same_steps(const Chain& chain, const std::vector<int>& sequence,
                const std::vector<LayerKey>& keys) {
  const LayerGraph& graph = chain.graph;
  // Every block with a bottleneck has a choice, so any kernel set gives the same steps.
  const std::vector<Step> steps =
      execution_steps(graph, *kernel_sets().back(), {true, BlockPath::kLayers, chain.choices, 0});
  if (steps.size() != sequence.size()) return false;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const LayerKey& key = keys[sequence[i]];
    if (steps[i].banded() != key.bottleneck) return false;
    const Step& last = key.bottleneck ? steps[i].parts.back() : steps[i];
    if (graph.layers[last.layer].op != key.op || last.activation != key.activation ||
        (last.residual >= 0) != key.residual) {
      return false;
    }
  }
  return true;
}

}  // namespace

Status make_chains(const std::vector<LayerKey>& keys, const ChainLimits& limits, std::uint64_t seed,
                   std::vector<Chain>* out) {
  std::vector<Part> parts(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (Status s = graph_of(keys[i], &parts[i].graph); !s.ok()) return s;
    const LayerGraph& graph = parts[i].graph;
    parts[i].reads = joint_of(graph.tensors[graph.inputs[0]], keys[i]);
    parts[i].weights = weights_bytes(graph);
    parts[i].writes = joint_of(graph.tensors[graph.outputs[0]], keys[i]);
  }
  out->clear();
  for (std::vector<int>& sequence : SequenceFinder(keys, parts, limits, seed).find()) {
    Chain chain;
    std::vector<std::int32_t> borders;
    for (const int key : sequence) {
      // A block each: layers that happen to follow each other are no bottleneck then.
      const int block = static_cast<int>(borders.size());
      append(parts[key].graph, block, &chain.graph, &borders);
      if (keys[key].bottleneck) chain.choices.push_back({block, BlockPath::kBanded});
    }
    chain.graph.outputs.push_back(borders.back());
    if (Status s = validate(chain.graph); !s.ok()) return s;
    if (!same_steps(chain, sequence, keys)) {
      return Status::invalid("layer key '" + keys[sequence[0]].text() +
                             "' and those behind it do not run as one step each");
    }
    chain.keys = std::move(sequence);
    out->push_back(std::move(chain));
  }
  return {};
}

}  // namespace edgefront
