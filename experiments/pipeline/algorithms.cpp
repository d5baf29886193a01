#include "experiments/pipeline/algorithms.h"

#include <string>
#include <vector>

#include "experiments/pipeline/zero_cost_features.h"
#include "search/ehvi.h"
#include "search/feature_audit.h"
#include "search/nsga2.h"
#include "search/nsga3.h"
#include "search/pareto_local_search.h"
#include "search/promotion.h"
#include "search/random_search.h"
#include "search/regularized_evolution.h"
#include "search/replication.h"
#include "search/sms_emoa.h"
#include "space/error.h"

namespace edgefront {
namespace {

std::vector<Genotype> included(const SearchExperiment& experiment, const SearchSpace& space) {
  std::vector<Genotype> genotypes;
  for (const std::string& text : experiment.search.include) {
    try {
      genotypes.push_back(parse_genotype(space, text));
    } catch (const InputError& error) {
      throw InputError(std::string("search.include: ") + error.what());
    }
  }
  return genotypes;
}

/// The algorithm's own default where the experiment gives none.
int population_of(const SearchChoice& search, int own) {
  return search.population > 0 ? search.population : own;
}

/// Smaller pools where each network's features take milliseconds.
EhviOptions ehvi_options(const SearchExperiment& experiment) {
  EhviOptions options{.threads = experiment.search.threads,
                      .design = experiment.search.initial_design,
                      .seed = experiment.seed};
  if (!are_dear(experiment.search.features)) return options;
  options.dear_features = true;
  options.enumerate_up_to = options.list_up_to = 1'000;
  options.samples = 300;
  return options;
}

std::unique_ptr<SearchAlgorithm> make_named(const SearchExperiment& experiment,
                                            const Problem& problem) {
  const SearchChoice& search = experiment.search;
  const std::vector<Genotype> include = included(experiment, *problem.space);
  switch (search.algorithm) {
    case AlgorithmKind::kRandom:
      return make_random_search(problem, {.seed = experiment.seed}, include);
    case AlgorithmKind::kEhvi:
      return make_feature_audit(
          problem,
          [options = ehvi_options(experiment), include](const Problem& audited) {
            return make_ehvi(audited, options, include);
          },
          {});
    case AlgorithmKind::kParetoLocalSearch:
      return make_pareto_local_search(
          problem,
          {.initial = search.initial, .design = search.initial_design, .seed = experiment.seed},
          include);
    case AlgorithmKind::kRegularizedEvolution:
      return make_regularized_evolution(
          problem,
          {.population = population_of(search, RegularizedEvolutionOptions().population),
           .sample = search.sample,
           .variation = search.variation,
           .design = search.initial_design,
           .seed = experiment.seed},
          include);
    case AlgorithmKind::kSmsEmoa:
      return make_sms_emoa(problem,
                           {.population = population_of(search, SmsEmoaOptions().population),
                            .variation = search.variation,
                            .design = search.initial_design,
                            .seed = experiment.seed},
                           include);
    case AlgorithmKind::kNsga3:
      return make_nsga3(problem,
                        {.population = search.population,
                         .offspring = search.offspring,
                         .variation = search.variation,
                         .design = search.initial_design,
                         .seed = experiment.seed},
                        include);
    case AlgorithmKind::kNsga2:
      break;
  }
  return make_nsga2(problem,
                    {.population = population_of(search, Nsga2Options().population),
                     .offspring = search.offspring,
                     .variation = search.variation,
                     .design = search.initial_design,
                     .seed = experiment.seed},
                    include);
}

}  // namespace

std::unique_ptr<SearchAlgorithm> make_algorithm(const SearchExperiment& experiment,
                                                const Problem& problem) {
  const SearchChoice& search = experiment.search;
  std::unique_ptr<SearchAlgorithm> algorithm = make_named(experiment, problem);
  if (problem.fidelities > 1) {
    algorithm = make_promotion(std::move(algorithm), problem, {.eta = search.eta});
  }
  if (search.replicate_share > 0) {
    algorithm = make_replication(std::move(algorithm), problem,
                                 {.share = search.replicate_share,
                                  .max_replicates = search.max_replicates,
                                  .seed = experiment.seed});
  }
  return algorithm;
}

}  // namespace edgefront
