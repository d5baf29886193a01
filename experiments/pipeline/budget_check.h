// Whether the winners of a search keep its latency budgets when they are measured: that a predicted
// latency is within a budget does not promise it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "experiments/pipeline/front_files.h"
#include "experiments/pipeline/journal.h"
#include "experiments/search_experiment.h"
#include "runtime/probe/statistics.h"

namespace edgefront {

/// A constraint on a latency that can be measured.
struct LatencyBudget {
  std::string name;  ///< of the constraint, e.g. "latency_us@pi"
  double limit_us = 0;
  double LatencyStatistics::*statistic = nullptr;  ///< the one that the budget limits
};

/// The constraints on latency_us and latency_p95_us of the experiment's device with this number.
std::vector<LatencyBudget> latency_budgets(const SearchExperiment& experiment, std::size_t device);

/// Of several measurements of one network, seconds apart, each in a process of its own: the upper
/// 95 % bound of one more, as far as these tell. The largest of the ends of their intervals, and of
/// the prediction interval of Student's t over their values, mean + t·s·√(1 + 1/n): machines drift
/// from second to second more than the interval within one measurement knows. At least two.
double upper_bound_us(const std::vector<LatencyStatistics>& rounds,
                      double LatencyStatistics::*statistic);

/// One process's measurements of all networks, in order.
struct BudgetRound {
  std::vector<LatencyStatistics> networks;
  double reference_kernel_us = -1;  ///< of the machine then; −1: unknown
};

/// Which of the rounds say something of the networks and not of what ran beside them: `true` for
/// those that are within 5 % of the quiet ones, by the median over the networks of a round's time
/// to the network's shortest. All, where fewer than `at_least` would be left (what lasts is
/// measured), and where fewer than three networks are there to tell: one alone may be slow in one
/// process and not in another for its own reasons.
std::vector<bool> undisturbed_rounds(const std::vector<BudgetRound>& rounds, int at_least);

struct BudgetCheckOptions {
  std::vector<LatencyBudget> budgets;
  int rounds = 5;  ///< undisturbed ones, at least two
  /// With the disturbed ones, and with those that are added while a network is undecided. At least
  /// `rounds`.
  int most_rounds = 12;
  /// Starts a process, measures networks (text of genotypes) in it, and waits before the next one.
  std::function<BudgetRound(const std::vector<std::string>& genotypes, int round)> measure;
  /// Of the machine when it was profiled; −1: unknown. Where all rounds met a faster machine, the
  /// bounds are raised by what it was faster, up to a tenth: it will be that slow again.
  double reference_kernel_us = -1;
};

/// What one network's rounds say together.
struct Remeasured {
  /// Means of latency and median over the rounds; the lowest end of the intervals, the upper bound
  /// as latency_high_us, and the largest P95 and P99.
  LatencyStatistics statistics;
  std::string over;        ///< empty, or which budget its upper bound is over
  bool undecided = false;  ///< over by its bound and not by its mean
};

/// Measures in rounds until they are enough, and judges. In the order of `genotypes`. It looks
/// after each further round whether a network is within its budget by now, which lets through a
/// little more than one look would; that the bound is never below the largest round makes up for
/// it.
std::vector<Remeasured> remeasure(const BudgetCheckOptions& options,
                                  const std::vector<std::string>& genotypes);

/// As front.json has it.
std::map<std::string, double> measured_facts(const LatencyStatistics& statistics);

struct BudgetCheck {
  int kept = 0, dropped = 0;  ///< by this call
};

/// Measures the members of `front` that were not measured yet. One whose upper bound is over a
/// budget goes to `front.dropped` with the reason, and who stands behind it in `records` is
/// measured in its place, until all members are kept. After a few such rounds the rest is dropped
/// unmeasured: then the profile is no longer true.
BudgetCheck check_budgets(const BudgetCheckOptions& options,
                          const std::vector<EvaluationRecord>& records, Front& front);

}  // namespace edgefront
