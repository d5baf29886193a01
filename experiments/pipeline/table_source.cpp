#include "experiments/pipeline/table_source.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hwprofiles/hdf5_arrays.h"
#include "space/error.h"
#include "space/toml_reader.h"

namespace edgefront {
namespace {

/// Values of one column at the listed networks.
std::vector<double> at_networks(const DataTable& table, const TableSpace& networks,
                                const NumberColumn& column) {
  const std::vector<double> all = numbers(table, column);
  std::vector<double> values;
  values.reserve(networks.rows.size());
  for (const int row : networks.rows) values.push_back(all[static_cast<std::size_t>(row)]);
  return values;
}

const TableMetric& metric_named(const DataTable& table, const TableChoice& choice,
                                const std::string& name) {
  for (const TableMetric& metric : choice.metrics) {
    if (metric.name == name) return metric;
  }
  std::string names;
  for (const TableMetric& m : choice.metrics) names += (names.empty() ? "" : ", ") + m.name;
  throw InputError(table.name + ": no column stands for \"" + name + "\"; there are: " + names);
}

void append_columns(const std::vector<double>& values, std::vector<std::vector<double>>& rows) {
  rows.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) rows[i].push_back(values[i]);
}

/// Puts the median in place of what is missing; returns how many that were.
std::int64_t fill_missing(std::vector<double>& values) {
  std::vector<double> known;
  for (const double value : values) {
    if (std::isfinite(value)) known.push_back(value);
  }
  const std::size_t missing = values.size() - known.size();
  if (missing == 0) return 0;
  double median = 0;
  if (!known.empty()) {
    const auto middle = known.begin() + static_cast<std::ptrdiff_t>(known.size() / 2);
    std::nth_element(known.begin(), middle, known.end());
    median = *middle;
  }
  for (double& value : values) {
    if (!std::isfinite(value)) value = median;
  }
  return static_cast<std::int64_t>(missing);
}

void add_features(const DataTable& table, const TableChoice& choice, TableProblem& problem) {
  for (const std::string& name : choice.features) {
    std::vector<double> values = at_networks(table, problem.networks, {name, false});
    const std::int64_t missing = fill_missing(values);
    if (missing == static_cast<std::int64_t>(values.size())) {
      throw InputError(table.name + ": feature \"" + name + "\" has no number in any row");
    }
    if (missing > 0) {
      problem.notices.push_back(table.name + ": feature " + name + " is missing in " +
                                std::to_string(missing) + " rows, which have its median now");
    }
    append_columns(values, problem.features);
    problem.feature_names.push_back(name);
  }
}

void check_rows(const DataTable& table, TableProblem& problem) {
  std::int64_t unsupported = 0;
  const int size = problem.networks.space.listed->size();
  for (int i = 0; i < size; ++i) unsupported += !problem.supported(i);
  if (unsupported == size) {
    throw InputError(table.name + ": no row has all objectives; empty cells and -1 are missing");
  }
  if (unsupported > 0) {
    problem.notices.push_back(table.name + ": " + std::to_string(unsupported) + " of " +
                              std::to_string(size) +
                              " networks lack an objective: they fail when they are evaluated");
  }
  if (problem.networks.repeats > 0) {
    problem.notices.push_back(table.name + ": " + std::to_string(problem.networks.repeats) +
                              " rows repeat the decisions of an earlier row and are left out");
  }
}

int network_of(const TableProblem& problem, const Genotype& genotype) {
  const int network = problem.networks.space.listed->find(genotype);
  if (network < 0) {
    throw InputError(problem.networks.space.name + ": has no row of genotype " +
                     to_text(problem.networks.space, genotype));
  }
  return network;
}

EvaluationRecord answer(const TableProblem& problem, const Candidate& candidate) {
  EvaluationRecord record;
  record.index = candidate.index;
  record.genotype = to_text(problem.networks.space, candidate.genotype);
  record.fidelity = candidate.fidelity;
  record.replicate = candidate.replicate;
  const int network = network_of(problem, candidate.genotype);
  const auto at = static_cast<std::size_t>(network);
  if (!problem.supported(network)) {
    record.status = EvaluationStatus::kFailed;
    record.reason = "the table has no objectives for it";
    return record;
  }
  record.objectives = problem.seen[at];
  record.violation = problem.violation(network);
  for (std::size_t i = 0; i < problem.objectives.size(); ++i) {
    const std::string& name = problem.objectives[i].name;
    record.metrics[name] = problem.seen[at][i];
    if (problem.truth[at][i] != problem.seen[at][i]) {
      record.metrics["true_" + name] = problem.truth[at][i];
    }
  }
  for (std::size_t i = 0; i < problem.limit_names.size(); ++i) {
    record.metrics[problem.limit_names[i]] = problem.limited[at][i];
  }
  return record;
}

/// Per exact objective, its largest value in the table.
std::vector<double> largest_exact(const TableProblem& problem) {
  std::vector<double> largest(problem.objectives.size(), 0);
  for (std::size_t i = 0; i < largest.size(); ++i) {
    double most = -std::numeric_limits<double>::infinity();
    for (const auto& row : problem.seen) {
      if (std::isfinite(row[i])) most = std::max(most, row[i]);
    }
    largest[i] = most;
  }
  return largest;
}

ExactCosts exact_costs_of(const TableProblem& problem, const std::vector<double>& largest,
                          const Genotype& genotype) {
  ExactCosts exact;
  const int network = network_of(problem, genotype);
  const auto& seen = problem.seen[static_cast<std::size_t>(network)];
  bool missing = false;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!problem.objectives[i].exact) continue;
    missing = missing || !std::isfinite(seen[i]);
    exact.values.push_back(std::isfinite(seen[i]) ? seen[i] : largest[i]);
  }
  exact.low = exact.high = exact.values;
  exact.violation = missing ? 1 : problem.violation(network);
  return exact;
}

std::string binding(const TableProblem& problem, const EvaluationRecord& record) {
  std::string text;
  double largest = 0;
  for (std::size_t i = 0; i < problem.limits.size(); ++i) {
    const auto known = record.metrics.find(problem.limit_names[i]);
    if (known == record.metrics.end()) continue;
    const double excess = (known->second - problem.limits[i]) / problem.limits[i];
    if (excess <= largest) continue;
    largest = excess;
    text = problem.limit_names[i] + " " + number_text(known->second) + " over the limit of " +
           number_text(problem.limits[i]);
  }
  return text;
}

}  // namespace

bool TableProblem::supported(int network) const {
  const auto at = static_cast<std::size_t>(network);
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    if (!std::isfinite(truth[at][i]) || !std::isfinite(seen[at][i])) return false;
  }
  for (std::size_t i = 0; i < limits.size(); ++i) {
    if (!std::isfinite(limited[at][i])) return false;
  }
  return true;
}

double TableProblem::violation(int network) const {
  double sum = 0;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const double value = limited[static_cast<std::size_t>(network)][i];
    if (std::isfinite(value)) sum += std::max(0.0, (value - limits[i]) / limits[i]);
  }
  return sum;
}

std::shared_ptr<const TableProblem> make_table_problem(const DataTable& table,
                                                       const TableChoice& choice) {
  auto problem = std::make_shared<TableProblem>();
  problem->networks = make_table_space(table, choice.decisions);
  if (choice.objectives.empty()) throw InputError(table.name + ": no column is an objective");
  for (const std::string& name : choice.objectives) {
    const TableMetric& metric = metric_named(table, choice, name);
    const auto truth = at_networks(table, problem->networks, {metric.column, true});
    append_columns(truth, problem->truth);
    append_columns(metric.signal.empty()
                       ? truth
                       : at_networks(table, problem->networks, {metric.signal, true}),
                   problem->seen);
    problem->objectives.push_back({.name = name, .exact = metric.exact});
  }
  for (const auto& [name, limit] : choice.limits) {
    const TableMetric& metric = metric_named(table, choice, name);
    append_columns(at_networks(table, problem->networks, {metric.column, true}), problem->limited);
    problem->limit_names.push_back(name);
    problem->limits.push_back(limit);
    for (ObjectiveInfo& objective : problem->objectives) {
      if (objective.name == name && !objective.exact) objective.limit = limit;
    }
  }
  add_features(table, choice, *problem);
  check_rows(table, *problem);
  return problem;
}

EvaluationSource make_table_source(std::shared_ptr<const TableProblem> problem) {
  EvaluationSource source;
  source.problem.space = &problem->networks.space;
  source.problem.objectives = problem->objectives;
  source.problem.constraints = problem->limit_names;
  source.problem.exact_costs =
      [problem, largest = largest_exact(*problem)](const std::vector<Genotype>& genotypes) {
        std::vector<ExactCosts> all;
        all.reserve(genotypes.size());
        for (const Genotype& genotype : genotypes) {
          all.push_back(exact_costs_of(*problem, largest, genotype));
        }
        return all;
      };
  if (!problem->features.empty()) {
    source.problem.feature_names = problem->feature_names;
    source.problem.features = [problem](const std::vector<Genotype>& genotypes) {
      std::vector<std::vector<double>> all;
      all.reserve(genotypes.size());
      for (const Genotype& genotype : genotypes) {
        all.push_back(problem->features[static_cast<std::size_t>(network_of(*problem, genotype))]);
      }
      return all;
    };
  }
  source.evaluate = [problem](const Candidate& candidate) { return answer(*problem, candidate); };
  source.check = [] {};
  source.binding_constraint = [problem](const EvaluationRecord& record) {
    return binding(*problem, record);
  };
  return source;
}

DataTable load_table(const std::string& path) {
  const auto ends_with = [&](const std::string& tail) {
    return path.size() > tail.size() &&
           path.compare(path.size() - tail.size(), tail.size(), tail) == 0;
  };
  if (!ends_with(".h5") && !ends_with(".hdf5")) return load_csv(path);
  const std::vector<Hdf5Array> arrays = load_hdf5_arrays(path);
  DataTable table;
  table.name = path;
  std::vector<std::vector<std::string>> columns;
  for (const Hdf5Array& array : arrays) {
    if (array.shape.size() != 1) continue;
    if (!columns.empty() && array.size() != columns.front().size()) {
      throw InputError(path + ": dataset " + array.name + " has " + std::to_string(array.size()) +
                       " rows, " + table.header.front() + " has " +
                       std::to_string(columns.front().size()));
    }
    table.header.push_back(array.name);
    columns.push_back(array.texts);
    for (const double number : array.numbers) columns.back().push_back(number_text(number));
  }
  if (columns.empty() || columns.front().empty()) {
    throw InputError(path + ": has no one-dimensional dataset; accepted is one per column");
  }
  auto text = std::make_shared<std::string>();
  for (const auto& column : columns) {
    for (const std::string& cell : column) *text += cell;
  }
  table.cells.resize(columns.size() * columns.front().size());
  std::size_t at = 0;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    for (std::size_t row = 0; row < columns[c].size(); ++row) {
      const std::size_t length = columns[c][row].size();
      table.cells[row * columns.size() + c] = std::string_view(*text).substr(at, length);
      at += length;
    }
  }
  table.text = std::move(text);
  return table;
}

}  // namespace edgefront
