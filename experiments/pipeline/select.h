// Which networks of a run a person means by "knee", "best", "latency<=2ms", "spread:5" or an index.
#pragma once

#include <string>
#include <vector>

#include "search/search_algorithm.h"

namespace edgefront {

/// Comma-separated selections, without duplicates, in the order given:
///   knee        the front member farthest from the line between the front's ends (first two
///               objectives)
///   best        the smallest first objective
///   NAME<=VALUE the smallest first objective among members whose objective NAME is within VALUE
///               (units accepted; a name may leave out its unit: latency, energy, memory)
///   spread:N    N members spread evenly over the logarithm of the second objective, ends included
///   INDEX       the evaluation with this index, on the front or not
/// Throws InputError for anything else, for an index that has no feasible evaluation, and where
/// nothing is within a limit (it names the nearest).
std::vector<Evaluation> select_networks(const std::string& selection,
                                        const std::vector<std::string>& objectives,
                                        const std::vector<Evaluation>& front,
                                        const std::vector<Evaluation>& evaluations);

}  // namespace edgefront
