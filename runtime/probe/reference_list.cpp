#include "runtime/probe/reference_list.h"

#include <utility>

#include "runtime/model.h"
#include "runtime/probe/chains.h"
#include "runtime/probe/compare.h"

namespace edgefront {
namespace {

constexpr int kLayersPerChain = 24;

}  // namespace

Status ReferenceList::load(const std::string& kernel_set, int threads) {
  const KernelSet* set = nullptr;
  if (Status s = choose_kernel_set(kernel_set, &set); !s.ok()) return s;
  std::vector<LayerKey> keys;
  for (LayerKey layer : common_layers()) {
    layer.threads = threads;
    LayerKey key;
    if (Status s = rekey(layer, Precision::kInt8, *set, &key); !s.ok()) return s;
    keys.push_back(std::move(key));
  }
  std::vector<Chain> chains;
  if (Status s = make_chains(keys, {kLayersPerChain, 0}, 1, &chains); !s.ok()) return s;
  std::vector<TimedInterpreter> loaded(chains.size());
  for (std::size_t i = 0; i < chains.size(); ++i) {
    Model model = generated_model(chains[i].graph, 1);
    model.block_choices = chains[i].choices;
    if (Status s = TimedInterpreter::load(model, set->name, threads, 1, &loaded[i]); !s.ok()) {
      return s;
    }
  }
  kernel_set_ = set->name;
  chains_ = std::move(loaded);
  return {};
}

double ReferenceList::time() {
  double us = 0;
  interrupted_ = false;
  for (TimedInterpreter& chain : chains_) {
    us += chain.time_invoke();
    interrupted_ = interrupted_ || chain.interrupted();
  }
  return us;
}

}  // namespace edgefront
