#include "search/sms_emoa.h"

#include <algorithm>
#include <string>

#include "search/candidate_book.h"
#include "search/hypervolume.h"
#include "search/option_check.h"
#include "search/ranking.h"
#include "search/reference_directions.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kMostObjectives = 5;  // of hypervolume_contributions

/// What each member of the front adds to its scaled hypervolume.
std::vector<double> scaled_contributions(const std::vector<ObjectiveVector>& points,
                                         std::span<const int> front) {
  const std::size_t m = points[front[0]].size(), n = front.size();
  std::vector<ObjectiveVector> scaled;
  for (const int i : front) scaled.push_back(points[i]);
  for (std::size_t k = 0; k < m; ++k) {
    double low = scaled[0][k], high = low;
    for (const ObjectiveVector& point : scaled) {
      low = std::min(low, point[k]);
      high = std::max(high, point[k]);
    }
    const double range = high > low ? high - low : 1;
    for (ObjectiveVector& point : scaled) point[k] = (point[k] - low) / range;
  }
  const int divisions = std::max(1, lattice_divisions(static_cast<int>(m), static_cast<int>(n)));
  const ObjectiveVector reference(m, 1 + 1.0 / divisions);
  return hypervolume_contributions(scaled, reference);
}

class SmsEmoa final : public BookedAlgorithm {
 public:
  SmsEmoa(const Problem& problem, const SmsEmoaOptions& options,
          const std::vector<Genotype>& include)
      : BookedAlgorithm(*problem.space, options.seed, include),
        population_(options.population),
        fronts_(objective_fronts(problem)),
        variation_(*problem.space, options.variation) {}

  std::string version() const override { return "sms_emoa@1"; }

 private:
  std::optional<Genotype> propose(RandomStream& random) override {
    if (members_.empty() || book_.next_index() < population_) return std::nullopt;
    const Genotype& mother = tournament(random);
    const Genotype& father = tournament(random);
    return variation_.child(mother, father, random);
  }

  void join(Evaluation told) override {
    members_.push_back(std::move(told));
    ranked_ = false;
    if (static_cast<int>(members_.size()) <= population_) return;
    rank();
    // The last of those that stand equal goes: the one asked last.
    const auto worst =
        std::min_element(standings_.rbegin(), standings_.rend(),
                         [](const Standing& a, const Standing& b) { return stands_before(b, a); });
    members_.erase(members_.begin() + (standings_.rend() - worst - 1));
    ranked_ = false;
  }

  void update(const Evaluation& better) override {
    replace_values(members_, better);
    ranked_ = false;
  }

  void rank() {
    if (!ranked_) standings_ = standings(members_, fronts_, scaled_contributions);
    ranked_ = true;
  }

  const Genotype& tournament(RandomStream& random) {
    rank();
    const std::size_t a = random.below(members_.size()), b = random.below(members_.size());
    return members_[stands_before(standings_[b], standings_[a]) ? b : a].genotype;
  }

  int population_;
  std::vector<std::vector<int>> fronts_;
  VariedSpace variation_;
  std::vector<Evaluation> members_;  ///< in the order in which they were told
  std::vector<Standing> standings_;  ///< of the members, where ranked_
  bool ranked_ = true;
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
