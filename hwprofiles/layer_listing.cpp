#include "hwprofiles/layer_listing.h"

#include <map>

#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"
#include "space/error.h"

namespace edgefront {

std::vector<LayerKey> network_keys(const LayerGraph& graph, Precision precision, int threads,
                                   const KernelSet& set) {
  const LayerGraph typed = with_precision(graph, precision);
  std::vector<LayerKey> keys;
  for (const Step& step : execution_steps(typed, set)) {
    keys.push_back(key_of(typed, step, set, threads));
  }
  return keys;
}

std::vector<LayerKey> conversion_keys(const std::vector<LayerKey>& layers, int threads,
                                      const KernelSet& set) {
  std::map<std::string, LayerKey> sorted;
  for (const LayerKey& layer : layers) {
    for (const Shape& shape : {layer.input, layer.output}) {
      for (const OpKind op : {OpKind::kQuantize, OpKind::kDequantize}) {
        LayerKey key;
        key.op = op;
        key.precision = op == OpKind::kQuantize ? Precision::kInt8 : Precision::kFloat32;
        key.input = key.output = shape;
        key.threads = threads;
        key.kernel_set = set.name;
        key.kernel_version = set.elementwise_version;
        sorted.emplace(key.text(), key);
      }
    }
  }
  std::vector<LayerKey> keys;
  for (const auto& [text, key] : sorted) keys.push_back(key);
  return keys;
}

const KernelSet& find_kernel_set(const std::string& name) {
  std::string known;
  for (const KernelSet* set : kernel_sets()) {
    if (name == set->name) return *set;
    known += (known.empty() ? "" : ", ") + std::string(set->name);
  }
  throw InputError("kernel set \"" + name + "\" is not known; accepted: " + known);
}

}  // namespace edgefront
