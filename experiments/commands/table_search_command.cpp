#include "experiments/commands/table_search_command.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "experiments/commands/progress.h"
#include "experiments/experiment_fields.h"
#include "experiments/host.h"
#include "experiments/pipeline/table_search.h"
#include "runtime/file.h"
#include "space/error.h"
#include "space/toml_reader.h"

namespace edgefront {
namespace {

constexpr const char* kTableOptions[] = {"decisions", "objectives", "exact", "signal", "features",
                                         "algorithm", "population", "seeds", "budget", "in-flight"};

/// --signal err=err12: the metric's name and its column.
std::pair<std::string, std::string> name_and_column(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
    throw InputError("search: --signal is '" + text + "'; accepted is OBJECTIVE=COLUMN");
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// Columns between commas that do not stand in brackets: "a,ops[,],b" has three.
std::vector<std::string> decision_list(const std::string& text) {
  std::vector<std::string> parts(1);
  bool inside = false;
  for (const char c : text) {
    inside = c == '[' || (inside && c != ']');
    if (c == ',' && !inside) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  std::erase(parts, "");
  return parts;
}

TableChoice table_choice(const CommandLine& line) {
  TableChoice choice;
  choice.decisions = decision_list(line.text("decisions"));
  choice.objectives = line.list("objectives");
  choice.features = line.list("features");
  if (choice.decisions.empty()) {
    throw InputError("search: --decisions is missing: the columns that are decided");
  }
  if (choice.objectives.empty()) {
    throw InputError("search: --objectives is missing: the columns that are minimised");
  }
  for (const std::string& name : choice.objectives) {
    for (const TableMetric& before : choice.metrics) {
      if (before.name == name) throw InputError("search: --objectives has '" + name + "' twice");
    }
    choice.metrics.push_back({.name = name, .column = name});
  }
  const auto metric = [&](const std::string& name, const char* option) -> TableMetric& {
    for (TableMetric& one : choice.metrics) {
      if (one.name == name) return one;
    }
    throw InputError(std::string("search: --") + option + " names '" + name +
                     "', which is not among --objectives " + line.text("objectives"));
  };
  for (const std::string& name : line.list("exact")) metric(name, "exact").exact = true;
  for (const std::string& text : line.list("signal")) {
    const auto [name, column] = name_and_column(text);
    TableMetric& one = metric(name, "signal");
    if (one.exact) throw InputError("search: '" + name + "' is exact and cannot have a --signal");
    one.signal = column;
  }
  return choice;
}

AlgorithmKind algorithm_of(const std::string& name) {
  std::string names;
  for (const auto& [known, kind] : kAlgorithmNames) {
    if (name == known) return kind;
    names += (names.empty() ? "" : ", ") + std::string(known);
  }
  throw InputError("search: --algorithm is '" + name + "'; accepted are " + names);
}

TableSearchOptions search_options(const CommandLine& line) {
  TableSearchOptions options;
  if (line.given("algorithm")) options.search.algorithm = algorithm_of(line.text("algorithm"));
  options.search.evaluations = static_cast<int>(line.integer("budget", 1, 100'000'000));
  options.search.in_flight = static_cast<int>(line.integer("in-flight", 1, 1'000'000));
  if (line.given("population")) {
    options.search.population = static_cast<int>(line.integer("population", 4, 1'000'000));
  }
  options.seeds = static_cast<int>(line.integer("seeds", 1, 1'000'000));
  options.first_seed =
      line.given("seed") ? std::uint64_t(line.integer("seed", 0, 1'000'000'000)) : 0;
  const auto threads = static_cast<int>(line.integer("threads", 0, 1024));
  // Seeds share the cores; one alone leaves them to its algorithm.
  options.search.threads = options.seeds > 1 ? 1 : threads;
  options.threads = threads > 0 ? threads : int(std::max(1u, std::thread::hardware_concurrency()));
  return options;
}

void write_text(const std::string& path, const std::string& text) {
  require(write_file_atomic(path, text.data(), text.size()));
}

/// Medians over seeds at the budgets that are usual in papers, and at the end.
std::vector<std::pair<int, double>> medians(const std::vector<std::vector<RegretPoint>>& curves) {
  std::size_t longest = 0;
  for (const auto& curve : curves) longest = std::max(longest, curve.size());
  std::set<std::size_t> at{longest};
  for (const std::size_t n : {50u, 100u, 200u, 400u, 800u, 1600u, 3200u}) {
    if (n < longest) at.insert(n);
  }
  std::vector<std::pair<int, double>> out;
  for (const std::size_t n : at) {
    std::vector<double> regrets;
    for (const auto& curve : curves) {
      if (!curve.empty()) regrets.push_back(curve[std::min(n, curve.size()) - 1].regret);
    }
    std::sort(regrets.begin(), regrets.end());
    const std::size_t half = regrets.size() / 2;
    out.emplace_back(static_cast<int>(n), regrets.size() % 2 == 1
                                              ? regrets[half]
                                              : (regrets[half - 1] + regrets[half]) / 2);
  }
  return out;
}

void write_results(const TableProblem& problem, const TableSearchOptions& options,
                   const std::vector<std::vector<int>>& evaluated,
                   const std::vector<std::vector<RegretPoint>>& curves, const std::string& folder) {
  std::string rows = "seed,evaluation,row\n";
  std::string regret = "seed,evaluation,hypervolume,regret\n";
  for (std::size_t s = 0; s < evaluated.size(); ++s) {
    const std::string seed = std::to_string(options.first_seed + s) + ",";
    for (std::size_t i = 0; i < evaluated[s].size(); ++i) {
      const std::string key = seed + std::to_string(i + 1) + ",";
      rows += key + std::to_string(problem.networks.rows[std::size_t(evaluated[s][i])]) + "\n";
      regret += key + number_text(curves[s][i].hypervolume) + "," +
                number_text(curves[s][i].regret) + "\n";
    }
  }
  write_text(folder + "/evaluated.csv", rows);
  write_text(folder + "/regret.csv", regret);
}

void print_results(const CommandLine& line, const TableProblem& problem, const UsefulRegion& region,
                   const std::vector<std::pair<int, double>>& medians) {
  if (line.given("json")) {
    nlohmann::ordered_json out;
    out["networks"] = problem.networks.space.listed->size();
    out["decisions"] = problem.networks.space.decisions.size();
    out["reference"] = region.reference;
    out["hypervolume"] = region.hypervolume;
    out["median_regret"] = nlohmann::ordered_json::array();
    for (const auto& [n, regret] : medians) {
      out["median_regret"].push_back({{"evaluations", n}, {"regret", regret}});
    }
    std::cout << out.dump(2) << "\n";
    return;
  }
  std::cout << line.text("out") << ": " << problem.networks.space.listed->size()
            << " networks; median regret of the hypervolume in the useful region over "
            << line.text("seeds") << " seeds\n";
  for (const auto& [n, regret] : medians) {
    std::cout << "  after " << n << " evaluations: " << fixed(regret, 5) << "\n";
  }
}

}  // namespace

void add_table_options(CommandLine& line) {
  line.option("table", "FILE", "",
              "search the rows of a table (.csv, .csv.gz, .h5) in place of an experiment; writes "
              "evaluated.csv and regret.csv to --out")
      .option("decisions", "COLUMNS", "",
              "table: what is decided, categorical; NAME[] is one decision per character, "
              "NAME[;] one per part between semicolons")
      .option("objectives", "COLUMNS", "",
              "table: what is minimised; 100-COLUMN and 1000*COLUMN are accepted. A row with an "
              "empty objective, or -1, is infeasible")
      .option("exact", "COLUMNS", "", "table: objectives that are free to look up for any row")
      .option("signal", "OBJECTIVE=COLUMN,…", "",
              "table: columns that the search sees in place of objectives; the truth scores it")
      .option("features", "COLUMNS", "", "table: columns that a surrogate may look at")
      .option("algorithm", "NAME", "", "table: algorithm (default: that of experiments)")
      .option("population", "N", "", "table: of algorithms that have one")
      .option("seeds", "N", "30", "table: searches")
      .option("budget", "N", "500", "table: evaluations of each search")
      .option("in-flight", "N", "1", "table: candidates under way at a time");
}

void refuse_table_options(const CommandLine& line) {
  for (const char* option : kTableOptions) line.require_beside(option, "table");
}

int table_search(const CommandLine& line) {
  std::vector<std::string> accepted(std::begin(kTableOptions), std::end(kTableOptions));
  accepted.insert(accepted.end(), {"out", "threads", "seed", "json"});
  line.accept_only("--table", accepted);
  if (!line.given("out")) throw InputError("search: --out is missing: the folder of the results");
  const std::string folder = line.text("out");
  const TableChoice choice = table_choice(line);
  TableSearchOptions options = search_options(line);
  const auto problem = make_table_problem(load_table(line.text("table")), choice);
  ProgressLine progress;
  for (const std::string& notice : problem->notices) progress.note(notice);
  options.progress = [&](int done) { progress.update("seeds", done, options.seeds); };
  make_folder(folder);

  const UsefulRegion region = useful_region(*problem);
  const auto evaluated = search_table(problem, options);
  std::vector<std::vector<RegretPoint>> curves;
  for (const auto& seed : evaluated) curves.push_back(regret_curve(*problem, region, seed));
  write_results(*problem, options, evaluated, curves, folder);
  print_results(line, *problem, region, medians(curves));
  return 0;
}

}  // namespace edgefront
