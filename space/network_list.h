// The networks of a space that is a list: the rows of a table, which need not be all combinations
// of their choices.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "space/genotype.h"

namespace edgefront {

/// Immutable, so that threads may share it.
class NetworkList {
 public:
  /// `genotypes` are different from each other and of one length, at least one.
  explicit NetworkList(std::vector<Genotype> genotypes);

  int size() const { return static_cast<int>(genotypes_.size()); }
  const Genotype& at(int index) const { return genotypes_[static_cast<std::size_t>(index)]; }
  /// Index of a genotype, −1 where the list does not have it.
  int find(const Genotype& genotype) const;
  bool contains(const Genotype& genotype) const { return find(genotype) >= 0; }
  /// Index of the listed network with the fewest differing genes that is none of `excluded`; among
  /// equals one that `genotype` decides, without preference for a place in the list. −1 where all
  /// are excluded.
  int nearest(const Genotype& genotype, std::span<const Genotype> excluded = {}) const;
  /// Other listed networks with the fewest differing genes: all that differ in one, or where they
  /// are fewer than four, in up to two, and so on.
  std::vector<Genotype> neighbours(const Genotype& genotype) const;

 private:
  int nearest_by_one_gene(const Genotype& genotype, std::span<const Genotype> excluded) const;
  int differing_genes(int index, const Genotype& genotype) const;

  std::vector<Genotype> genotypes_;
  std::vector<std::uint8_t> genes_;  ///< of all, one after the other
  std::unordered_map<Genotype, int> index_;
  std::vector<int> choices_;  ///< per gene: one more than its largest value
};

}  // namespace edgefront
