// Costs of very many networks of one space on several devices, from tables of blocks: the same
// numbers as CostModel::estimate, to the bit, without building a graph.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "costmodels/cost_model.h"
#include "space/search_space.h"

namespace edgefront {

/// Networks as one code per slot (space_blocks.h), slot after slot.
struct EncodedNetworks {
  std::int64_t count = 0;
  std::int64_t stride = 0;  ///< codes per slot: count, and what fills it up to whole groups
  std::vector<std::uint16_t> codes;
};

/// Making the tables costs every different block once (tenths of a second for thousands). Functions
/// are const and safe to call from several threads at once.
class CompiledCosts {
 public:
  /// `space` and the models are kept. A model without parts(), and every model where the space has
  /// too many different blocks, is asked network by network instead.
  CompiledCosts(const SearchSpace& space, std::vector<std::shared_ptr<const CostModel>> devices);
  ~CompiledCosts();
  CompiledCosts(const CompiledCosts&) = delete;
  CompiledCosts& operator=(const CompiledCosts&) = delete;

  int devices() const;
  /// Whether this device's numbers come from tables.
  bool compiled(int device) const;

  /// out[i·devices() + d]: network i on device d. What the tables cannot say (layers that a profile
  /// lacks, networks that cannot be built, blocks whose plan is more than what is live at once) the
  /// model is asked for, and throws what it throws.
  void costs(std::span<const Genotype> genotypes, std::span<NetworkCost> out) const;

  /// Where a device is compiled. Throws InputError for a gene out of range.
  void encode(std::span<const Genotype> genotypes, EncodedNetworks* networks) const;
  /// Latencies alone, of a compiled device. NaN where the profile lacks a layer. `out` holds
  /// networks.count values.
  void latencies(const EncodedNetworks& networks, int device, std::span<double> out) const;

 private:
  struct Tables;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace edgefront
