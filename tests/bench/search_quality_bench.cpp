// How many evaluations does a search need? Runs our algorithms and pagmo's NSGA-II on
// NAS-Bench-Macro (Su et al. 2021: 6,561 networks, all trained) with many seeds, and prints how
// many unique networks each evaluates until it has 95 % and 99 % of the true front's hypervolume,
// and the hypervolume at fixed numbers of evaluations with a Mann–Whitney test. Objectives are the
// error and the FLOPs, unscaled, with the reference 20 % error and 1.01 times the largest FLOPs.
//
//   search_quality [--seeds 30] [--first-seed 0] [--budget 600] [--algorithms ehvi,nsga2,pagmo20,…]
//                  [--signal mean_acc] [--cost flops] [--window 1] [--verbose]
//
// A name with ":random" (nsga2:random) begins with a random design, as pagmo's NSGA-II does.
//
// The table is read from nas_bench_macro/ below $EDGEFRONT_PUBLIC_DATA, or ../shared/data beside
// the sources.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/experiment_fields.h"
#include "experiments/pipeline/algorithms.h"
#include "experiments/pipeline/mann_whitney.h"
#include "search/dominance.h"
#include "search/ehvi.h"
#include "search/hypervolume.h"
#include "space/network_list.h"

namespace edgefront {
namespace {

constexpr std::string_view kRandomDesign = ":random";

struct Settings {
  int seeds = 30, first_seed = 0, budget = 600, window = 1;
  std::string algorithms = "ehvi,nsga2,nsga2:random,pagmo20,pagmo80", signal = "mean_acc",
              cost = "flops";
  bool verbose = false;
  EhviOptions ehvi;
};

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

/// A complete space of categorical decisions with what is known of each network.
struct Table {
  SearchSpace space;
  struct Row {
    double truth = 0, signal = 0, cost = 0;
  };
  std::map<Genotype, Row> rows;
  std::vector<double> reference;  ///< error, cost
  double best = 0;                ///< hypervolume of all rows
};

Table read_macro(const Settings& settings) {
  const char* folder = std::getenv("EDGEFRONT_PUBLIC_DATA");
  const std::string root = folder != nullptr ? folder : EDGEFRONT_SOURCE_DIR "/../shared/data";
  const std::string path = root + "/nas_bench_macro/nas_bench_macro_cifar10.csv.gz";
  std::FILE* pipe = ::popen(("gzip -dc '" + path + "'").c_str(), "r");
  std::map<std::string, std::size_t> columns;
  Table table;
  for (int d = 0; d < 8; ++d) {
    table.space.decisions.push_back({"layer" + std::to_string(d), {"0", "1", "2"}});
  }
  char line[1024];
  double largest = 0;
  std::vector<ObjectiveVector> points;
  while (pipe != nullptr && std::fgets(line, sizeof line, pipe) != nullptr) {
    std::vector<std::string> cells = parts_of(std::string(line, std::strcspn(line, "\r\n")), ',');
    if (columns.empty()) {
      for (std::size_t c = 0; c < cells.size(); ++c) columns[cells[c]] = c;
      continue;
    }
    Genotype genotype;
    for (const char digit : cells.at(columns.at("arch"))) {
      genotype.choices.push_back(static_cast<std::uint8_t>(digit - '0'));
    }
    Table::Row row;
    row.truth = 100 - std::atof(cells.at(columns.at("mean_acc")).c_str());
    row.signal = 100 - std::atof(cells.at(columns.at(settings.signal)).c_str());
    row.cost = std::atof(cells.at(columns.at(settings.cost)).c_str());
    largest = std::max(largest, row.cost);
    points.push_back({row.truth, row.cost});
    table.rows[genotype] = row;
  }
  if (pipe != nullptr) ::pclose(pipe);
  if (table.rows.size() != 6561) {
    std::fprintf(stderr, "no table %s (set EDGEFRONT_PUBLIC_DATA)\n", path.c_str());
    std::exit(1);
  }
  std::vector<Genotype> genotypes;
  for (const auto& [genotype, row] : table.rows) genotypes.push_back(genotype);
  table.space.name = "nas_bench_macro";
  table.space.listed = std::make_shared<const NetworkList>(std::move(genotypes));
  table.reference = {20, 1.01 * largest};
  table.best = hypervolume(points, table.reference);
  return table;
}

/// Unique networks in the order of their evaluation, and the seconds spent in asking.
struct Trace {
  std::vector<Genotype> order;
  double seconds = 0;
};

std::unique_ptr<SearchAlgorithm> make_ours(const std::string& name, const Problem& problem,
                                           const Settings& settings, int seed) {
  const bool random = name.ends_with(kRandomDesign);
  const std::string algorithm = random ? name.substr(0, name.size() - kRandomDesign.size()) : name;
  const InitialDesign design = random ? InitialDesign::kRandom : InitialDesign::kStratified;
  if (algorithm == "ehvi") {
    EhviOptions options = settings.ehvi;
    options.design = design;
    options.seed = static_cast<std::uint64_t>(seed);
    return make_ehvi(problem, options, {});
  }
  SearchExperiment experiment;
  experiment.seed = static_cast<std::uint64_t>(seed);
  experiment.search.initial_design = design;
  for (const auto& [known, kind] : kAlgorithmNames) {
    if (algorithm != known) continue;
    experiment.search.algorithm = kind;
    return make_algorithm(experiment, problem);
  }
  std::fprintf(stderr, "unknown algorithm %s\n", name.c_str());
  std::exit(2);
}

Trace run_ours(const std::string& name, const Table& table, const Settings& settings, int seed) {
  Problem problem;
  problem.space = &table.space;
  problem.objectives = {{"error", false, 0}, {"cost", true, 0}};
  problem.exact_costs = [&](const std::vector<Genotype>& genotypes) {
    std::vector<ExactCosts> costs;
    for (const Genotype& genotype : genotypes) {
      const double cost = table.rows.at(genotype).cost;
      costs.push_back({{cost}, {cost}, {cost}, 0});
    }
    return costs;
  };
  const auto algorithm = make_ours(name, problem, settings, seed);
  Trace trace;
  std::deque<Candidate> waiting;
  while (static_cast<int>(trace.order.size()) < settings.budget) {
    const auto start = std::chrono::steady_clock::now();
    const int count = waiting.empty() ? settings.window : 1;
    const std::vector<Candidate> asked = algorithm->ask(count);
    trace.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    waiting.insert(waiting.end(), asked.begin(), asked.end());
    if (waiting.empty()) break;
    const Candidate first = waiting.front();
    waiting.pop_front();
    const Table::Row& row = table.rows.at(first.genotype);
    trace.order.push_back(first.genotype);
    algorithm->tell({{.index = first.index,
                      .genotype = first.genotype,
                      .objectives = {row.signal, row.cost},
                      .reason = {}}});
  }
  return trace;
}

/// The table as pagmo sees it: one integer per decision. Copies share the trace.
struct PagmoTable {
  const Table* table = nullptr;
  std::shared_ptr<Trace> trace = std::make_shared<Trace>();
  std::shared_ptr<std::set<Genotype>> seen = std::make_shared<std::set<Genotype>>();

  pagmo::vector_double fitness(const pagmo::vector_double& x) const {
    Genotype genotype;
    for (const double value : x) genotype.choices.push_back(static_cast<std::uint8_t>(value));
    if (seen->insert(genotype).second) trace->order.push_back(genotype);
    const Table::Row& row = table->rows.at(genotype);
    return {row.signal, row.cost};
  }
  std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    const std::size_t decisions = table == nullptr ? 1 : table->space.decisions.size();
    return {pagmo::vector_double(decisions, 0), pagmo::vector_double(decisions, 2)};
  }
  pagmo::vector_double::size_type get_nobj() const { return 2; }
  pagmo::vector_double::size_type get_nix() const {
    return table == nullptr ? 1 : table->space.decisions.size();
  }
};

Trace run_pagmo(const Table& table, const Settings& settings, int seed, int population) {
  PagmoTable problem;
  problem.table = &table;
  const auto number = static_cast<unsigned>(seed);
  pagmo::algorithm algorithm(pagmo::nsga2(1, 0.95, 10., 1. / 8, 50., number));
  pagmo::population members(pagmo::problem(problem), static_cast<unsigned>(population), number);
  for (int generation = 0; generation < 2'000; ++generation) {
    if (static_cast<int>(problem.trace->order.size()) >= settings.budget) break;
    members = algorithm.evolve(members);
  }
  return *problem.trace;
}

/// Hypervolume after each evaluation, as a share of the best.
std::vector<double> curve(const Table& table, const Trace& trace) {
  std::vector<double> shares;
  std::vector<ObjectiveVector> front;
  for (const Genotype& genotype : trace.order) {
    const Table::Row& row = table.rows.at(genotype);
    const ObjectiveVector point{row.truth, row.cost};
    const bool dominated = std::any_of(front.begin(), front.end(), [&](const auto& other) {
      return other == point || dominates(other, point);
    });
    if (!dominated) {
      std::erase_if(front, [&](const auto& other) { return dominates(point, other); });
      front.push_back(point);
    }
    shares.push_back(hypervolume(front, table.reference) / table.best);
  }
  return shares;
}

/// First evaluation with at least this share; `budget` + 1 where none is.
int reaches(const std::vector<double>& shares, double share, int budget) {
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] >= share) return static_cast<int>(i) + 1;
  }
  return budget + 1;
}

double at(const std::vector<double>& shares, std::size_t evaluations) {
  return shares.empty() ? 0 : shares[std::min(evaluations, shares.size()) - 1];
}

/// Linear interpolation between order statistics.
template <typename T>
double quantile(std::vector<T> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  const double part = place - static_cast<double>(below);
  return static_cast<double>(values[below]) * (1 - part) +
         static_cast<double>(values[above]) * part;
}

int main_of(const Settings& settings) {
  const Table table = read_macro(settings);
  const std::vector<int> budgets{50, 100, 200, 400};
  std::map<std::string, std::map<int, std::vector<double>>> shares;
  std::printf("%-10s %8s %8s %8s | %8s %8s %8s | hypervolume at 50, 100, 200, 400 | ms per ask\n",
              "", "95 % med", "90th", "worst", "99 % med", "90th", "worst");
  for (const std::string& name : parts_of(settings.algorithms, ',')) {
    std::vector<int> to_95, to_99;
    double seconds = 0, asks = 0;
    for (int seed = settings.first_seed; seed < settings.first_seed + settings.seeds; ++seed) {
      const Trace trace = name.starts_with("pagmo")
                              ? run_pagmo(table, settings, seed, std::atoi(name.c_str() + 5))
                              : run_ours(name, table, settings, seed);
      const std::vector<double> run = curve(table, trace);
      to_95.push_back(reaches(run, 0.95, settings.budget));
      to_99.push_back(reaches(run, 0.99, settings.budget));
      for (const int budget : budgets) shares[name][budget].push_back(at(run, budget));
      seconds += trace.seconds;
      asks += static_cast<double>(trace.order.size());
      if (settings.verbose) std::printf("  seed %d: %d %d\n", seed, to_95.back(), to_99.back());
    }
    std::printf("%-10s %8.1f %8.1f %8.0f | %8.1f %8.1f %8.0f |", name.c_str(), quantile(to_95, 0.5),
                quantile(to_95, 0.9), quantile(to_95, 1.0), quantile(to_99, 0.5),
                quantile(to_99, 0.9), quantile(to_99, 1.0));
    for (const int budget : budgets) std::printf(" %.4f", quantile(shares[name][budget], 0.5));
    std::printf(" | %.1f\n", asks > 0 ? 1e3 * seconds / asks : 0);
    std::fflush(stdout);
  }
  for (const auto& [name, by_budget] : shares) {
    if (name == "ehvi" || !shares.contains("ehvi")) continue;
    std::printf("ehvi against %s, chance to be better (p of no difference):", name.c_str());
    for (const int budget : budgets) {
      const MannWhitney test = mann_whitney(shares["ehvi"][budget], by_budget.at(budget));
      std::printf(" %.2f (%.2g)", test.effect, test.p);
    }
    std::printf("\n");
  }
  return 0;
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  edgefront::Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string key = argv[i];
    if (key == "--verbose") {
      settings.verbose = true;
      continue;
    }
    const std::string value = i + 1 < argc ? argv[++i] : "";
    if (key == "--seeds") settings.seeds = std::atoi(value.c_str());
    if (key == "--first-seed") settings.first_seed = std::atoi(value.c_str());
    if (key == "--budget") settings.budget = std::atoi(value.c_str());
    if (key == "--window") settings.window = std::atoi(value.c_str());
    if (key == "--algorithms") settings.algorithms = value;
    if (key == "--signal") settings.signal = value;
    if (key == "--cost") settings.cost = value;
    if (key == "--initial") settings.ehvi.initial = std::atoi(value.c_str());
    if (key == "--local-period") settings.ehvi.local_period = std::atoi(value.c_str());
    if (key == "--list-up-to") settings.ehvi.list_up_to = std::atoll(value.c_str());
    if (key == "--shortlist") settings.ehvi.shortlist = std::atoi(value.c_str());
    if (key == "--threads") settings.ehvi.threads = std::atoi(value.c_str());
  }
  return edgefront::main_of(settings);
}
