#include "search/replication.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "search/inner_algorithm.h"
#include "search/noisy_front.h"
#include "search/replicate_sums.h"
#include "space/error.h"

namespace edgefront {
namespace {

/// Networks whose values lie further than this many standard errors behind the front are not
/// looked at.
constexpr double kPlausibleSigmas = 3;
/// Draws per network where several objectives have noise.
constexpr int kDraws = 256;

std::vector<double> stated_noise(const Problem& problem) {
  std::vector<double> stated;
  for (const ObjectiveInfo& objective : problem.objectives) {
    stated.push_back(objective.exact ? 0 : objective.noise);
  }
  return stated;
}

class Replication final : public WrappingAlgorithm {
 public:
  Replication(std::unique_ptr<SearchAlgorithm> inner, const Problem& problem,
              const ReplicationOptions& options)
      : WrappingAlgorithm(std::move(inner), *problem.space),
        objectives_(problem.objectives),
        fronts_(problem.fronts),
        top_(problem.fidelities - 1),
        options_(options),
        pool_(stated_noise(problem)) {
    if (fronts_.empty()) {
      fronts_.emplace_back();
      for (std::size_t m = 0; m < objectives_.size(); ++m) fronts_[0].push_back(int(m));
    }
  }

  std::string version() const override { return inner_.version() + "+replicates@1"; }

 private:
  struct Network {
    Genotype genotype;
    std::int64_t inner_index = 0;
    int next_replicate = 1;
    int waiting = 0;  ///< asked and unanswered
    Replicates told;
  };

  std::optional<Candidate> choose() override {
    // A turn that no replicate is worth goes to the inner algorithm and is not made up for.
    const double share = options_.share;
    const bool turn = std::floor(share * double(asks_ + 1)) > std::floor(share * double(asks_));
    std::optional<Candidate> next;
    if (turn) next = replicate();
    if (!next) next = inner_.ask(next_index_);
    if (!next) next = replicate();
    return next;
  }

  bool is_inner(const Candidate& asked) const override { return asked.replicate == 0; }

  void note(const Candidate& asked) override {
    ++asks_;
    if (asked.replicate == 0) return;
    const auto known = by_genotype_.find(asked.genotype);
    if (known == by_genotype_.end()) return;
    Network& network = networks_[known->second];
    ++network.waiting;
    ++waiting_;
    network.next_replicate = std::max(network.next_replicate, asked.replicate + 1);
  }

  void learn(Evaluation told) override {
    const bool ok = told.status == EvaluationStatus::kOk;
    const auto known = by_genotype_.find(told.genotype);
    if (known != by_genotype_.end() && told.replicate > 0) {
      Network& network = networks_[known->second];
      if (network.waiting > 0) --network.waiting, --waiting_;
      network.next_replicate = std::max(network.next_replicate, told.replicate + 1);
      if (!ok) return;
      told.index = network.inner_index;
    }
    if (ok && told.fidelity == top_) add(told);
    inner_.tell(told);
  }

  /// Adds to what is known of the network, and makes `told` the mean of it.
  void add(Evaluation& told) {
    const auto [place, added] = by_genotype_.try_emplace(told.genotype, networks_.size());
    if (added) {
      networks_.push_back({.genotype = told.genotype, .inner_index = told.index, .told = {}});
    }
    Network& network = networks_[place->second];
    pool_.add(network.told, told.objectives, told.violation, told.standard_errors);
    if (network.told.answers == 1) return;
    told.objectives = network.told.mean();
    told.violation = network.told.violation();
    told.standard_errors = pool_.standard_error(network.told);
    told.replicate = network.told.answers - 1;
  }

  /// The feasible networks that may be of the front over `objectives`, as indices of networks_.
  std::vector<std::size_t> plausible(const std::vector<int>& objectives) const {
    std::vector<std::size_t> feasible;
    std::vector<NoisyPoint> points;
    for (std::size_t i = 0; i < networks_.size(); ++i) {
      if (networks_[i].told.violation() > 0) continue;
      const ObjectiveVector mean = networks_[i].told.mean();
      const std::vector<double> error = pool_.standard_error(networks_[i].told);
      NoisyPoint point;
      for (const int m : objectives) {
        point.mean.push_back(mean[m]);
        point.standard_error.push_back(objectives_[m].exact ? 0 : error[m]);
      }
      feasible.push_back(i);
      points.push_back(std::move(point));
    }
    std::vector<std::size_t> chosen;
    for (const int k : plausible_members(points, kPlausibleSigmas)) chosen.push_back(feasible[k]);
    return chosen;
  }

  bool may_repeat(const Network& network) const {
    return network.next_replicate < options_.max_replicates;
  }

  /// The most valuable replicate, where one is worth its evaluation.
  std::optional<Candidate> replicate() const {
    std::map<std::size_t, double> changes;
    bool known = false;
    std::optional<std::size_t> least;  // while the noise is unknown
    for (const std::vector<int>& objectives : fronts_) {
      const std::vector<std::size_t> members = plausible(objectives);
      for (const std::size_t i : members) {
        known = known || pool_.known(networks_[i].told);
        const auto evaluations = [&](std::size_t k) {
          return networks_[k].told.answers + networks_[k].waiting;
        };
        if (may_repeat(networks_[i]) && (!least || evaluations(i) < evaluations(*least))) least = i;
      }
      if (known) add_changes(objectives, members, changes);
    }
    if (!known) {
      const bool learning = pool_.degrees_of_freedom() + waiting_ < PooledNoise::kEnough;
      return learning && least ? std::optional(next_of(*least)) : std::nullopt;
    }
    const std::size_t none = networks_.size();
    std::size_t best = none;
    for (const auto& [i, value] : changes) {
      if (value < options_.min_changes || !may_repeat(networks_[i])) continue;
      if (best == none || value > changes[best]) best = i;
    }
    return best == none ? std::nullopt : std::optional(next_of(best));
  }

  /// Expected changes of one front, by index of networks_.
  void add_changes(const std::vector<int>& objectives, const std::vector<std::size_t>& members,
                   std::map<std::size_t, double>& changes) const {
    std::vector<ObjectiveVector> means;
    std::vector<std::vector<double>> shifts;
    for (const std::size_t i : members) {
      const Network& network = networks_[i];
      const ObjectiveVector mean = network.told.mean();
      const std::vector<double> noise = pool_.noise(network.told);
      means.emplace_back();
      shifts.emplace_back();
      for (const int m : objectives) {
        means.back().push_back(mean[m]);
        shifts.back().push_back(
            objectives_[m].exact ? 0
                                 : shift_of_next(noise[m], network.told.answers, network.waiting));
      }
    }
    const NoisyFrontOptions draws{.draws = kDraws, .seed = options_.seed};
    const std::vector<double> expected = expected_front_changes(means, shifts, draws);
    for (std::size_t k = 0; k < members.size(); ++k) changes[members[k]] += expected[k];
  }

  Candidate next_of(std::size_t i) const {
    return {.index = next_index_,
            .genotype = networks_[i].genotype,
            .fidelity = top_,
            .replicate = networks_[i].next_replicate};
  }

  const std::vector<ObjectiveInfo> objectives_;
  std::vector<std::vector<int>> fronts_;
  const int top_;  ///< fidelity
  const ReplicationOptions options_;
  PooledNoise pool_;
  std::vector<Network> networks_;  ///< in the order of their first answers
  std::unordered_map<Genotype, std::size_t> by_genotype_;
  std::int64_t asks_ = 0;
  std::int64_t waiting_ = 0;  ///< replicates
};

}  // namespace

std::unique_ptr<SearchAlgorithm> make_replication(std::unique_ptr<SearchAlgorithm> inner,
                                                  const Problem& problem,
                                                  const ReplicationOptions& options) {
  if (!(options.share >= 0 && options.share <= 1)) {
    throw InputError("replicate_share = " + std::to_string(options.share) + "; accepted: 0 to 1");
  }
  if (options.max_replicates < 2) {
    throw InputError("max_replicates = " + std::to_string(options.max_replicates) +
                     "; accepted: at least 2");
  }
  return std::make_unique<Replication>(std::move(inner), problem, options);
}

}  // namespace edgefront
