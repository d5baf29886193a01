// Our NSGA-II, NSGA-III and SMS-EMOA against pagmo's NSGA-II, MOEA/D, NSPSO and MACO on ZDT1-4 and
// 6 (Zitzler, Deb & Thiele 2000) and DTLZ1, 2 and 7 (Deb et al. 2002) with 2 to 4 objectives:
// hypervolume of everything evaluated, at equal evaluations, median over seeds. Both sides see the
// same problem: pagmo's, with each variable rounded to one of 255 levels. Both begin with as many
// uniform points as the population has. The yardstick of a line is the best of pagmo's medians.
//
//   moo_quality_bench [--seeds 20] [--evaluations 10000] [--population 100] [--only dtlz1]
//                     [--threads 2] [--dtlz1-reference 5]
//
// zdt4 and dtlz1 have many local fronts and get three times as many evaluations. On dtlz1 many runs
// still end on one of the local fronts, which lie at whole multiples of the true one: from a
// reference just beyond the true front (0.5 in each objective) most of pagmo's have a hypervolume
// of 0, so that it stands at 5 unless told. SMS-EMOA in four objectives, where an evaluation costs
// a millisecond, is stopped after a third and compared with the others at that point.
//
// Our side's space is a list of plain decisions of 255 choices. It has no networks, so that its
// cardinality and its uniform samples mean nothing: the first population comes as `include`.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/maco.hpp>
#include <pagmo/algorithms/moead.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/algorithms/nspso.hpp>
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

std::vector<Bench> all_problems(double dtlz1_reference) {
  std::vector<Bench> all;
  for (const unsigned id : {1u, 2u, 3u, 4u, 6u}) {
    const auto problem = std::make_shared<pagmo::problem>(pagmo::zdt(id, id < 4 ? 30 : 10));
    all.push_back({"zdt" + std::to_string(id), problem, {1.1, 1.1}, id == 4 ? 3 : 1});
  }
  for (const unsigned id : {1u, 2u, 7u}) {
    for (const unsigned objectives : {2u, 3u, 4u}) {
      const unsigned distance = id == 1 ? 5 : id == 2 ? 10 : 20;
      ObjectiveVector reference(objectives, id == 1 ? dtlz1_reference : 1.1);
      if (id == 7) reference.back() = 2.2 * objectives;
      all.push_back(
          {"dtlz" + std::to_string(id) + " " + std::to_string(objectives) + "-D",
           std::make_shared<pagmo::problem>(pagmo::dtlz(id, objectives - 1 + distance, objectives)),
           reference, id == 1 ? 3 : 1});
    }
  }
  return all;
}

struct Setting {
  int population = 100;
  int evaluations = 10000;
  int early = 0;  ///< evaluations after which the hypervolume is taken too
  unsigned seed = 1;
};

struct Volumes {
  double end = 0, early = 0;
};

/// What a run has found: all that is not dominated.
class Found {
 public:
  Found(const ObjectiveVector& reference, const Setting& setting)
      : reference_(reference), setting_(setting) {}
  void add(const ObjectiveVector& objectives) {
    if (next_ >= setting_.evaluations) return;
    archive_.insert({.index = next_++, .genotype = {}, .objectives = objectives, .reason = {}});
    if (next_ == setting_.early) volumes_.early = volume();
  }
  Volumes volumes() {
    volumes_.end = volume();
    return volumes_;
  }

 private:
  double volume() const {
    std::vector<ObjectiveVector> points;
    for (const Evaluation& evaluation : archive_.front()) points.push_back(evaluation.objectives);
    return hypervolume(points, reference_);
  }

  ObjectiveVector reference_;
  Setting setting_;
  ParetoArchive archive_;
  Volumes volumes_;
  std::int64_t next_ = 0;
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

struct Theirs {
  const char* name;
  std::function<pagmo::algorithm(const Bench&, const Setting&, unsigned generations)> make;
};

std::vector<Theirs> all_of_pagmo() {
  return {{"nsga2",
           [](const Bench& bench, const Setting& s, unsigned generations) {
             return pagmo::algorithm{
                 pagmo::nsga2(generations, 0.95, 10., 1.0 / bench.variables(), 50., s.seed)};
           }},
          // "random" weights take any population size; "grid" only lattice sizes.
          {"moead",
           [](const Bench&, const Setting& s, unsigned generations) {
             return pagmo::algorithm{pagmo::moead(generations, "random", "tchebycheff", 20u, 1.,
                                                  0.5, 20., 0.9, 2u, true, s.seed)};
           }},
          {"nspso",
           [](const Bench&, const Setting& s, unsigned generations) {
             return pagmo::algorithm{pagmo::nspso(generations, 0.6, 2.0, 2.0, 1.0, 0.5, 60u,
                                                  "crowding distance", false, s.seed)};
           }},
          {"maco", [](const Bench&, const Setting& s, unsigned generations) {
             return pagmo::algorithm{
                 pagmo::maco(generations, 63u, 1.0, 1u, 7u, 100000u, 0., false, s.seed)};
           }}};
}

Volumes run_theirs(const Bench& bench, const Setting& setting, const Theirs& theirs) {
  Found found(bench.reference, setting);
  const unsigned generations = unsigned(setting.evaluations / setting.population);
  pagmo::problem problem{Rounded{&bench, &found}};
  pagmo::population population(problem, unsigned(setting.population / 4 * 4), setting.seed);
  theirs.make(bench, setting, generations).evolve(population);
  return found.volumes();
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

Volumes run_ours(const Bench& bench, const Setting& setting, const MakeOurs& make) {
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
  Found found(bench.reference, setting);
  for (int i = 0; i < setting.evaluations; ++i) {
    const std::vector<Candidate> asked = algorithm->ask(1);
    const Genotype& genotype = asked.at(0).genotype;
    const ObjectiveVector objectives =
        bench.at(std::vector<int>(genotype.choices.begin(), genotype.choices.end()));
    found.add(objectives);
    algorithm->tell(
        {{.index = asked[0].index, .genotype = genotype, .objectives = objectives, .reason = {}}});
  }
  return found.volumes();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/// The medians over the seeds.
Volumes over_seeds(int seeds, int threads, const Setting& setting,
                   const std::function<Volumes(const Setting&)>& run) {
  std::vector<double> end(static_cast<std::size_t>(seeds)), early(end.size());
  parallel_for(seeds, threads, [&](std::int64_t s) {
    Setting own = setting;
    own.seed = static_cast<unsigned>(s + 1);
    const Volumes volumes = run(own);
    end[static_cast<std::size_t>(s)] = volumes.end;
    early[static_cast<std::size_t>(s)] = volumes.early;
  });
  return {median(end), median(early)};
}

struct Ours {
  const char* name;
  MakeOurs make;
};

std::vector<Ours> all_of_ours() {
  return {{"nsga2",
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
          {"sms_emoa", [](const Problem& problem, const Setting& s,
                          const VariationOptions& variation, const std::vector<Genotype>& include) {
             return make_sms_emoa(
                 problem, {.population = s.population, .variation = variation, .seed = s.seed},
                 include);
           }}};
}

/// One line of the table; false where one of ours is more than 1 % below.
bool compare(const Bench& bench, int seeds, int threads, Setting setting) {
  const auto begun = std::chrono::steady_clock::now();
  const bool dear = bench.reference.size() > 3;  // for SMS-EMOA
  setting.evaluations *= bench.factor;
  setting.early = dear ? setting.evaluations / 3 : setting.evaluations;
  std::printf("%-9s %7d", bench.name.c_str(), setting.evaluations);
  Volumes best;
  for (const Theirs& theirs : all_of_pagmo()) {
    const Volumes volumes = over_seeds(
        seeds, threads, setting, [&](const Setting& s) { return run_theirs(bench, s, theirs); });
    std::printf(" %11.6f", volumes.end);
    std::fflush(stdout);
    best = {std::max(best.end, volumes.end), std::max(best.early, volumes.early)};
  }
  bool held = true;
  for (const Ours& ours : all_of_ours()) {
    Setting own = setting;
    const bool early = dear && std::string(ours.name) == "sms_emoa";
    if (early) own.evaluations = own.early;
    const double mine = over_seeds(seeds, threads, own, [&](const Setting& s) {
                          return run_ours(bench, s, ours.make);
                        }).end;
    const double theirs = early ? best.early : best.end;
    const double ratio = theirs > 0 ? mine / theirs : mine > 0 ? 9.9999 : 1;
    held = held && ratio >= 0.99;
    std::printf(" %9.4f", ratio);
    std::fflush(stdout);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf(" %6.0f s\n", took.count());
  return held;
}

struct Options {
  int seeds = 20;
  int threads = int(std::max(1u, std::thread::hardware_concurrency()));
  Setting setting;
  std::string only;  ///< problems whose names begin so
  double dtlz1_reference = 5;
};

/// False where an option is unknown or has no value, or a number is no number above 0.
bool read_options(int argc, char** argv, Options& options) {
  const std::map<std::string, int*> numbers{{"--seeds", &options.seeds},
                                            {"--evaluations", &options.setting.evaluations},
                                            {"--population", &options.setting.population},
                                            {"--threads", &options.threads}};
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) return false;
    const std::string key = argv[i];
    if (key == "--only") {
      options.only = argv[i + 1];
      continue;
    }
    if (key == "--dtlz1-reference") {
      options.dtlz1_reference = std::atof(argv[i + 1]);
      if (!(options.dtlz1_reference > 0)) return false;
      continue;
    }
    const auto number = numbers.find(key);
    if (number == numbers.end()) return false;
    *number->second = std::atoi(argv[i + 1]);
    if (*number->second < 1) return false;
  }
  return true;
}

int run(const Options& options) {
  std::printf("median hypervolume of %d seeds, population %d; ours over the best of pagmo's\n%-17s",
              options.seeds, options.setting.population, "problem");
  for (const Theirs& theirs : all_of_pagmo()) std::printf(" %5s %5s", "pagmo", theirs.name);
  for (const Ours& ours : all_of_ours()) std::printf(" %9s", ours.name);
  std::printf("\n");
  bool held = true;
  for (const Bench& bench : all_problems(options.dtlz1_reference)) {
    if (!bench.name.starts_with(options.only)) continue;
    held = compare(bench, options.seeds, options.threads, options.setting) && held;
  }
  std::printf(held ? "all within 1 %% of pagmo's or better\n" : "not all within 1 %% of pagmo's\n");
  return 0;
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  edgefront::Options options;
  if (edgefront::read_options(argc, argv, options)) return edgefront::run(options);
  std::fprintf(stderr,
               "moo_quality_bench [--seeds 20] [--evaluations 10000] [--population 100] "
               "[--only dtlz1] [--threads 2] [--dtlz1-reference 5]\n");
  return 2;
}
