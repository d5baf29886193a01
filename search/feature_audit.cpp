#include "search/feature_audit.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace edgefront {
namespace {

bool is_baseline(const std::string& name) {
  return name == "parameters" || name == "params" || name == "macs" || name == "flops";
}

/// `problem` with the features at `places` alone.
Problem with_columns(const Problem& problem, const std::vector<std::size_t>& places) {
  Problem reduced = problem;
  reduced.feature_names.clear();
  for (const std::size_t place : places) {
    reduced.feature_names.push_back(problem.feature_names[place]);
  }
  if (places.empty()) {
    reduced.features = nullptr;
    return reduced;
  }
  reduced.features = [all = problem.features, places](const std::vector<Genotype>& genotypes) {
    std::vector<std::vector<double>> rows = all(genotypes);
    for (std::vector<double>& row : rows) {
      std::vector<double> kept;
      for (const std::size_t place : places) kept.push_back(row[place]);
      row = std::move(kept);
    }
    return rows;
  };
  return reduced;
}

/// The first objective that has to be evaluated.
std::optional<std::size_t> judged_objective(const Problem& problem) {
  for (std::size_t m = 0; m < problem.objectives.size(); ++m) {
    if (!problem.objectives[m].exact) return m;
  }
  return std::nullopt;
}

class FeatureAudit final : public SearchAlgorithm {
 public:
  FeatureAudit(const Problem& problem, AlgorithmMaker make, std::size_t objective,
               const FeatureAuditOptions& options)
      : problem_(problem),
        make_(std::move(make)),
        objective_(objective),
        options_(options),
        kept_(problem.feature_names.size(), true),
        algorithm_(make_(problem_)),
        next_audit_(static_cast<std::size_t>(options.first)) {}

  std::vector<Candidate> ask(int count) override {
    std::vector<Candidate> asked;
    while (static_cast<int>(asked.size()) < count) {
      std::vector<Candidate> next = algorithm_->ask(1);
      if (next.empty()) break;
      // One made anew may not know what its predecessor asked.
      if (is_unanswered(next[0].genotype)) continue;
      next[0].index = next_index_;
      note(next[0]);
      asked.push_back(std::move(next[0]));
    }
    return asked;
  }

  bool take_over(const std::vector<Candidate>& asked) override {
    if (!algorithm_->take_over(asked)) return false;
    for (const Candidate& candidate : asked) note(candidate);
    return true;
  }

  void tell(const std::vector<Evaluation>& evaluations) override {
    for (const Evaluation& evaluation : evaluations) {
      Evaluation told = evaluation;
      told.genotype = canonical(*problem_.space, std::move(told.genotype));
      next_index_ = std::max(next_index_, told.index + 1);
      std::erase_if(unanswered_,
                    [&](const Candidate& asked) { return asked.genotype == told.genotype; });
      algorithm_->tell({told});
      keep(std::move(told));
      audit();
    }
  }

  std::string version() const override { return algorithm_->version() + "+feature-audit@1"; }

 private:
  bool is_unanswered(const Genotype& genotype) const {
    return std::any_of(unanswered_.begin(), unanswered_.end(),
                       [&](const Candidate& asked) { return asked.genotype == genotype; });
  }

  void note(const Candidate& candidate) {
    next_index_ = std::max(next_index_, candidate.index + 1);
    unanswered_.push_back(candidate);
  }

  void keep(Evaluation told) {
    const bool ok = told.status == EvaluationStatus::kOk;
    const auto [place, added] = places_.try_emplace(told.genotype, told_.size());
    if (added) {
      answers_ += ok;
      told_.push_back(std::move(told));
    } else if (ok) {
      answers_ += told_[place->second].status != EvaluationStatus::kOk;
      told_[place->second] = std::move(told);
    }
  }

  void audit() {
    if (answers_ < next_audit_) return;
    next_audit_ = 2 * answers_;
    std::vector<Genotype> genotypes;
    std::vector<double> truth;
    for (const Evaluation& told : told_) {
      if (told.status != EvaluationStatus::kOk) continue;
      genotypes.push_back(told.genotype);
      truth.push_back(told.objectives[objective_]);
    }
    const FeatureColumns columns = feature_columns(problem_, genotypes);
    const std::vector<ProxyVerdict> verdicts =
        audit_proxies(columns.proxies, columns.baselines, truth, options_.audit);
    std::vector<bool> kept(kept_.size(), true);
    for (std::size_t p = 0; p < verdicts.size(); ++p) {
      kept[columns.proxy_places[p]] = verdicts[p].kept;
    }
    if (kept == kept_) return;
    kept_ = kept;
    make_anew();
  }

  void make_anew() {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (kept_[i]) places.push_back(i);
    }
    algorithm_ = make_(with_columns(problem_, places));
    algorithm_->tell(told_);
    if (!unanswered_.empty()) algorithm_->take_over(unanswered_);
  }

  const Problem problem_;
  const AlgorithmMaker make_;
  const std::size_t objective_;
  const FeatureAuditOptions options_;
  std::vector<bool> kept_;  ///< per feature
  std::unique_ptr<SearchAlgorithm> algorithm_;
  std::vector<Evaluation> told_;  ///< one per network, in the order of the first
  std::unordered_map<Genotype, std::size_t> places_;
  std::vector<Candidate> unanswered_;
  std::size_t answers_ = 0;  ///< in told_, not failed
  std::size_t next_audit_;
  std::int64_t next_index_ = 0;
};

}  // namespace

FeatureColumns feature_columns(const Problem& problem, const std::vector<Genotype>& genotypes) {
  FeatureColumns columns;
  const auto rows = problem.features ? problem.features(genotypes)
                                     : std::vector<std::vector<double>>(genotypes.size());
  for (std::size_t i = 0; i < problem.feature_names.size(); ++i) {
    ProxyColumn column{problem.feature_names[i], {}};
    for (const std::vector<double>& row : rows) column.values.push_back(row[i]);
    if (is_baseline(column.name)) {
      columns.baselines.push_back(std::move(column));
    } else {
      columns.proxies.push_back(std::move(column));
      columns.proxy_places.push_back(i);
    }
  }
  return columns;
}

std::unique_ptr<SearchAlgorithm> make_feature_audit(const Problem& problem, AlgorithmMaker make,
                                                    const FeatureAuditOptions& options) {
  const std::optional<std::size_t> objective = judged_objective(problem);
  const std::vector<std::string>& names = problem.feature_names;
  const bool judged = std::any_of(names.begin(), names.end(), is_baseline);
  if (!problem.features || !judged || !objective) return make(problem);
  return std::make_unique<FeatureAudit>(problem, std::move(make), *objective, options);
}

}  // namespace edgefront
