// Which genotypes of a space were told or asked, and drawing from the rest: what keeps algorithms
// from asking the same network twice.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_set>

#include "space/genotype.h"
#include "space/random.h"
#include "space/search_space.h"

namespace edgefront {

class SeenGenotypes {
 public:
  explicit SeenGenotypes(const SearchSpace& space);  ///< `space` outlives this

  /// `genotype` is canonical. False if it was there already.
  bool add(const Genotype& genotype) { return seen_.insert(genotype).second; }
  bool contains(const Genotype& genotype) const { return seen_.contains(genotype); }
  /// Every network of the space was seen.
  bool exhausted() const { return seen_.size() >= cardinality_; }
  /// Uniform over the unseen genotypes (rejection), or nothing where none is left. Not added.
  std::optional<Genotype> sample_unseen(RandomStream& random) const;

 private:
  const SearchSpace* space_;
  std::uint64_t cardinality_;  ///< saturates at 2^64 − 1
  std::unordered_set<Genotype> seen_;
};

}  // namespace edgefront
