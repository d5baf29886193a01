// The answers of a run network by network: replicates as their mean, and of several fidelities the
// highest alone.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "experiments/pipeline/journal.h"
#include "search/replicate_sums.h"

namespace edgefront {

/// Per network, the answer that counts: index and text of its first one at the highest fidelity
/// that has any, objectives, violation and metrics as means over the replicates. Failed ones only
/// of networks without any other.
class PooledRecords {
 public:
  /// `records` in the order of their indices.
  explicit PooledRecords(const std::vector<EvaluationRecord>& records);

  /// In the order of their indices.
  const std::vector<EvaluationRecord>& networks() const { return networks_; }
  int evaluations(std::size_t network) const { return sums_[network].answers; }
  /// Something is known of the noise, so that membership of the front is a matter of probability.
  bool noisy() const { return noisy_; }
  std::vector<double> standard_error(std::size_t network) const;
  /// Per network, the probability that no other dominates it (search/noisy_front.h), among the
  /// feasible ones whose genotype is not in `without`; 0 for the others.
  std::vector<double> front_probabilities(const std::set<std::string>& without) const;

 private:
  void add(const EvaluationRecord& record);

  std::vector<EvaluationRecord> networks_;
  std::vector<Replicates> sums_;
  std::unordered_map<std::string, std::size_t> by_genotype_;
  std::optional<PooledNoise> noise_;
  bool noisy_ = false;
};

/// PooledRecords::networks() alone.
std::vector<EvaluationRecord> pooled_networks(const std::vector<EvaluationRecord>& records);

/// The highest fidelity that was answered; 0 where nothing was.
int top_fidelity(const std::vector<EvaluationRecord>& records);

}  // namespace edgefront
