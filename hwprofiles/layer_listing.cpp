#include "hwprofiles/layer_listing.h"

#include "runtime/interpreter.h"
#include "space/error.h"

namespace edgefront {

std::vector<LayerKey> network_keys(const LayerGraph& graph, Precision precision, int threads,
                                   const KernelSet& set) {
  const LayerGraph typed = with_precision(graph, precision);
  std::vector<LayerKey> keys;
  for (const Step& step : fuse(typed)) keys.push_back(key_of(typed, step, set, threads));
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
