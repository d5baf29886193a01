#include "search/pareto_local_search.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "search/candidate_book.h"
#include "search/option_check.h"
#include "search/ranking.h"
#include "search/variation.h"

namespace edgefront {
namespace {

/// What is non-dominated on one front, with what is left of each member's neighbourhood.
struct Member {
  Evaluation evaluation;
  ObjectiveVector point;
};

class ParetoLocalSearch final : public BookedAlgorithm {
 public:
  ParetoLocalSearch(const Problem& problem, const ParetoLocalSearchOptions& options,
                    const std::vector<Genotype>& include)
      : BookedAlgorithm(problem, options.seed, include, {options.design, options.initial}),
        space_(*problem.space),
        options_(options),
        fronts_(objective_fronts(problem)),
        archives_(fronts_.size()) {}

  std::string version() const override { return "pareto_local_search@4"; }

 private:
  std::optional<Genotype> propose(RandomStream& random) override {
    if (book_.next_index() < options_.initial) return std::nullopt;
    const std::size_t first = random.below(fronts_.size());
    for (std::size_t f = 0; f < fronts_.size(); ++f) {
      std::vector<const Member*> members;
      for (const Member& member : archives_[(first + f) % fronts_.size()]) {
        members.push_back(&member);
      }
      // Members in random order until one has a neighbour that was not asked.
      while (!members.empty()) {
        const std::size_t i = random.below(members.size());
        const std::vector<Genotype>& left = unseen_neighbours(members[i]->evaluation.genotype);
        if (!left.empty()) return left[random.below(left.size())];
        members[i] = members.back();
        members.pop_back();
      }
    }
    return std::nullopt;
  }

  void join(Evaluation told) override {
    for (std::size_t f = 0; f < fronts_.size(); ++f) offer(f, told);
  }

  /// The archive forgets what the old values dominated; it finds it again if it matters.
  void update(const Evaluation& better) override {
    for (std::vector<Member>& archive : archives_) {
      std::erase_if(archive, [&](const Member& member) {
        return member.evaluation.genotype == better.genotype;
      });
    }
    join(better);
  }

  void offer(std::size_t front, const Evaluation& told) {
    Member offered{told, points_of({told}, fronts_[front])[0]};
    std::vector<Member>& archive = archives_[front];
    for (const Member& member : archive) {
      if (member.evaluation.violation == told.violation && member.point == offered.point) return;
      if (before(member, offered)) return;
    }
    std::erase_if(archive, [&](const Member& member) { return before(offered, member); });
    archive.push_back(std::move(offered));
  }

  static bool before(const Member& a, const Member& b) {
    return constrained_dominates(a.point, a.evaluation.violation, b.point, b.evaluation.violation);
  }

  /// In the order of neighbours(). What is kept is only ever shortened by what was seen, so that
  /// an algorithm that computes it later has the same.
  const std::vector<Genotype>& unseen_neighbours(const Genotype& genotype) {
    const auto [found, added] = neighbours_.try_emplace(genotype);
    std::vector<Genotype>& left = found->second;
    if (added) left = neighbours(space_, genotype, options_.seed);
    std::erase_if(left, [this](const Genotype& neighbour) { return book_.seen(neighbour); });
    return left;
  }

  const SearchSpace& space_;
  ParetoLocalSearchOptions options_;
  std::vector<std::vector<int>> fronts_;
  std::vector<std::vector<Member>> archives_;  ///< per front, in the order in which they were told
  std::unordered_map<Genotype, std::vector<Genotype>> neighbours_;
};

}  // namespace

std::unique_ptr<SearchAlgorithm> make_pareto_local_search(const Problem& problem,
                                                          const ParetoLocalSearchOptions& options,
                                                          const std::vector<Genotype>& include) {
  require_option(options.initial >= 1, "pareto_local_search", "initial", options.initial,
                 "at least 1");
  return std::make_unique<ParetoLocalSearch>(problem, options, include);
}

}  // namespace edgefront
