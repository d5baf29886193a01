#include "search/random_search.h"

#include <algorithm>
#include <deque>
#include <string>

#include "search/unseen.h"
#include "space/error.h"

namespace edgefront {
namespace {

class RandomSearch final : public SearchAlgorithm {
 public:
  RandomSearch(const Problem& problem, const RandomSearchOptions& options,
               const std::vector<Genotype>& include)
      : space_(*problem.space),
        options_(options),
        include_(include.begin(), include.end()),
        seen_(*problem.space) {}

  std::vector<Candidate> ask(int count) override {
    std::vector<Candidate> asked;
    while (static_cast<int>(asked.size()) < count) {
      std::optional<Genotype> genotype = next();
      if (!genotype) break;
      seen_.add(*genotype);
      asked.push_back({.index = next_index_++, .genotype = std::move(*genotype)});
    }
    return asked;
  }

  void tell(const std::vector<Evaluation>& evaluations) override {
    for (const Evaluation& evaluation : evaluations) {
      seen_.add(canonical(space_, evaluation.genotype));
      next_index_ = std::max(next_index_, evaluation.index + 1);
    }
  }

  std::string version() const override { return "random@1"; }

 private:
  std::optional<Genotype> next() {
    while (!include_.empty()) {
      Genotype genotype = canonical(space_, include_.front());
      include_.pop_front();
      if (!seen_.contains(genotype)) return genotype;
    }
    RandomStream random(options_.seed, static_cast<std::uint64_t>(next_index_));
    return seen_.sample_unseen(random);
  }

  const SearchSpace& space_;
  RandomSearchOptions options_;
  std::deque<Genotype> include_;
  SeenGenotypes seen_;
  std::int64_t next_index_ = 0;
};

}  // namespace

std::unique_ptr<SearchAlgorithm> make_random_search(const Problem& problem,
                                                    const RandomSearchOptions& options,
                                                    const std::vector<Genotype>& include) {
  return std::make_unique<RandomSearch>(problem, options, include);
}

}  // namespace edgefront
