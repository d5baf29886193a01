// Our NSGA-II, NSGA-III and SMS-EMOA against pagmo's NSGA-II and MOEA/D on ZDT1-4 and 6 (Zitzler,
// Deb & Thiele 2000) and DTLZ1, 2 and 7 (Deb et al. 2002) with 2 to 4 objectives: hypervolume of
// everything evaluated, at equal evaluations (three times as many on zdt4 and dtlz1), median over
// seeds. A ratio of 9.9999 stands where pagmo's median is 0. Both sides see the same problem:
// pagmo's, with each variable rounded to one of 255 levels. Both begin with as many uniform points
// as the population has. The yardstick of a line is the better of pagmo's two.
//
//   moo_quality_bench [--seeds 20] [--evaluations 10000] [--population 100] [--only zdt]
//
// Our side's space is a list of plain decisions of 255 choices. It has no networks, so that its
// cardinality and its uniform samples mean nothing: the first population comes as `include`.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/moead.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#include <pagmo/problems/dtlz.hpp>
#include <pagmo/problems/zdt.hpp>
#include <string>
#include <thread>
#include <vector>

#include "search/hypervolume.h"
#include "search/nsga2.h"
#include "search/nsga3.h"
#include "search/parallel.h"
#include "search/pareto_archive.h"
#include "search/sms_emoa.h"
#include "space/random.h"

namespace edgefront {
namespace {

constexpr int kLevels = 255;  // 0, 1/2 and 1 are levels: optima of these problems lie there

struct Bench {
  std::string name;
  std::shared_ptr<pagmo::problem> problem;
  ObjectiveVector reference;
  int factor = 1;  ///< on the evaluations: zdt4 and dtlz1 have many local fronts

  int variables() const { return static_cast<int>(problem->get_nx()); }
  ObjectiveVector at(const std::vector<int>& levels) const {
    const auto [low, high] = problem->get_bounds();
    std::vector<double> x;
    for (std::size_t i = 0; i < levels.size(); ++i) {
      x.push_back(low[i] + (high[i] - low[i]) * levels[i] / (kLevels - 1));
    }
    return problem->fitness(x);
  }
};

std::vector<Bench> all_problems() {
  std::vector<Bench> all;
  for (const unsigned id : {1u, 2u, 3u, 4u, 6u}) {
    const auto problem = std::make_shared<pagmo::problem>(pagmo::zdt(id, id < 4 ? 30 : 10));
    all.push_back({"zdt" + std::to_string(id), problem, {1.1, 1.1}, id == 4 ? 3 : 1});
  }
  for (const unsigned id : {1u, 2u, 7u}) {
    for (const unsigned objectives : {2u, 3u, 4u}) {
      const unsigned distance = id == 1 ? 5 : id == 2 ? 10 : 20;
      ObjectiveVector reference(objectives, id == 1 ? 0.55 : 1.1);
      if (id == 7) reference.back() = 2.2 * objectives;
      all.push_back(
          {"dtlz" + std::to_string(id) + " " + std::to_string(objectives) + "-D",
           std::make_shared<pagmo::problem>(pagmo::dtlz(id, objectives - 1 + distance, objectives)),
           reference});
    }
  }
  return all;
}

/// What a run has found: all that is not dominated.
struct Found {
  explicit Found(int most) : left(most) {}
  void add(const ObjectiveVector& objectives) {
    if (left-- <= 0) return;
    archive.insert({.index = next++, .genotype = {}, .objectives = objectives, .reason = {}});
  }
  double volume(const ObjectiveVector& reference) const {
    std::vector<ObjectiveVector> points;
    for (const Evaluation& evaluation : archive.front()) points.push_back(evaluation.objectives);
    return hypervolume(points, reference);
  }
  ParetoArchive archive;
  int left = 0;
  std::int64_t next = 0;
};

/// What pagmo's algorithms see: the problem on the unit cube, rounded to the levels.
struct Rounded {
  const Bench* bench = nullptr;
  Found* found = nullptr;

  std::vector<double> fitness(const std::vector<double>& x) const {
    std::vector<int> levels;
    for (const double value : x) levels.push_back(int(std::lround(value * (kLevels - 1))));
    ObjectiveVector objectives = bench->at(levels);
    found->add(objectives);
    return objectives;
  }
  std::pair<std::vector<double>, std::vector<double>> get_bounds() const {
    const std::size_t n = static_cast<std::size_t>(bench->variables());
    return {std::vector<double>(n, 0), std::vector<double>(n, 1)};
  }
  std::vector<double>::size_type get_nobj() const { return bench->reference.size(); }
};

struct Setting {
  int population = 100, evaluations = 10000;
  unsigned seed = 1;
};

double run_pagmo(const Bench& bench, const Setting& setting, bool moead) {
  Found found(setting.evaluations);
  const unsigned generations = unsigned(setting.evaluations / setting.population);
  unsigned size = unsigned(setting.population);
  if (moead) size = unsigned(setting.population) / 4 * 4;
  pagmo::problem problem{Rounded{&bench, &found}};
  pagmo::population population(problem, size, setting.seed);
  if (moead) {
    // "random" weights take any population size; "grid" only lattice sizes.
    pagmo::algorithm{pagmo::moead(generations, "random", "tchebycheff", 20u, 1., 0.5, 20., 0.9, 2u,
                                  true, setting.seed)}
        .evolve(population);
  } else {
    pagmo::algorithm{
        pagmo::nsga2(generations, 0.95, 10., 1.0 / bench.variables(), 50., setting.seed)}
        .evolve(population);
  }
  return found.volume(bench.reference);
}

using MakeOurs = std::function<std::unique_ptr<SearchAlgorithm>(
    const Problem&, const Setting&, const VariationOptions&, const std::vector<Genotype>&)>;

SearchSpace plain_space(int variables) {
  SearchSpace space;
  space.name = "levels";
  space.resolution.assign(60000, 32);  // a cardinality that no run exhausts
  space.stem.width = {8};
  space.head.width.assign(60000, 0);
  space.head.feature = {0};
  Decision decision;
  for (int level = 0; level < kLevels; ++level) decision.choices.push_back(std::to_string(level));
  for (int i = 0; i < variables; ++i) {
    decision.name = "x" + std::to_string(i);
    space.decisions.push_back(decision);
  }
  return space;
}

double run_ours(const Bench& bench, const Setting& setting, const MakeOurs& make) {
  const SearchSpace space = plain_space(bench.variables());
  Problem problem;
  problem.space = &space;
  problem.objectives.resize(bench.reference.size());
  std::vector<Genotype> include;
  for (int i = 0; i < setting.population; ++i) {
    RandomStream random(mix_seed(setting.seed, 99), std::uint64_t(i));
    Genotype genotype;
    for (int v = 0; v < bench.variables(); ++v) {
      genotype.choices.push_back(static_cast<std::uint8_t>(random.below(kLevels)));
    }
    include.push_back(std::move(genotype));
  }
  const VariationOptions variation{
      .crossover_probability = 0.9, .mutation_rate = 1.0 / bench.variables(), .ordered = true};
  const auto algorithm = make(problem, setting, variation, include);
  Found found(setting.evaluations);
  for (int i = 0; i < setting.evaluations; ++i) {
    const std::vector<Candidate> asked = algorithm->ask(1);
    const Genotype& genotype = asked.at(0).genotype;
    const ObjectiveVector objectives =
        bench.at(std::vector<int>(genotype.choices.begin(), genotype.choices.end()));
    found.add(objectives);
    algorithm->tell(
        {{.index = asked[0].index, .genotype = genotype, .objectives = objectives, .reason = {}}});
  }
  return found.volume(bench.reference);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/// The median hypervolume over the seeds.
double over_seeds(int seeds, const Setting& setting,
                  const std::function<double(const Setting&)>& run) {
  std::vector<double> volumes(static_cast<std::size_t>(seeds));
  parallel_for(seeds, int(std::max(1u, std::thread::hardware_concurrency())), [&](std::int64_t s) {
    Setting own = setting;
    own.seed = static_cast<unsigned>(s + 1);
    volumes[static_cast<std::size_t>(s)] = run(own);
  });
  return median(volumes);
}

int run(int argc, char** argv) {
  int seeds = 20;
  Setting setting;
  std::string only;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i];
    if (key == "--seeds") seeds = std::atoi(argv[i + 1]);
    if (key == "--evaluations") setting.evaluations = std::atoi(argv[i + 1]);
    if (key == "--population") setting.population = std::atoi(argv[i + 1]);
    if (key == "--only") only = argv[i + 1];
  }
  const std::vector<std::pair<const char*, MakeOurs>> ours{
      {"nsga2",
       [](const Problem& problem, const Setting& s, const VariationOptions& variation,
          const std::vector<Genotype>& include) {
         return make_nsga2(problem,
                           {.population = s.population, .variation = variation, .seed = s.seed},
                           include);
       }},
      {"nsga3",
       [](const Problem& problem, const Setting& s, const VariationOptions& variation,
          const std::vector<Genotype>& include) {
         return make_nsga3(problem,
                           {.population = s.population, .variation = variation, .seed = s.seed},
                           include);
       }},
      {"sms_emoa", [](const Problem& problem, const Setting& s, const VariationOptions& variation,
                      const std::vector<Genotype>& include) {
         return make_sms_emoa(problem,
                              {.population = s.population, .variation = variation, .seed = s.seed},
                              include);
       }}};
  std::printf(
      "median hypervolume of %d seeds, %d evaluations, population %d; ours over the better "
      "of pagmo's\n%-10s %12s %12s",
      seeds, setting.evaluations, setting.population, "problem", "pagmo nsga2", "pagmo moead");
  for (const auto& [name, make] : ours) std::printf(" %10s", name);
  std::printf("\n");
  bool held = true;
  for (const Bench& bench : all_problems()) {
    if (!only.empty() && bench.name.find(only) == std::string::npos) continue;
    Setting longer = setting;
    longer.evaluations *= bench.factor;
    const double nsga2 =
        over_seeds(seeds, longer, [&](const Setting& s) { return run_pagmo(bench, s, false); });
    const double moead =
        over_seeds(seeds, longer, [&](const Setting& s) { return run_pagmo(bench, s, true); });
    std::printf("%-10s %12.6f %12.6f", bench.name.c_str(), nsga2, moead);
    std::fflush(stdout);
    for (const auto& [name, make] : ours) {
      const double mine =
          over_seeds(seeds, longer, [&](const Setting& s) { return run_ours(bench, s, make); });
      const double theirs = std::max(nsga2, moead);
      const double ratio = theirs > 0 ? mine / theirs : mine > 0 ? 9.9999 : 1;
      held = held && ratio >= 0.99;
      std::printf(" %10.4f", ratio);
      std::fflush(stdout);
    }
    std::printf("\n");
  }
  std::printf(held ? "all within 1 %% of pagmo's or better\n" : "not all within 1 %% of pagmo's\n");
  return 0;
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) { return edgefront::run(argc, argv); }
