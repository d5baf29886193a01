// Which genotypes of a space were told or asked, and drawing from the rest: what keeps algorithms
// from asking the same network twice.
#pragma once

#include <cstdint>
#include <optional>

#include "search/genotype_set.h"
#include "space/genotype.h"
#include "space/random.h"
#include "space/search_space.h"
#include "space/uniform_sampler.h"

namespace edgefront {

class SeenGenotypes {
 public:
  explicit SeenGenotypes(const SearchSpace& space);  ///< `space` outlives this

  /// `genotype` is canonical. Its number, and whether it was there already.
  GenotypeSet::Added add(const Genotype& genotype) { return seen_.add(genotype); }
  bool contains(const Genotype& genotype) const { return seen_.contains(genotype); }
  /// Every network of the space was seen.
  bool exhausted() const { return seen_.size() >= cardinality_; }
  /// Uniform over the unseen genotypes (rejection), or nothing where none is left. Not added.
  std::optional<Genotype> sample_unseen(RandomStream& random) const;

 private:
  UniformSampler sampler_;
  std::uint64_t cardinality_;  ///< saturates at 2^64 − 1
  GenotypeSet seen_;
};

}  // namespace edgefront
