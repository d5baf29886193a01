// What a batch found: hypervolumes of all runs of an experiment against one reference point, and
// whether algorithms differ over the seeds.
#pragma once

#include <string>
#include <vector>

#include "experiments/pipeline/batch_run.h"
#include "experiments/pipeline/mann_whitney.h"

namespace edgefront {

/// One run's share of the hypervolume that all runs of its experiment reach together.
struct RunQuality {
  std::string name;
  std::uint64_t seed = 0;
  std::vector<double> curve;  ///< after each evaluation, 0 to 1
  double last() const { return curve.empty() ? 0 : curve.back(); }
};

struct AlgorithmQuality {
  std::string algorithm;
  std::vector<RunQuality> runs;
};

struct AlgorithmComparison {
  std::string first, second;
  int evaluations = 0;  ///< after which they are compared
  double median_first = 0, median_second = 0;
  MannWhitney test;  ///< of shares of hypervolume: larger is better
};

struct ExperimentQuality {
  std::string experiment;
  std::vector<std::string> objectives;
  /// The worst value on the front of all runs together plus a tenth of its range (a tenth of the
  /// value, or 1, where there is none).
  std::vector<double> reference;
  std::vector<AlgorithmQuality> algorithms;      ///< in the order of the batch
  std::vector<AlgorithmComparison> comparisons;  ///< of all pairs, at a quarter, half and all
};

/// From the run folders of what is done. Experiments without a feasible network, or with more than
/// five objectives, have no algorithms in the result.
std::vector<ExperimentQuality> summarise(const std::vector<BatchRun>& runs);

/// The share after `evaluations` ≥ 1 of a curve that stays at its end.
double value_after(const std::vector<double>& curve, int evaluations);

/// One line per run: run, experiment, algorithm, seed, state, attempts, evaluations, share of the
/// hypervolume, reason.
std::string summary_csv(const std::vector<BatchRun>& runs,
                        const std::vector<ExperimentQuality>& qualities);
/// The same with comparisons.
std::string summary_json(const std::string& name, const std::vector<BatchRun>& runs,
                         const std::vector<ExperimentQuality>& qualities);
/// For people.
std::string summary_text(const std::vector<BatchRun>& runs,
                         const std::vector<ExperimentQuality>& qualities);

}  // namespace edgefront
