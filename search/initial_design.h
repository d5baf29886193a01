// What to evaluate first: feasible networks spread over the exact costs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "search/candidate_pool.h"
#include "search/search_algorithm.h"

namespace edgefront {

/// A design of up to `size` different genotypes, feasible by Problem::exact_costs: for each exact
/// cost its cheapest and dearest network, and one network from each of the strata between (equal
/// shares of the pool, the costs taking turns), the one whose genes are farthest from those chosen
/// before (maximin distance, Johnson et al. 1990). Where costs have more ends than `size`, a
/// network in a cost's outermost stratum stands for its end. Without exact costs: maximin alone.
/// `candidates` are what it chooses from; where none is feasible the design is empty.
std::vector<Genotype> stratified_design(const std::vector<const KnownCandidate*>& candidates,
                                        int size);

/// Networks along the way from typical costs to the smallest and the largest of each exact cost, by
/// an evolutionary search over exact costs only: a uniform sample of a large space has neither its
/// ends nor much near them. Feasible ones only; nothing where `pool` knows the whole space.
std::vector<Genotype> stretched_costs(const Problem& problem, CandidatePool& pool,
                                      std::uint64_t seed);

/// Minimises the exact violation before anything is evaluated: an evolutionary search over exact
/// costs only, which ends with the first `wanted` feasible genotypes or after `most` networks. What
/// it returns is feasible or, where nothing feasible was found, the one genotype with the smallest
/// violation.
std::vector<Genotype> least_violation(const Problem& problem, CandidatePool& pool, int wanted,
                                      int most, std::uint64_t seed);

}  // namespace edgefront
