// Which networks of a run a person means by "knee", "knees:3", "best", "latency<=2ms", "spread:5"
// or an index.
#pragma once

#include <string>
#include <vector>

#include "search/search_algorithm.h"

namespace edgefront {

/// Comma-separated selections, without duplicates, in the order given:
///   knee        the front's knee in all its objectives (search/knee.h)
///   knees:N     up to N members that people with different weights would miss most, the knee first
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
