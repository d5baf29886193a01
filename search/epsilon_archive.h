// An archive of limited size: one evaluation per box of a grid.
#pragma once

#include <cstdint>
#include <vector>

#include "search/search_algorithm.h"

namespace edgefront {

/// The ε-Pareto set of Laumanns et al. 2002 ("Combining convergence and diversity in evolutionary
/// multiobjective optimization", algorithm 3), with additive ε, so that objectives may be zero or
/// negative. Every feasible evaluation told is within ε of a member in each objective, members'
/// boxes do not dominate each other, and a member gives way only to one that is better: the archive
/// never gets worse. Its size is at most the product of range / ε over all objectives but one.
class EpsilonArchive {
 public:
  /// `epsilon`: side of the boxes, > 0, one per objective in its unit; else InputError.
  explicit EpsilonArchive(std::vector<double> epsilon);

  /// True if the evaluation entered. In a box that is taken it must dominate the one there. Failed
  /// and infeasible evaluations are not kept. Linear in the members.
  bool insert(const Evaluation& evaluation);
  /// Sorted by the first objective, then the others, then index.
  std::vector<Evaluation> front() const;

 private:
  struct Member {
    std::vector<double> box;  ///< whole numbers: floor(objective / ε)
    Evaluation evaluation;
  };

  std::vector<double> epsilon_;
  std::vector<Member> members_;
};

}  // namespace edgefront
