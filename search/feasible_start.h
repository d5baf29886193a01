// Where to begin under constraints that are free to check: networks that keep them, found before
// anything is evaluated.
#pragma once

#include <cstdint>
#include <vector>

#include "search/search_algorithm.h"

namespace edgefront {

/// A candidate's violation can be known without evaluating it.
bool has_exact_constraints(const Problem& problem);

/// The part of the violation that is free to know; 0 where nothing is.
double exact_violation(const Problem& problem, const Genotype& genotype);

/// Up to `size` different networks that keep the exact constraints, spread over the exact costs
/// (stratified_design()). Spaces of up to 20,000 networks are looked through, so that one is found
/// wherever one exists; in larger ones the violation is minimised from a uniform sample
/// (least_violation()). Where none is found: the one network that violates least.
std::vector<Genotype> feasible_start(const Problem& problem, int size, std::uint64_t seed);

}  // namespace edgefront
