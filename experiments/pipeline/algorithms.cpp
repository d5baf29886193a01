#include "experiments/pipeline/algorithms.h"

#include <string>
#include <vector>

#include "search/ehvi.h"
#include "search/nsga2.h"
#include "search/random_search.h"
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

}  // namespace

std::unique_ptr<SearchAlgorithm> make_algorithm(const SearchExperiment& experiment,
                                                const Problem& problem) {
  const SearchChoice& search = experiment.search;
  const std::vector<Genotype> include = included(experiment, *problem.space);
  switch (search.algorithm) {
    case AlgorithmKind::kRandom:
      return make_random_search(problem, {.seed = experiment.seed}, include);
    case AlgorithmKind::kEhvi:
      return make_ehvi(problem, {.threads = search.threads, .seed = experiment.seed}, include);
    case AlgorithmKind::kNsga2:
      break;
  }
  return make_nsga2(problem,
                    {.population = search.population,
                     .crossover_probability = search.crossover_probability,
                     .mutation_rate = search.mutation_rate,
                     .seed = experiment.seed},
                    include);
}

}  // namespace edgefront
