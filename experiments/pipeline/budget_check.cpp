#include "experiments/pipeline/budget_check.h"

#include <algorithm>
#include <cmath>

#include "experiments/host.h"
#include "experiments/pipeline/run_folder.h"

namespace edgefront {
namespace {

constexpr int kMaxPasses = 6;
constexpr double kMaxRaise = 1.1;

/// What one network's rounds say together.
struct Judged {
  std::map<std::string, double> measured;
  std::string reason;  ///< empty: within all budgets
};

double mean_of(const std::vector<LatencyStatistics>& rounds, double LatencyStatistics::*value) {
  double sum = 0;
  for (const LatencyStatistics& s : rounds) sum += s.*value;
  return sum / static_cast<double>(rounds.size());
}

Judged judge(const std::vector<LatencyStatistics>& rounds, double raise,
             const std::vector<LatencyBudget>& budgets) {
  Judged judged;
  double low = rounds.front().latency_low_us, p95 = 0;
  for (const LatencyStatistics& s : rounds) {
    low = std::min(low, s.latency_low_us);
    p95 = std::max(p95, s.p95_us);
  }
  const double latency = mean_of(rounds, &LatencyStatistics::latency_us);
  judged.measured = {
      {"latency_us", latency},
      {"latency_low_us", low},
      {"latency_high_us", raise * upper_bound_us(rounds, &LatencyStatistics::latency_us)},
      {"latency_p95_us", p95}};
  for (const LatencyBudget& budget : budgets) {
    const double bound = raise * upper_bound_us(rounds, budget.statistic);
    if (bound <= budget.limit_us || !judged.reason.empty()) continue;
    judged.reason = budget.name + " measured " + fixed(mean_of(rounds, budget.statistic), 2) +
                    " us, upper 95 % bound " + fixed(bound, 2) + " us, over the budget of " +
                    fixed(budget.limit_us, 2) + " us";
  }
  return judged;
}

std::vector<Judged> measure(const BudgetCheckOptions& options,
                            const std::vector<std::string>& genotypes) {
  std::vector<std::vector<LatencyStatistics>> rounds(genotypes.size());
  double slowest = -1;  // of the machine, over the rounds
  for (int round = 0; round < options.rounds; ++round) {
    const BudgetRound measured = options.measure(genotypes, round);
    slowest = std::max(slowest, measured.reference_kernel_us);
    for (std::size_t i = 0; i < genotypes.size(); ++i) {
      rounds[i].push_back(measured.networks.at(i));
    }
  }
  const bool known = slowest > 0 && options.reference_kernel_us > 0;
  const double raise =
      known ? std::clamp(options.reference_kernel_us / slowest, 1.0, kMaxRaise) : 1.0;
  std::vector<Judged> judged;
  for (const auto& network : rounds) judged.push_back(judge(network, raise, options.budgets));
  return judged;
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

BudgetCheck check_budgets(const BudgetCheckOptions& options,
                          const std::vector<EvaluationRecord>& records, Front& front) {
  BudgetCheck check;
  for (int pass = 0; pass < kMaxPasses; ++pass) {
    const std::vector<FrontMember> members = unmeasured(front);
    if (members.empty()) return check;
    std::vector<std::string> genotypes;
    for (const FrontMember& member : members) genotypes.push_back(member.genotype);
    const std::vector<Judged> judged = measure(options, genotypes);
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!judged[i].reason.empty()) {
        front.dropped.push_back(
            {members[i].index, members[i].genotype, judged[i].reason, judged[i].measured});
        ++check.dropped;
        continue;
      }
      for (FrontMember& member : front.members) {
        if (member.genotype == genotypes[i]) member.measured = judged[i].measured;
      }
      ++check.kept;
    }
    rebuild(records, front);
  }
  drop_rest(records, front, check);
  return check;
}

}  // namespace edgefront
