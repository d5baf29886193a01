// From the [search] table of an experiment to the algorithm that it names: the one place where the
// names and the options of all algorithms meet.
#pragma once

#include <memory>

#include "experiments/search_experiment.h"
#include "search/search_algorithm.h"

namespace edgefront {

/// The experiment's algorithm; `problem` outlives it. Throws InputError that names the key.
std::unique_ptr<SearchAlgorithm> make_algorithm(const SearchExperiment& experiment,
                                                const Problem& problem);

}  // namespace edgefront
