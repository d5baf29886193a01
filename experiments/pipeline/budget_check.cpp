#include "experiments/pipeline/budget_check.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/host.h"
#include "experiments/pipeline/run_folder.h"

namespace edgefront {
namespace {

constexpr int kMaxPasses = 6;
constexpr double kMaxRaise = 1.1;
constexpr double kDisturbance = 1.05;
constexpr std::size_t kEnoughToTell = 3;  // networks

double mean_of(const std::vector<LatencyStatistics>& rounds, double LatencyStatistics::*value) {
  double sum = 0;
  for (const LatencyStatistics& s : rounds) sum += s.*value;
  return sum / static_cast<double>(rounds.size());
}

Remeasured judge(const std::vector<LatencyStatistics>& rounds, double raise,
                 const std::vector<LatencyBudget>& budgets) {
  Remeasured result;
  LatencyStatistics& all = result.statistics;
  all = rounds.front();
  for (const LatencyStatistics& s : rounds) {
    all.latency_low_us = std::min(all.latency_low_us, s.latency_low_us);
    all.p95_us = std::max(all.p95_us, s.p95_us);
    all.p99_us = std::max(all.p99_us, s.p99_us);
  }
  all.latency_us = mean_of(rounds, &LatencyStatistics::latency_us);
  all.p50_us = mean_of(rounds, &LatencyStatistics::p50_us);
  all.latency_high_us = raise * upper_bound_us(rounds, &LatencyStatistics::latency_us);
  for (const LatencyBudget& budget : budgets) {
    const double bound = raise * upper_bound_us(rounds, budget.statistic);
    if (bound <= budget.limit_us || !result.over.empty()) continue;
    result.undecided = raise * mean_of(rounds, budget.statistic) <= budget.limit_us;
    result.over = budget.name + " measured " + fixed(mean_of(rounds, budget.statistic), 2) +
                  " us, upper 95 % bound " + fixed(bound, 2) + " us, over the budget of " +
                  fixed(budget.limit_us, 2) + " us";
  }
  return result;
}

/// From the undisturbed rounds.
std::vector<Remeasured> judge_all(const BudgetCheckOptions& options,
                                  const std::vector<BudgetRound>& rounds, std::size_t networks) {
  const std::vector<bool> undisturbed = undisturbed_rounds(rounds, options.rounds);
  std::vector<std::vector<LatencyStatistics>> times(networks);
  double slowest = -1;  // of the machine, over the rounds
  for (std::size_t r = 0; r < rounds.size(); ++r) {
    if (!undisturbed[r]) continue;
    slowest = std::max(slowest, rounds[r].reference_kernel_us);
    for (std::size_t i = 0; i < networks; ++i) times[i].push_back(rounds[r].networks.at(i));
  }
  const bool known = slowest > 0 && options.reference_kernel_us > 0;
  const double raise =
      known ? std::clamp(options.reference_kernel_us / slowest, 1.0, kMaxRaise) : 1.0;
  std::vector<Remeasured> judged;
  for (const auto& network : times) judged.push_back(judge(network, raise, options.budgets));
  return judged;
}

/// Whether no further round is due.
bool is_enough(const BudgetCheckOptions& options, const std::vector<BudgetRound>& rounds,
               const std::vector<Remeasured>& judged) {
  const int measured = static_cast<int>(rounds.size());
  if (measured < options.rounds) return false;
  if (measured >= options.most_rounds) return true;
  const std::vector<bool> undisturbed = undisturbed_rounds(rounds, 0);
  const auto left = std::count(undisturbed.begin(), undisturbed.end(), true);
  return left >= options.rounds && std::none_of(judged.begin(), judged.end(),
                                                [](const Remeasured& r) { return r.undecided; });
}

std::vector<FrontMember> unmeasured(const Front& front) {
  std::vector<FrontMember> members;
  for (const FrontMember& member : front.members) {
    const bool known = (member.measured && !member.measured->empty()) || member.exported;
    if (!known) members.push_back(member);
  }
  return members;
}

/// `front` without what was dropped, and with who takes its place.
void rebuild(const std::vector<EvaluationRecord>& records, Front& front) {
  Front next = build_front(front.objectives, records, front.dropped);
  keep_measured_facts(front, next);
  front = std::move(next);
}

/// Until only measured members are left.
void drop_rest(const std::vector<EvaluationRecord>& records, Front& front, BudgetCheck& check) {
  const std::string reason =
      "not measured: " + std::to_string(check.dropped) + " networks before it were over the budget";
  for (auto rest = unmeasured(front); !rest.empty(); rest = unmeasured(front)) {
    for (const FrontMember& member : rest) {
      front.dropped.push_back({member.index, member.genotype, reason, {}});
    }
    check.dropped += static_cast<int>(rest.size());
    rebuild(records, front);
  }
}

}  // namespace

std::vector<LatencyBudget> latency_budgets(const SearchExperiment& experiment, std::size_t device) {
  std::vector<LatencyBudget> budgets;
  for (const auto& [name, limit] : experiment.constraints) {
    const std::size_t at = name.find('@');
    const bool here = at == std::string::npos
                          ? device == 0
                          : name.substr(at + 1) == experiment.devices[device].name;
    const std::string metric = name.substr(0, at);
    if (!here) continue;
    if (metric == "latency_us") budgets.push_back({name, limit, &LatencyStatistics::latency_us});
    if (metric == "latency_p95_us") budgets.push_back({name, limit, &LatencyStatistics::p95_us});
  }
  return budgets;
}

double upper_bound_us(const std::vector<LatencyStatistics>& rounds,
                      double LatencyStatistics::*statistic) {
  const double n = static_cast<double>(rounds.size()), mean = mean_of(rounds, statistic);
  double squares = 0, bound = 0;
  for (const LatencyStatistics& s : rounds) {
    squares += (s.*statistic - mean) * (s.*statistic - mean);
    bound = std::max(bound, s.*statistic);
    if (statistic == &LatencyStatistics::latency_us) bound = std::max(bound, s.latency_high_us);
  }
  const double deviation = std::sqrt(squares / (n - 1));
  return std::max(bound,
                  mean + student_t_quantile(0.975, n - 1) * deviation * std::sqrt(1 + 1 / n));
}

std::vector<bool> undisturbed_rounds(const std::vector<BudgetRound>& rounds, int at_least) {
  const std::vector<bool> all(rounds.size(), true);
  const std::size_t networks = rounds.empty() ? 0 : rounds.front().networks.size();
  if (networks < kEnoughToTell) return all;
  std::vector<bool> undisturbed;
  for (const BudgetRound& round : rounds) {
    std::vector<double> slowness;
    for (std::size_t i = 0; i < networks; ++i) {
      double shortest = round.networks[i].latency_us;
      for (const BudgetRound& other : rounds) {
        shortest = std::min(shortest, other.networks[i].latency_us);
      }
      slowness.push_back(round.networks[i].latency_us / shortest);
    }
    undisturbed.push_back(quantile(std::move(slowness), 0.5) <= kDisturbance);
  }
  const auto left = std::count(undisturbed.begin(), undisturbed.end(), true);
  return left < at_least ? all : undisturbed;
}

std::vector<Remeasured> remeasure(const BudgetCheckOptions& options,
                                  const std::vector<std::string>& genotypes) {
  std::vector<BudgetRound> rounds;
  std::vector<Remeasured> judged;
  do {
    const int number = static_cast<int>(rounds.size());
    rounds.push_back(options.measure(genotypes, number));
    if (number + 1 >= options.rounds) judged = judge_all(options, rounds, genotypes.size());
  } while (!is_enough(options, rounds, judged));
  return judged;
}

std::map<std::string, double> measured_facts(const LatencyStatistics& s) {
  return {{"latency_us", s.latency_us},
          {"latency_low_us", s.latency_low_us},
          {"latency_high_us", s.latency_high_us},
          {"latency_p95_us", s.p95_us}};
}

BudgetCheck check_budgets(const BudgetCheckOptions& options,
                          const std::vector<EvaluationRecord>& records, Front& front) {
  BudgetCheck check;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    const std::vector<FrontMember> members = unmeasured(front);
    if (members.empty()) return check;
    std::vector<std::string> genotypes;
    for (const FrontMember& member : members) genotypes.push_back(member.genotype);
    const std::vector<Remeasured> judged = remeasure(options, genotypes);
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::map<std::string, double> facts = measured_facts(judged[i].statistics);
      if (!judged[i].over.empty()) {
        front.dropped.push_back({members[i].index, members[i].genotype, judged[i].over, facts});
        ++check.dropped;
        continue;
      }
      for (FrontMember& member : front.members) {
        if (member.genotype == genotypes[i]) member.measured = facts;
      }
      ++check.kept;
    }
    rebuild(records, front);
  }
  drop_rest(records, front, check);
  return check;
}

}  // namespace edgefront
