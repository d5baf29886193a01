// Where a search begins: networks that keep what is free to check and are spread over what is free
// to know, found before anything is evaluated.
#pragma once

#include <cstdint>
#include <vector>

#include "search/search_algorithm.h"

namespace edgefront {

class CandidatePool;

/// What the first networks of an algorithm are.
enum class InitialDesign {
  kStratified,  ///< spread over the exact costs, their ends included (stratified_design())
  kRandom       ///< uniform among feasible networks
};

/// A candidate's violation can be known without evaluating it.
bool has_exact_constraints(const Problem& problem);

/// The part of the violation that is free to know; 0 where nothing is.
double exact_violation(const Problem& problem, const Genotype& genotype);

/// For a pool that only costs are looked up in.
Problem without_features(Problem problem);

/// Networks that keep the exact constraints, found by exact costs alone; or, where none does, the
/// one network that violates least.
struct SearchStart {
  std::vector<Genotype> design;  ///< what to evaluate first; any first part is spread too
  /// Where more candidates may come from: feasible ones of least_violation(), at least as many as
  /// wanted where there are so many, and those of stretched_costs().
  std::vector<Genotype> home;
};

/// A design of up to `size` networks chosen from `home` and the base of `pool`; the seed decides
/// among equals. Of spaces that the pool knows whole it finds the costs' true ends, and a feasible
/// network wherever one exists; in larger ones both are searched for from the pool's base.
SearchStart search_start(const Problem& problem, CandidatePool& pool, InitialDesign design,
                         int size, int home, std::uint64_t seed);

/// The stratified design of an algorithm that models nothing. Spaces of up to 20,000 networks and
/// lists of up to 250,000 are looked through.
std::vector<Genotype> feasible_start(const Problem& problem, int size, std::uint64_t seed);

}  // namespace edgefront
