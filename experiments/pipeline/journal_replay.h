// A run that goes on runs its algorithm again from the start: what the algorithm asks now is held
// against what the journal says that it asked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/pipeline/journal.h"
#include "search/search_algorithm.h"
#include "space/search_space.h"

namespace edgefront {

/// How many of `candidates` are what the journal says, up to the first that is not; the cause with
/// file and line, empty where all are (the journal ends, or is silent, without being different).
struct ReplayCheck {
  std::size_t same = 0;
  std::string cause;
};

/// `path` is the journal's, `version` the algorithm's, both for the cause.
ReplayCheck check_replay(const JournalContents& journal, const SearchSpace& space,
                         const std::vector<Candidate>& candidates, const std::string& path,
                         const std::string& version);

/// The candidates from index `from` on, `most` at most, that an algorithm may take over without
/// being asked (SearchAlgorithm::take_over). The last asks of the journal are not among them: they
/// are asked again and compared, so that another program or processor shows. None where the journal
/// adopts evaluations: then it holds asks that were never made by this algorithm. Throws InputError
/// for a genotype that is not of the space.
std::vector<Candidate> candidates_to_take_over(const JournalContents& journal,
                                               const SearchSpace& space, std::int64_t from,
                                               std::int64_t most);

}  // namespace edgefront
