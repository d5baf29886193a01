// What each block of a space adds to a network on up to eight devices, side by side so that eight
// are added as fast as one or two.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "costmodels/additive_parts.h"
#include "runtime/graph.h"

namespace edgefront {

/// Of one block, on all devices alike.
struct BlockCounts {
  std::int64_t macs = 0, parameters = 0;
  std::int64_t weights_bytes[2] = {0, 0};  ///< by Precision
  void add(const BlockCounts& block) {
    macs += block.macs;
    parameters += block.parameters;
    weights_bytes[0] += block.weights_bytes[0];
    weights_bytes[1] += block.weights_bytes[1];
  }
};
BlockCounts count_block(const LayerGraph& graph);

/// Of one block on one device, or of a network: times and packed bytes add, the others are maxima.
/// Bytes are in units of 64.
struct BlockCost {
  double us = 0;           ///< NaN where the profile lacks a layer
  double analytic_us = 0;  ///< of them
  double moved_bytes = 0;  ///< exact: below 2^53
  double measured_uj = 0;  ///< NaN where a layer's energy was not measured
  std::int32_t packed = 0, scratch = 0;
  /// Twice the activations, and 1 where they are what is live at once. In a network's maximum that
  /// bit says whether the plan of the whole is this maximum: what is live in another block is below
  /// it anyway.
  std::int32_t activations = 0;
};

/// On each device. `graph` is a block alone, float32; empty for one that cannot be built: NaN.
std::vector<BlockCost> cost_block(const LayerGraph& graph, int input_resolution,
                                  const std::vector<const AdditiveParts*>& devices);

/// The costs of one block on `kDevices` devices, side by side; and, added up, those of a network.
template <int kDevices>
struct CostRow {
  double us[kDevices];
  std::int32_t packed[kDevices], scratch[kDevices], activations[kDevices];
};
/// What is zero in many tables: columns of their own, so that those cost nothing.
enum Extra { kAnalyticUs, kMovedBytes, kMeasuredUj, kExtras };
template <int kDevices>
struct ExtraRow {
  double of[kDevices];
};

/// A table of blocks for at most `kDevices` devices: 1 or 8.
template <int kDevices>
class BlockTable {
 public:
  struct Sums {
    CostRow<kDevices> costs;
    ExtraRow<kDevices> extra[kExtras];
  };

  /// costs[block][device]
  explicit BlockTable(const std::vector<std::vector<BlockCost>>& costs);

  /// Of the network with these blocks. The sums of each device are taken in their order.
  void add_up(std::span<const std::uint32_t> blocks, Sums* sums) const;

 private:
  std::vector<CostRow<kDevices>> rows_;
  std::vector<ExtraRow<kDevices>> extra_[kExtras];  ///< empty where it would hold zeros alone
};

}  // namespace edgefront
