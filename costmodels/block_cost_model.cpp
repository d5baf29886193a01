// Costs from a published table of blocks.
#include <algorithm>
#include <limits>
#include <set>

#include "costmodels/additive_parts.h"
#include "costmodels/cost_model.h"
#include "costmodels/latency_correction.h"
#include "costmodels/network_totals.h"
#include "hwprofiles/layer_listing.h"
#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"
#include "space/error.h"

namespace edgefront {
namespace {

/// Which of the fields that a table may not know it does know.
struct KnownFields {
  bool squeeze_excite, hswish, residual, resolution;
  auto operator<=>(const KnownFields&) const = default;
  int count() const { return squeeze_excite + hswish + residual + resolution; }
};

KnownFields known_fields(const BlockKey& key) {
  return {key.squeeze_excite >= 0, key.hswish >= 0, key.residual >= 0, key.resolution > 0};
}

BlockKey with_fields(BlockKey key, const KnownFields& known) {
  if (!known.squeeze_excite) key.squeeze_excite = -1;
  if (!known.hswish) key.hswish = -1;
  if (!known.residual) key.residual = -1;
  if (!known.resolution) key.resolution = 0;
  return key;
}

class BlockCostModel final : public CostModel {
 public:
  BlockCostModel(std::shared_ptr<const DeviceProfile> profile, const CostModelOptions& options)
      : profile_(std::move(profile)),
        options_(options),
        set_(find_kernel_set(options.kernel_set.empty() ? "reference" : options.kernel_set)) {
    if (options_.on_miss == OnMiss::kAnalytic) {
      throw InputError(options_.profile_path +
                       " is an imported table of blocks: on_miss = \"analytic\" is for layers");
    }
    std::set<KnownFields> known;
    for (const auto& [text, entry] : profile_->blocks) {
      const BlockKey key = BlockKey::parse(text);
      known.insert(known_fields(key));
      has_pools_ = has_pools_ || key.kind == BlockKind::kPool;
    }
    known_.assign(known.begin(), known.end());
    std::stable_sort(known_.begin(), known_.end(), [](const KnownFields& a, const KnownFields& b) {
      return a.count() > b.count();
    });
    parts_.precision = options_.precision;
    parts_.threads = options_.threads;
    parts_.set = &set_;
    parts_.description = profile_->description;
    parts_.block_us = [this](const LayerGraph& block, int input_resolution) {
      return us_of_block(block, input_resolution);
    };
  }
  BlockCostModel(const BlockCostModel&) = delete;  // parts_ refers to this
  BlockCostModel& operator=(const BlockCostModel&) = delete;

  NetworkCost estimate(const LayerGraph& graph) const override {
    LatencySums sums;
    std::string missing;
    for (const auto& keys : keys_by_block(graph, input_resolution_of(graph))) {
      sums.us += sum_of(entries_of(keys, &missing));
    }
    if (!missing.empty()) refuse(missing);
    NetworkCost cost;
    correct_latency(parts_.correction, sums, cost);
    const LayerGraph typed = with_precision(graph, options_.precision);
    add_totals(typed, execution_steps(typed, set_), set_, options_.threads, profile_->description,
               options_.precision, cost);
    add_device_terms(parts_.terms, cost);
    return cost;
  }

  std::vector<LayerCost> layers(const LayerGraph& graph) const override {
    std::vector<LayerCost> costs;
    std::string missing;
    for (const auto& keys : keys_by_block(graph, input_resolution_of(graph))) {
      const auto entries = entries_of(keys, &missing);
      costs.insert(costs.end(), entries.begin(), entries.end());
    }
    if (!missing.empty()) refuse(missing);
    return costs;
  }

  const AdditiveParts* parts() const override { return &parts_; }

 private:
  static int input_resolution_of(const LayerGraph& graph) {
    return graph.tensors[graph.inputs.front()].shape.height;
  }

  static double sum_of(const std::vector<LayerCost>& entries) {
    double us = 0;
    for (const LayerCost& entry : entries) us += entry.latency_us;
    return us;
  }

  [[noreturn]] void refuse(const std::string& missing) const {
    throw InputError(options_.profile_path + ", an imported table, has no entry for " + missing);
  }

  double us_of_block(const LayerGraph& block, int input_resolution) const {
    std::string missing;
    try {
      const double us = sum_of(entries_of(keys_by_block(block, input_resolution).at(0), &missing));
      if (missing.empty()) return us;
    } catch (const InputError&) {  // a kind of block that no table has
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  /// Of one block of the graph; appends to `missing` what the table lacks.
  std::vector<LayerCost> entries_of(const std::vector<BlockKey>& keys, std::string* missing) const {
    std::vector<LayerCost> costs;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i].kind == BlockKind::kPool && i + 1 < keys.size() &&
          keys[i + 1].kind == BlockKind::kFullyConnected &&
          add_pool_and_fully(keys[i], keys[i + 1], &costs)) {
        ++i;
        continue;
      }
      if (add(keys[i], &costs)) continue;
      // A table without any pool has them in the entries around them.
      if (keys[i].kind == BlockKind::kPool && !has_pools_) continue;
      *missing += (missing->empty() ? "" : "; ") + keys[i].text();
    }
    return costs;
  }
  bool add_pool_and_fully(const BlockKey& pool, const BlockKey& fully,
                          std::vector<LayerCost>* costs) const {
    BlockKey both = fully;
    both.kind = BlockKind::kPoolAndFully;
    both.input = pool.input;
    return add(both, costs);
  }

  /// The entry that knows most of the block's fields.
  bool add(const BlockKey& key, std::vector<LayerCost>* costs) const {
    for (const KnownFields& known : known_) {
      const auto entry = profile_->blocks.find(with_fields(key, known).text());
      if (entry == profile_->blocks.end()) continue;
      costs->push_back({entry->first, entry->second.latency_us, false, EntryOrigin::kImported});
      return true;
    }
    return false;
  }

  std::shared_ptr<const DeviceProfile> profile_;
  CostModelOptions options_;
  const KernelSet& set_;
  std::vector<KnownFields> known_;  ///< combinations that the table has, those of most fields first
  bool has_pools_ = false;
  AdditiveParts parts_;
};

}  // namespace

std::unique_ptr<CostModel> make_block_cost_model(std::shared_ptr<const DeviceProfile> profile,
                                                 const CostModelOptions& options) {
  return std::make_unique<BlockCostModel>(std::move(profile), options);
}

}  // namespace edgefront
