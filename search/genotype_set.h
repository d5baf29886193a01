// A set of genotypes for searches that see millions of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "space/genotype.h"

namespace edgefront {

/// Of genotypes of one length, numbered from 0 in the order in which they came. Their choices stand
/// one after the other in one array, and a table of numbers with linear probing finds them: no
/// allocation for each, and two cache lines for a look-up.
class GenotypeSet {
 public:
  struct Added {
    std::size_t number = 0;
    bool is_new = false;
  };
  Added add(const Genotype& genotype);
  bool contains(const Genotype& genotype) const;
  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint32_t tag = 0;             ///< other bits of the hash than those that chose the slot
    std::uint32_t number_and_one = 0;  ///< 0: free
  };

  /// The slot of these choices, or the free one where they belong.
  std::size_t find(const std::uint8_t* choices, std::uint64_t hash) const;
  void grow();

  std::size_t length_ = 0, size_ = 0;
  std::vector<std::uint8_t> choices_;
  std::vector<Slot> slots_;  ///< a power of two, at most half of them taken
};

}  // namespace edgefront
