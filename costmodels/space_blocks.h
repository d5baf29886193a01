// All networks of a space as walks through one table of blocks. What a block costs depends on its
// choices and on the channels and resolution that reach it, on nothing else; so a space of 10^19
// networks has a few thousand different blocks, and what is known of those is known of every
// network without building it.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/graph.h"
#include "space/search_space.h"

namespace edgefront {

/// Which blocks are the same: those with the same layers; or, for tables that hold for one input
/// image each, those with the same layers in networks of the same input resolution.
enum class BlockIdentity { kLayers, kLayersAndInput };

/// Slots are the stem, each block position of each stage, and the head. A network is one code per
/// slot (what was chosen there; the last code of a slot that may be empty: nothing), and the walk
/// is
///   at = 0; for each slot: row = rows[at + code[slot]]; … row.block …; at = row.next
class SpaceBlocks {
 public:
  struct Row {
    std::uint32_t block = 0;  ///< 0: no block
    std::uint32_t next = 0;   ///< where the rows of the next slot begin for what this one hands on
  };

  /// Lowers every different block once. `usable` is false, and all else empty, for spaces with more
  /// than 2^16 different blocks, 2^20 rows, or 2^16 codes in a slot.
  explicit SpaceBlocks(const SearchSpace& space, BlockIdentity identity = BlockIdentity::kLayers);

  bool usable() const { return !rows_.empty(); }
  int slots() const { return static_cast<int>(slots_.size()); }
  const std::vector<Row>& rows() const { return rows_; }
  /// Number of different blocks, "no block" included.
  std::uint32_t blocks() const { return blocks_; }

  /// Float32, with the block's layers alone; graphs[0] is empty, and so is one of a block that
  /// cannot be built. Taken once, by whoever makes tables of them.
  std::vector<LayerGraph> take_graphs() { return std::move(graphs_); }
  /// Of the networks with this block, for each; 0 where those are not told apart.
  const std::vector<int>& input_resolutions() const { return input_resolutions_; }

  /// codes[slot * stride] for each slot. Canonical or not, all genotypes of one network may have
  /// different codes but walk through the same blocks. Throws InputError that names the gene if one
  /// is out of range.
  void encode(const Genotype& genotype, std::uint16_t* codes, std::int64_t stride) const;

 private:
  friend class SpaceBlocksBuilder;
  struct Term {
    std::uint16_t gene = 0, multiplier = 0;
  };
  /// How the code of a slot follows from genes: the sum of choice·multiplier over its terms where
  /// the choice of depth reaches the slot, else codes − 1.
  struct Slot {
    std::vector<Term> terms;
    std::uint32_t codes = 1;                       ///< how many there are
    int depth_gene = -1;                           ///< −1: every network reaches it
    std::uint64_t reached_by = ~std::uint64_t{0};  ///< bit d: depth choice d reaches the slot
  };
  /// The same without a branch or an indirection; terms_[slot·terms_per_slot_ …].
  struct FlatSlot {
    std::uint64_t reached_by;
    std::uint32_t depth_gene, nothing;
  };
  void flatten();
  template <int kTerms>
  void encode_flat(const std::uint8_t* choices, std::uint16_t* codes, std::int64_t stride) const;

  SearchSpace space_;                      ///< for messages
  std::vector<std::uint8_t> last_choice_;  ///< per gene
  std::vector<Slot> slots_;
  std::vector<FlatSlot> flat_;
  std::vector<Term> terms_;
  int terms_per_slot_ = 1;
  std::vector<Row> rows_;
  std::uint32_t blocks_ = 1;
  std::vector<LayerGraph> graphs_;
  std::vector<int> input_resolutions_;
};

}  // namespace edgefront
