#include "experiments/pipeline/pooled_records.h"

#include <algorithm>

#include "search/noisy_front.h"

namespace edgefront {
namespace {

bool ok(const EvaluationRecord& record) { return record.status == EvaluationStatus::kOk; }

/// What the evaluations so far have in common, as the mean of `count` and one more.
void average_metrics(std::map<std::string, double>& mean, const std::map<std::string, double>& more,
                     int count) {
  for (auto metric = mean.begin(); metric != mean.end();) {
    const auto found = more.find(metric->first);
    if (found == more.end()) {
      metric = mean.erase(metric);
      continue;
    }
    if (found->second != metric->second) {
      metric->second += (found->second - metric->second) / (count + 1);
    }
    ++metric;
  }
}

}  // namespace

int top_fidelity(const std::vector<EvaluationRecord>& records) {
  int top = 0;
  for (const EvaluationRecord& record : records) {
    if (ok(record)) top = std::max(top, record.fidelity);
  }
  return top;
}

std::vector<EvaluationRecord> pooled_networks(const std::vector<EvaluationRecord>& records) {
  return PooledRecords(records).networks();
}

PooledRecords::PooledRecords(const std::vector<EvaluationRecord>& records) {
  const int top = top_fidelity(records);
  for (const EvaluationRecord& record : records) {
    if (!ok(record) || record.fidelity == top) add(record);
  }
  for (const Replicates& sums : sums_) {
    if (sums.answers == 0 || !noise_->known(sums)) continue;
    const std::vector<double> noise = noise_->noise(sums);
    noisy_ = noisy_ || std::any_of(noise.begin(), noise.end(), [](double s) { return s > 0; });
  }
}

void PooledRecords::add(const EvaluationRecord& record) {
  const auto [place, added] = by_genotype_.try_emplace(record.genotype, networks_.size());
  if (added) {
    networks_.push_back(record);
    sums_.emplace_back();
  }
  EvaluationRecord& network = networks_[place->second];
  Replicates& sums = sums_[place->second];
  if (!ok(record)) return;
  if (!noise_) noise_.emplace(std::vector<double>(record.objectives.size(), 0.0));
  if (sums.answers == 0) {
    network = record;
  } else {
    average_metrics(network.metrics, record.metrics, sums.answers);
  }
  noise_->add(sums, record.objectives, record.violation, record.standard_errors);
  if (sums.answers == 1) return;
  network.objectives = sums.mean();
  network.violation = sums.violation();
}

std::vector<double> PooledRecords::standard_error(std::size_t network) const {
  return noise_->standard_error(sums_[network]);
}

std::vector<double> PooledRecords::front_probabilities(const std::set<std::string>& without) const {
  std::vector<std::size_t> feasible;
  std::vector<NoisyPoint> points;
  for (std::size_t i = 0; i < networks_.size(); ++i) {
    if (!ok(networks_[i]) || networks_[i].violation > 0) continue;
    if (without.contains(networks_[i].genotype)) continue;
    feasible.push_back(i);
    points.push_back({networks_[i].objectives, standard_error(i)});
  }
  const std::vector<double> of_feasible = edgefront::front_probabilities(points, {});
  std::vector<double> probabilities(networks_.size(), 0.0);
  for (std::size_t k = 0; k < feasible.size(); ++k) probabilities[feasible[k]] = of_feasible[k];
  return probabilities;
}

}  // namespace edgefront
