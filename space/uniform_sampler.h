// Exact counting of a space, and uniform sampling by the same counts: dynamic programming over the
// stages. What a stage adds depends on the channels that come in and on nothing else before it.
#pragma once

#include <memory>
#include <string>

#include "space/random.h"
#include "space/search_space.h"

namespace edgefront {

/// Build it once where many genotypes of one space are sampled. `space` outlives it; const methods
/// may be called concurrently.
class UniformSampler {
 public:
  explicit UniformSampler(const SearchSpace& space);
  ~UniformSampler();
  /// Uniform over canonical genotypes; independent of earlier calls but for `random`.
  Genotype sample(RandomStream& random) const;
  /// Number of canonical genotypes, decimal.
  std::string cardinality() const;
  /// Canonical genotype number `index` (decimal, from 0), in the order of the counts.
  Genotype at(const std::string& index) const;

 private:
  struct Counts;
  std::unique_ptr<const Counts> counts_;
};

}  // namespace edgefront
