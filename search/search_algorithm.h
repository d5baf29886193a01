// The search side's one interface. It knows genotypes and objective vectors and nothing of
// accuracy or latency.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "space/genotype.h"
#include "space/search_space.h"

namespace edgefront {

/// One question to the evaluators. `index` counts asks from 0 and keys the journal.
struct Candidate {
  std::int64_t index = 0;
  Genotype genotype;
  int fidelity = 0;
  int replicate = 0;
};

enum class EvaluationStatus { kOk, kFailed };

/// The answer. `objectives` are minimised, in the order of Problem::objectives; `violation` is 0
/// for a feasible candidate, else the sum of relative excesses over the limits (Deb's constrained
/// domination). Failed: objectives empty, `reason` one line.
struct Evaluation {
  std::int64_t index = 0;
  Genotype genotype;
  std::vector<double> objectives;
  double violation = 0;
  int fidelity = 0, replicate = 0;
  std::vector<double> standard_errors = {};  ///< per objective, 0 for exact ones; empty: unknown
  EvaluationStatus status = EvaluationStatus::kOk;
  std::string reason;
};

struct ObjectiveInfo {
  std::string name;
  bool exact = false;  ///< cheap and without noise: exact_costs gives it
  double noise = 0;    ///< standard deviation, unit of the objective
  /// Largest feasible value, where a constraint is on this objective and only an evaluation can say.
  double limit = std::numeric_limits<double>::infinity();
};

/// Exact objectives of one genotype with their interval, and the violation they cause.
struct ExactCosts {
  std::vector<double> values, low, high;  ///< per exact objective, in order of Problem::objectives
  double violation = 0;
};

/// What an algorithm is built from. The two functions take batches and are thread-safe.
struct Problem {
  const SearchSpace* space = nullptr;  ///< outlives the algorithm
  std::vector<ObjectiveInfo> objectives;
  std::vector<std::string> constraints;  ///< names, for messages
  std::function<std::vector<ExactCosts>(const std::vector<Genotype>&)> exact_costs;
  std::function<std::vector<std::vector<double>>(const std::vector<Genotype>&)> features;
  std::vector<std::string> feature_names = {};  ///< of the columns of `features`, where known
  int fidelities = 1;
  /// One front per entry, over the objectives with these indices (one search for several devices);
  /// empty: one front over all objectives.
  std::vector<std::vector<int>> fronts = {};
};

/// Deterministic: same problem, options and tells, same asks. Not thread-safe.
class SearchAlgorithm {
 public:
  virtual ~SearchAlgorithm() = default;
  /// The next `count` ≥ 1 candidates or fewer, at least one unless the space is exhausted. Never a
  /// genotype that was told or is asked and unanswered, except to evaluate it again at another
  /// fidelity or replicate.
  virtual std::vector<Candidate> ask(int count) = 0;
  /// Takes what an earlier run of the same version asked at this point, in place of ask(): what
  /// follows is asked as if ask() had given these. False, and nothing changed: be asked, the caller
  /// compares. For algorithms whose ask() is expensive, so that a replay is not.
  virtual bool take_over(const std::vector<Candidate>& asked) {
    (void)asked;
    return false;
  }
  /// In the order of the asks. Evaluations that were not asked for are accepted too (warm start,
  /// adopt, include). One of a genotype that was told before brings better values of it (the mean
  /// of its replicates, a higher fidelity), which replace the old ones wherever the algorithm still
  /// keeps them; a failed one of such a genotype changes nothing.
  virtual void tell(const std::vector<Evaluation>& evaluations) = 0;
  /// Name and version as they stand in the manifest, e.g. "nsga2@1".
  virtual std::string version() const = 0;
};

}  // namespace edgefront
