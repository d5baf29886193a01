// Candidates with what is free to know of them: exact costs, and the row that a surrogate sees.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "search/genotype_encoding.h"
#include "search/principal_axes.h"
#include "search/search_algorithm.h"

namespace edgefront {

struct KnownCandidate {
  Genotype genotype;  ///< canonical
  ExactCosts costs;
  EncodedGenotype encoded;
};

/// Looks candidates up, and computes what was not asked before. Beyond a few thousand entries old
/// ones may be computed again: the answers never depend on what was kept. Not thread-safe.
/// Where there are several fronts, rows hold the costs' principal axes in place of the costs.
class CandidatePool {
 public:
  /// Spaces of at most `enumerate_up_to` networks are known whole, of others `samples` uniform
  /// networks (from `seed`) are the base that numbers are standardised by.
  CandidatePool(const Problem& problem, std::uint64_t seed, std::int64_t enumerate_up_to,
                int samples);

  /// Costs and rows of canonical genotypes, in their order. Valid while this lives and until
  /// forget().
  std::vector<const KnownCandidate*> know(const std::vector<Genotype>& genotypes);
  /// Drops what know() added but the base and `kept`.
  void forget(const std::vector<Genotype>& kept);

  const std::vector<const KnownCandidate*>& base() const { return base_; }
  bool whole() const { return whole_; }  ///< the base is the whole space
  int numbers() const;                   ///< of each row
  std::size_t size() const { return known_.size(); }

 private:
  /// The values of one number over the base, sorted; a value's place among them becomes a normal
  /// score (features), or its logarithm is standardised (costs).
  struct Scale {
    bool cost = false, logarithm = false;
    double mean = 0, deviation = 1;
    std::vector<double> sorted;
    double operator()(double value) const;
  };
  void compute(std::span<KnownCandidate* const> candidates);
  void set_scales();
  void set_axes();
  void scale(EncodedGenotype* encoded) const;

  const Problem& problem_;
  std::unordered_map<Genotype, std::unique_ptr<KnownCandidate>> known_;
  std::unordered_map<Genotype, bool> in_base_;
  std::vector<const KnownCandidate*> base_;
  std::vector<Scale> scales_;
  std::optional<PrincipalAxes> axes_;  ///< of the costs, where they are of several fronts
  bool whole_ = false;
};

/// All canonical genotypes that differ from `genotype` by one decision (and by what that wakes or
/// puts to sleep), without repetition, in the order of decisions and choices.
std::vector<Genotype> neighbours(const SearchSpace& space, const Genotype& genotype);

}  // namespace edgefront
