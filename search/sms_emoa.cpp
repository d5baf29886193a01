#include "search/sms_emoa.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "search/candidate_book.h"
#include "search/hypervolume.h"
#include "search/option_check.h"
#include "search/ranking.h"
#include "search/reference_directions.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kMostObjectives = 5;  // of hypervolume_contributions

/// One non-dominated front of the members, with what its members add to its scaled hypervolume as
/// far as somebody asked.
class RankedFront {
 public:
  RankedFront(const std::vector<ObjectiveVector>& points, const std::vector<int>& members)
      : contributions_(members.size(), kUnknown) {
    const std::size_t m = points[0].size();
    for (const int i : members) scaled_.insert(scaled_.end(), points[i].begin(), points[i].end());
    for (std::size_t k = 0; k < m; ++k) {
      double low = scaled_[k], high = low;
      for (std::size_t i = k; i < scaled_.size(); i += m) {
        low = std::min(low, scaled_[i]);
        high = std::max(high, scaled_[i]);
      }
      const double range = high > low ? high - low : 1;
      for (std::size_t i = k; i < scaled_.size(); i += m) scaled_[i] = (scaled_[i] - low) / range;
    }
    const int divisions = lattice_divisions(static_cast<int>(m), static_cast<int>(members.size()));
    reference_.assign(m, 1 + 1.0 / std::max(1, divisions));
  }

  /// Of the member at this place of the front.
  double contribution(std::size_t place) {
    if (contributions_[place] == kUnknown) {
      contributions_[place] = hypervolume_contribution(FlatPoints(scaled_, reference_.size()),
                                                       static_cast<int>(place), reference_);
    }
    return contributions_[place];
  }
  /// All of them together cost less than one by one.
  void contribute_all() {
    contributions_ = hypervolume_contributions(FlatPoints(scaled_, reference_.size()), reference_);
  }

 private:
  static constexpr double kUnknown = -1;

  std::vector<double> scaled_;  ///< flat
  ObjectiveVector reference_;
  std::vector<double> contributions_;
};

/// What standings() says of some members, without contributions that nobody looks at: they are what
/// an evaluation costs in four objectives and more.
class LazyStandings {
 public:
  LazyStandings(const std::vector<Evaluation>& members, const std::vector<std::vector<int>>& fronts)
      : ranks_(members.size(), std::numeric_limits<int>::max()), homes_(members.size()) {
    const std::vector<double> violations = violations_of(members);
    for (const std::vector<int>& objectives : fronts) {
      const std::vector<ObjectiveVector> points = points_of(members, objectives);
      int rank = 0;
      for (const std::vector<int>& front : non_dominated_sort(points, violations)) {
        add(points, front, rank++);
      }
    }
  }

  Standing of(std::size_t member) {
    Standing standing{ranks_[member], 0};
    for (const auto& [front, place] : homes_[member]) {
      standing.spread = std::max(standing.spread, fronts_[front].contribution(place));
    }
    return standing;
  }

  /// The member that stands behind all others, the last of those that stand equal.
  std::size_t worst() {
    const int last = *std::max_element(ranks_.begin(), ranks_.end());
    std::vector<bool> known(fronts_.size(), false);
    std::size_t worst = 0;
    Standing behind{-1, 0};
    for (std::size_t i = 0; i < ranks_.size(); ++i) {
      if (ranks_[i] < last) continue;
      for (const auto& home : homes_[i]) {
        if (!known[home.first]) fronts_[home.first].contribute_all();
        known[home.first] = true;
      }
      const Standing here = of(i);
      if (stands_before(here, behind)) continue;
      behind = here;
      worst = i;
    }
    return worst;
  }

 private:
  void add(const std::vector<ObjectiveVector>& points, const std::vector<int>& members, int rank) {
    bool wanted = false;  // as a member's best front
    for (std::size_t place = 0; place < members.size(); ++place) {
      const std::size_t member = static_cast<std::size_t>(members[place]);
      if (rank > ranks_[member]) continue;
      if (rank < ranks_[member]) homes_[member].clear();
      ranks_[member] = rank;
      homes_[member].emplace_back(fronts_.size(), place);
      wanted = true;
    }
    if (wanted) fronts_.emplace_back(points, members);
  }

  std::vector<RankedFront> fronts_;
  std::vector<int> ranks_;  ///< of each member: its best
  /// Of each member: the fronts where it has this rank, and its place there.
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> homes_;
};

class SmsEmoa final : public BookedAlgorithm {
 public:
  SmsEmoa(const Problem& problem, const SmsEmoaOptions& options,
          const std::vector<Genotype>& include)
      : BookedAlgorithm(problem, options.seed, include, {options.design, options.population}),
        population_(options.population),
        fronts_(objective_fronts(problem)),
        variation_(*problem.space, options.variation) {}

  std::string version() const override { return "sms_emoa@4"; }

 private:
  std::optional<Genotype> propose(RandomStream& random) override {
    if (members_.empty() || book_.next_index() < population_) return std::nullopt;
    const Genotype& mother = tournament(random);
    const Genotype& father = tournament(random);
    return variation_.child(mother, father, random);
  }

  void join(Evaluation told) override {
    members_.push_back(std::move(told));
    standings_.reset();
    if (static_cast<int>(members_.size()) <= population_) return;
    LazyStandings standings(members_, fronts_);
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(standings.worst()));
  }

  void update(const Evaluation& better) override {
    replace_values(members_, better);
    standings_.reset();
  }

  const Genotype& tournament(RandomStream& random) {
    if (!standings_) standings_.emplace(members_, fronts_);
    const std::size_t a = random.below(members_.size()), b = random.below(members_.size());
    return members_[stands_before(standings_->of(b), standings_->of(a)) ? b : a].genotype;
  }

  int population_;
  std::vector<std::vector<int>> fronts_;
  VariedSpace variation_;
  std::vector<Evaluation> members_;         ///< in the order in which they were told
  std::optional<LazyStandings> standings_;  ///< of the members, once somebody asked
};

}  // namespace

std::unique_ptr<SearchAlgorithm> make_sms_emoa(const Problem& problem,
                                               const SmsEmoaOptions& options,
                                               const std::vector<Genotype>& include) {
  require_option(options.population >= 4, "sms_emoa", "population", options.population,
                 "at least 4");
  for (const std::vector<int>& front : objective_fronts(problem)) {
    if (front.size() <= kMostObjectives) continue;
    throw InputError("sms_emoa: " + std::to_string(front.size()) +
                     " objectives; accepted: up to 5 (nsga3 takes more)");
  }
  check_variation(options.variation, "sms_emoa");
  return std::make_unique<SmsEmoa>(problem, options, include);
}

}  // namespace edgefront
