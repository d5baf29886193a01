// What to measure of a new device first, so that the rest can be predicted (transfer.h).
#pragma once

#include <span>
#include <vector>

#include "costmodels/transfer_prior.h"

namespace edgefront {

/// Which `count` of the candidates to measure: greedily the one that is least certain under the
/// prior, given those before it. (That maximises the determinant of their covariance step by step:
/// a D-optimal design.) Indices in the order of the choice; candidates with unknown parts never.
std::vector<int> choose_measurements(const TransferSources& sources,
                                     std::span<const PartSum> candidates, int count);

}  // namespace edgefront
