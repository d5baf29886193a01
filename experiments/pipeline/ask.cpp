#include "experiments/pipeline/ask.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "costmodels/weighted_choice.h"
#include "experiments/pipeline/metrics.h"
#include "experiments/pipeline/search_run.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kNoLimit = std::numeric_limits<double>::infinity();

/// The four quantities of the weighted objective and the error, then one column per limit.
enum Column { kLatency, kEnergy, kBandwidth, kCost, kError, kFirstLimit };

struct Known {
  const EvaluationRecord* record = nullptr;
  std::map<std::string, double> values;
  DeploymentTerms terms;

  double value(const std::string& name) const {
    const auto found = values.find(name);
    return found == values.end() ? kUnknown : found->second;
  }
};

/// The record's metrics of one device under its plain names, and those of the deployment anew.
Known known_of(const EvaluationRecord& record, const AskQuestion& question) {
  Known known;
  known.record = &record;
  const std::string suffix =
      question.device == 0 ? "" : "@" + question.devices[std::size_t(question.device)];
  for (const Metric& metric : metrics()) {
    const auto found = record.metrics.find(metric.name + (metric.of_device() ? suffix : ""));
    if (found != record.metrics.end()) known.values[metric.name] = found->second;
  }
  NetworkCost cost;
  cost.latency_us = known.value("latency_us");
  if (known.values.count("energy_uj")) cost.energy_uj = known.value("energy_uj");
  const auto count = [&](const char* name) { return std::int64_t(known.value(name)); };
  cost.weights_bytes = known.values.count("weights_bytes") ? count("weights_bytes") : 0;
  cost.parameters = known.values.count("parameters") ? count("parameters") : 0;
  add_deployment(question.deployment, cost);
  known.terms = *cost.deployment;
  for (const char* name :
       {"deployed_latency_us", "deployed_energy_uj", "bandwidth_bytes", "cost"}) {
    const std::optional<double> value = find_metric(name, {}).metric->of_cost(cost);
    known.values.erase(name);
    if (value && std::isfinite(*value)) known.values[name] = *value;
  }
  known.values.erase("weighted");
  return known;
}

/// The row of the choice; a maximised metric stands as it would among objectives.
std::vector<double> row_of(const Known& known, const AskQuestion& question) {
  std::vector<double> row{known.value("deployed_latency_us"), known.value("deployed_energy_uj"),
                          known.value("bandwidth_bytes"), known.value("cost"),
                          known.value("error")};
  for (const auto& [name, limit] : question.limits) {
    row.push_back(as_objective(*find_metric(name, {}).metric, known.value(name)));
  }
  return row;
}

/// Every weight divided by its reference; a reference that is not stated is the column's smallest.
std::vector<double> scaled_weights(const ChoiceTable& table, AskQuestion& question) {
  DeploymentOptions& d = question.deployment;
  struct Weight {
    double weight;
    double* reference;
    const char* name;
  };
  const Weight all[] = {{d.alpha, &d.reference_latency_us, "deployed_latency_us"},
                        {d.beta, &d.reference_energy_uj, "deployed_energy_uj"},
                        {d.gamma, &d.reference_bandwidth_bytes, "bandwidth_bytes"},
                        {d.delta, &d.reference_cost, "cost"},
                        {question.error_weight, &question.reference_error, "error"}};
  std::vector<double> scaled;
  for (std::size_t k = 0; k < std::size(all); ++k) {
    const auto& [weight, reference, name] = all[k];
    scaled.push_back(0);
    if (!(weight > 0)) continue;
    if (!(*reference > 0)) {
      double smallest = kNoLimit;
      for (const auto& row : table) {
        if (row[k] > 0) smallest = std::min(smallest, row[k]);
      }
      if (!std::isfinite(smallest)) {
        throw InputError(std::string("--weights: the run knows no ") + name +
                         ", or it is 0 for all of its networks");
      }
      *reference = smallest;
    }
    scaled.back() = weight / *reference;
  }
  scaled.resize(kFirstLimit + question.limits.size(), 0);
  return scaled;
}

[[noreturn]] void refuse(const std::vector<Known>& all, const AskQuestion& question) {
  std::string nearest;
  for (const auto& [name, limit] : question.limits) {
    const Metric& metric = *find_metric(name, {}).metric;
    double best = kUnknown;
    for (const Known& known : all) {
      const double value = known.value(name);
      if (!std::isnan(value) &&
          (std::isnan(best) || as_objective(metric, value) < as_objective(metric, best))) {
        best = value;
      }
    }
    if (std::isnan(best)) throw InputError("the run knows no " + name + " (" + metric.needs + ")");
    nearest += "; " + name + " " + print_quantity(best, metric.unit) + " for a limit of " +
               print_quantity(limit, metric.unit);
  }
  throw NoFeasibleResult("no network of the run is within the limits; the best of each alone: " +
                         nearest.substr(std::min<std::size_t>(2, nearest.size())));
}

/// The same table with the columns that the question is about alone; rows that know them all.
bool reached_by_weights(const ChoiceTable& table, int chosen, const std::vector<double>& weights) {
  ChoiceTable asked;
  int row = -1;
  for (std::size_t i = 0; i < table.size(); ++i) {
    std::vector<double> values;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      if (k >= kFirstLimit || weights[k] > 0) values.push_back(table[i][k]);
    }
    const bool finite =
        std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
    if (!finite) continue;
    if (int(i) == chosen) row = int(asked.size());
    asked.push_back(std::move(values));
  }
  return row >= 0 && is_supported(asked, row);
}

}  // namespace

AskAnswer ask(const std::vector<EvaluationRecord>& evaluations, const AskQuestion& question) {
  AskAnswer answer;
  answer.question = question;
  std::vector<Known> all;
  ChoiceTable table;
  for (const EvaluationRecord& record : evaluations) {
    if (record.status != EvaluationStatus::kOk || record.violation > 0) continue;
    all.push_back(known_of(record, question));
    table.push_back(row_of(all.back(), question));
  }
  if (all.empty()) throw InputError("the run has no feasible network yet");

  std::vector<double> weights = scaled_weights(table, answer.question);
  if (std::all_of(weights.begin(), weights.end(), [](double w) { return w == 0; })) {
    weights[kError] = 1;
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (!all[i].values.count("error")) table[i][kError] = all[i].record->objectives[0];
    }
  }
  std::vector<double> limits(weights.size(), kNoLimit);
  std::size_t column = kFirstLimit;
  for (const auto& [name, limit] : question.limits) {
    limits[column++] = as_objective(*find_metric(name, {}).metric, limit);
  }
  const int chosen = weighted_choice(table, weights, limits);
  if (chosen < 0) refuse(all, question);

  answer.networks = int(all.size());
  for (const auto& row : table) {
    answer.within += weighted_choice({row}, weights, limits) == 0;
  }
  const Known& winner = all[std::size_t(chosen)];
  answer.network = *winner.record;
  answer.values = winner.values;
  answer.terms = winner.terms;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (weights[k] > 0) answer.weighted += weights[k] * table[std::size_t(chosen)][k];
  }
  answer.supported = reached_by_weights(table, chosen, weights);
  return answer;
}

}  // namespace edgefront
