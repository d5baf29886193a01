#include "evaluators/torch/shared_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "space/lower.h"
#include "space/random.h"

namespace edgefront {
namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// The key of a layer: its name, with the operator of its block; the classifier with what stands
/// before it, because its inputs mean something else there.
std::string shared_key(const Architecture& architecture, const Layer& layer) {
  for (const BlockArchitecture& block : architecture.blocks) {
    if (layer.name.compare(0, block.name.size() + 1, block.name + ".") == 0) {
      return layer.name + "@" + operator_name(block.op);
    }
  }
  const std::string before = architecture.head_channels > 0 ? "@head" : "@stage";
  if (layer.name == "head.feature") return layer.name + before;
  if (layer.name == "head.classifier") {
    return layer.name + (architecture.feature_units > 0 ? "@feature" : before);
  }
  return layer.name;
}

SharedLayer size_of(const LayerGraph& graph, const Layer& layer) {
  SharedLayer s;
  s.op = layer.op;
  s.in = graph.tensors[layer.inputs[0]].shape.channels;
  s.out = graph.tensors[layer.output].shape.channels;
  s.kernel_size = layer.kernel_size;
  return s;
}

std::int64_t weight_count(const SharedLayer& s) {
  const std::int64_t taps = std::int64_t{s.kernel_size} * s.kernel_size;
  return taps * s.out * (s.op == OpKind::kDepthwiseConv2d ? 1 : s.in);
}

/// Calls visit(index in the shared array, index in the network's array, length) for each run of
/// weights that both have.
template <typename Visit>
void for_each_run(const SharedLayer& shared, const SharedLayer& part, const Visit& visit) {
  const std::int64_t k = part.kernel_size, full = shared.kernel_size, border = (full - k) / 2;
  if (part.op == OpKind::kDepthwiseConv2d) {
    for (std::int64_t y = 0; y < k; ++y) {
      for (std::int64_t x = 0; x < k; ++x) {
        visit(((y + border) * full + x + border) * shared.out, (y * k + x) * part.out, part.out);
      }
    }
    return;
  }
  for (std::int64_t o = 0; o < part.out; ++o) {
    for (std::int64_t y = 0; y < k; ++y) {
      for (std::int64_t x = 0; x < k; ++x) {
        visit(((o * full + y + border) * full + x + border) * shared.in,
              ((o * k + y) * k + x) * part.in, part.in);
      }
    }
  }
}

/// The choice of a decision that makes layers largest: the greatest number, the given operator, a
/// projection.
std::uint8_t widest_choice(const Decision& decision, OperatorKind op) {
  const auto& choices = decision.choices;
  const auto index_of = [&](const std::string& text) {
    const auto found = std::find(choices.begin(), choices.end(), text);
    return static_cast<std::uint8_t>(found == choices.end() ? 0 : found - choices.begin());
  };
  if (ends_with(decision.name, ".op")) return index_of(operator_name(op));
  if (ends_with(decision.name, ".skip")) return index_of("projection");
  std::size_t best = 0;
  for (std::size_t i = 1; i < choices.size(); ++i) {
    if (std::atof(choices[i].c_str()) > std::atof(choices[best].c_str())) best = i;
  }
  return static_cast<std::uint8_t>(best);
}

/// Each of the genotypes with each choice of one decision.
std::vector<Genotype> with_every_choice(const SearchSpace& space,
                                        const std::vector<Genotype>& genotypes, std::size_t index) {
  std::vector<Genotype> out;
  for (Genotype genotype : genotypes) {
    for (std::size_t c = 0; c < space.decisions[index].choices.size(); ++c) {
      genotype.choices[index] = static_cast<std::uint8_t>(c);
      out.push_back(genotype);
    }
  }
  return out;
}

/// `genotype` without each run of neighbouring stages that may be left out.
void add_without_stages(const SearchSpace& space, const Genotype& genotype,
                        std::vector<Genotype>& out) {
  std::vector<std::size_t> depths;
  for (std::size_t i = 0; i < space.decisions.size(); ++i) {
    if (ends_with(space.decisions[i].name, ".depth")) depths.push_back(i);
  }
  for (std::size_t first = 0; first < depths.size(); ++first) {
    Genotype without = genotype;
    for (std::size_t last = first; last < depths.size(); ++last) {
      const auto& choices = space.decisions[depths[last]].choices;
      const auto zero = std::find(choices.begin(), choices.end(), "0");
      if (zero == choices.end()) break;
      without.choices[depths[last]] = static_cast<std::uint8_t>(zero - choices.begin());
      out.push_back(without);
    }
  }
}

/// Genotypes that between them have every layer of the space in its largest form. Layers grow with
/// each number that is decided, so the widest network of each operator has them, but for what is
/// there only because something else is not: another head, one decision changed, stages left out.
std::vector<Genotype> covering_genotypes(const SearchSpace& space) {
  std::vector<Genotype> out;
  for (const OperatorKind op : {OperatorKind::kConv, OperatorKind::kDwsep, OperatorKind::kMbconv}) {
    Genotype widest;
    for (const Decision& d : space.decisions) widest.choices.push_back(widest_choice(d, op));
    std::vector<Genotype> heads{widest};
    for (std::size_t i = 0; i < space.decisions.size(); ++i) {
      if (space.decisions[i].name.rfind("head.", 0) == 0) {
        heads = with_every_choice(space, heads, i);
      }
    }
    for (const Genotype& head : heads) {
      add_without_stages(space, head, out);
      for (std::size_t i = 0; i < space.decisions.size(); ++i) {
        const std::vector<Genotype> changed = with_every_choice(space, {head}, i);
        out.insert(out.end(), changed.begin(), changed.end());
      }
    }
  }
  return out;
}

void fill_initial(SharedLayer& s, RandomStream random) {
  s.weights.resize(weight_count(s));
  double fan = double(s.kernel_size) * s.kernel_size;
  if (s.op == OpKind::kConv2d) fan *= double(s.out);
  const bool connected = s.op == OpKind::kFullyConnected;
  const double stddev = connected ? 1 / std::sqrt(3.0 * s.in) : std::sqrt(2 / fan);
  for (float& w : s.weights) w = static_cast<float>(stddev * random.normal());
  (connected ? s.bias : s.beta).assign(s.out, 0.0f);
  if (!connected) s.gamma.assign(s.out, 1.0f);
}

}  // namespace

std::vector<float>& SharedLayer::array(ParameterKind kind) {
  switch (kind) {
    case ParameterKind::kWeights:
      return weights;
    case ParameterKind::kBias:
      return bias;
    case ParameterKind::kGamma:
      return gamma;
    case ParameterKind::kBeta:
      return beta;
  }
  return weights;
}

SharedWeights::SharedWeights(const SearchSpace& space, std::uint64_t seed) {
  for (const Genotype& genotype : covering_genotypes(space)) {
    const Architecture architecture = decode(space, canonical(space, genotype));
    const LayerGraph graph = lower(architecture);
    for (const Layer& layer : graph.layers) {
      if (!has_weights(layer.op)) continue;
      const SharedLayer size = size_of(graph, layer);
      SharedLayer& shared = layers_[shared_key(architecture, layer)];
      shared.op = size.op;
      shared.in = std::max(shared.in, size.in);
      shared.out = std::max(shared.out, size.out);
      shared.kernel_size = std::max(shared.kernel_size, size.kernel_size);
    }
  }
  std::uint64_t stream = 0;
  for (auto& [key, layer] : layers_) fill_initial(layer, RandomStream(mix_seed(seed, 4), stream++));
}

WeightMap SharedWeights::extract(const Architecture& architecture, const LayerGraph& graph) const {
  WeightMap out;
  for (const Layer& layer : graph.layers) {
    if (!has_weights(layer.op)) continue;
    const SharedLayer part = size_of(graph, layer);
    const SharedLayer& shared = layers_.at(shared_key(architecture, layer));
    if (part.in > shared.in || part.out > shared.out || part.kernel_size > shared.kernel_size) {
      throw std::logic_error("layer " + layer.name + " is larger than its shared weights");
    }
    const auto first = [&](const std::vector<float>& all) {
      return std::vector<float>(all.begin(), all.empty() ? all.begin() : all.begin() + part.out);
    };
    FloatLayer& to = out[layer.name];
    to.weights.resize(weight_count(part));
    for_each_run(shared, part, [&](std::int64_t from, std::int64_t at, std::int64_t length) {
      std::copy_n(shared.weights.begin() + from, length, to.weights.begin() + at);
    });
    to.bias = first(shared.bias);
    to.batch_norm.gamma = first(shared.gamma);
    to.batch_norm.beta = first(shared.beta);
  }
  return out;
}

SharedWeights::Sums SharedWeights::zeros() const {
  Sums sums = layers_;
  for (auto& [key, layer] : sums) {
    for (auto* array : {&layer.weights, &layer.bias, &layer.gamma, &layer.beta}) {
      std::fill(array->begin(), array->end(), 0.0f);
    }
  }
  return sums;
}

void SharedWeights::add_gradients(const Architecture& architecture, const LayerGraph& graph,
                                  const std::vector<Parameter>& parameters, Sums& sums) {
  std::map<std::string, const Layer*> layer_of;
  for (const Layer& layer : graph.layers) layer_of[layer.name] = &layer;
  for (const Parameter& p : parameters) {
    if (p.gradient.empty()) continue;
    const Layer& layer = *layer_of.at(p.layer);
    SharedLayer& sum = sums.at(shared_key(architecture, layer));
    sum.touched = true;
    std::vector<float>& to = sum.array(p.kind);
    const auto add = [&](std::int64_t at, std::int64_t from, std::int64_t length) {
      for (std::int64_t i = 0; i < length; ++i) to[at + i] += p.gradient[from + i];
    };
    if (p.kind == ParameterKind::kWeights) {
      for_each_run(sum, size_of(graph, layer), add);
    } else {
      add(0, 0, static_cast<std::int64_t>(p.gradient.size()));
    }
  }
}

Genotype largest_genotype(const SearchSpace& space) {
  const auto size = [&](const Genotype& genotype) {
    return total_macs(lower(decode(space, canonical(space, genotype))));
  };
  Genotype best;
  best.choices.assign(space.decisions.size(), 0);
  auto best_size = size(best);
  // Inactive decisions change nothing until others wake them, so go round until all stand still.
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < space.decisions.size(); ++i) {
      for (std::size_t c = 0; c < space.decisions[i].choices.size(); ++c) {
        Genotype other = best;
        other.choices[i] = static_cast<std::uint8_t>(c);
        const auto other_size = size(other);
        if (other_size > best_size) {
          best = other;
          best_size = other_size;
          changed = true;
        }
      }
    }
  }
  return canonical(space, best);
}

}  // namespace edgefront
