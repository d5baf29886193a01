#include "experiments/pipeline/zero_cost_features.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "experiments/search_experiment.h"
#include "search/parallel.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

/// Networks whose scores are kept at once; beyond, all are forgotten and computed anew when they
/// are asked for.
constexpr std::size_t kKept = 200'000;

using Scores = std::vector<double>;

class ScoreCache {
 public:
  ScoreCache(const SearchSpace& space, std::vector<ZeroCost> kinds, int threads)
      : space_(space), kinds_(std::move(kinds)), threads_(threads) {}

  std::vector<Scores> scores(const std::vector<Genotype>& genotypes) {
    std::vector<Scores> all(genotypes.size());
    std::vector<std::size_t> missing;
    {
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 0; i < genotypes.size(); ++i) {
        const auto found = known_.find(genotypes[i]);
        if (found == known_.end()) {
          missing.push_back(i);
        } else {
          all[i] = found->second;
        }
      }
    }
    parallel_for(std::int64_t(missing.size()), threads_, [&](std::int64_t m) {
      const std::size_t i = missing[std::size_t(m)];
      all[i] = compute(genotypes[i]);
    });
    const std::lock_guard lock(mutex_);
    if (known_.size() > kKept) known_.clear();
    for (const std::size_t i : missing) known_.emplace(genotypes[i], all[i]);
    return all;
  }

 private:
  Scores compute(const Genotype& genotype) const {
    Scores scores(kinds_.size(), 0.0);
    try {
      const LayerGraph graph = lower(decode(space_, canonical(space_, genotype)));
      for (std::size_t k = 0; k < kinds_.size(); ++k) scores[k] = zero_cost_score(graph, kinds_[k]);
    } catch (const InputError&) {
      // It cannot be built, and whoever asks for its costs hears so.
    }
    return scores;
  }

  const SearchSpace& space_;
  const std::vector<ZeroCost> kinds_;
  const int threads_;
  std::mutex mutex_;
  std::unordered_map<Genotype, Scores> known_;
};

bool is_size(ZeroCost kind) { return kind == ZeroCost::kParameters || kind == ZeroCost::kMacs; }

}  // namespace

void add_zero_cost_features(const std::vector<ZeroCost>& scores, int threads, Problem& problem) {
  if (scores.empty()) return;
  std::vector<ZeroCost> kinds{ZeroCost::kParameters, ZeroCost::kMacs};
  std::copy_if(scores.begin(), scores.end(), std::back_inserter(kinds),
               [](ZeroCost kind) { return !is_size(kind); });
  for (const ZeroCost kind : kinds) {
    problem.feature_names.emplace_back(zero_cost_name(kind));
  }
  const int used = threads > 0 ? threads : int(std::thread::hardware_concurrency());
  const auto cache = std::make_shared<ScoreCache>(*problem.space, std::move(kinds), used);
  problem.features = [cache](const std::vector<Genotype>& genotypes) {
    return cache->scores(genotypes);
  };
}

bool are_dear(const std::vector<ZeroCost>& scores) {
  return !std::all_of(scores.begin(), scores.end(), is_size);
}

}  // namespace edgefront
