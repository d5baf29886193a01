// Making new genotypes from old ones. Free functions on values; all randomness comes from the
// stream that is passed in.
#pragma once

#include <vector>

#include "space/genotype.h"
#include "space/random.h"
#include "space/search_space.h"

namespace edgefront {

/// Uniform crossover over decisions: each gene from `a` or `b` with equal chance, but from the
/// parent in which it is active where only one has it active (an inactive gene says nothing). The
/// result is canonical.
Genotype uniform_crossover(const SearchSpace& space, const Genotype& a, const Genotype& b,
                           RandomStream& random);

/// Changes each active decision with probability `rate` (0: 1 / number of active decisions) to
/// another of its choices, uniformly. Genes that a change wakes (a deeper stage) are drawn
/// uniformly, since their canonical value 0 would favour the first choices. `genotype` is
/// canonical, and so is the result, which may equal it.
Genotype mutate(const SearchSpace& space, const Genotype& genotype, double rate,
                RandomStream& random);

/// One neighbour for each active decision and each other choice of it, in that order, canonical and
/// each once. Genes that the change wakes are drawn from a stream of their own that belongs to
/// `genotype`, decision and choice: the neighbourhood is a fixed finite set for a `seed`. Where a
/// space's list has none of them, the listed networks that are nearest to each.
std::vector<Genotype> neighbours(const SearchSpace& space, const Genotype& genotype,
                                 std::uint64_t seed);

/// How VariedSpace makes a child of two parents. Probabilities are per child, in this order.
struct VariationOptions {
  double crossover_probability = 0.2;  ///< else the child begins as the mother
  double swap_probability = 0;         ///< exchanges the genes of two groups of equal shape
  double layer_probability = 0.1;      ///< adds or removes one block of a stage
  /// Per active decision; 0 = a quarter of 1 / number of active decisions. Since a child that was
  /// seen is bred anew, most children then are a crossover or one changed decision, not both:
  /// measured to need a sixth fewer evaluations than the usual 1 / number after a crossover of 0.9.
  double mutation_rate = 0;
  /// Vary decisions whose choices are ascending numbers as numbers: simulated binary crossover (Deb
  /// & Agrawal 1995) and polynomial mutation (Deb & Goyal 1996) on the choice's index, rounded. For
  /// decisions of many levels; with a few, to draw among all the others is as good.
  bool ordered = false;
  double crossover_spread = 10;  ///< distribution index of the crossover of ordered decisions
  double mutation_spread = 20;   ///< distribution index of their mutation
};

/// Throws InputError "`algorithm`: key = value; accepted: …" for what is out of range.
void check_variation(const VariationOptions& options, const char* algorithm);

/// A space with what the names of its decisions say of its structure. A group is what stands before
/// the first dot ("stage2"), or a plain decision by itself; two groups have equal shape if what
/// follows the dot and the choices are equal. A stage can grow and shrink where it has a decision
/// "depth" of numbers and blocks "block1.…", "block2.…".
class VariedSpace {
 public:
  VariedSpace(const SearchSpace& space, const VariationOptions& options);  ///< `space` outlives it

  /// A canonical child of two canonical parents; it may equal one of them.
  Genotype child(const Genotype& mother, const Genotype& father, RandomStream& random) const;
  /// The same of one parent.
  Genotype child(const Genotype& parent, RandomStream& random) const;

  /// Exchanges all genes of two different groups of equal shape, drawn uniformly among such pairs;
  /// `genotype` itself where there is none.
  Genotype swap_groups(const Genotype& genotype, RandomStream& random) const;
  /// Adds a copy of one block behind it, or removes one block, with equal chance where both can be:
  /// the depth goes to the next larger or smaller of its choices, one block at a time where the
  /// choices are consecutive. `genotype` itself where no stage has a choice of depth.
  Genotype change_depth(const Genotype& genotype, RandomStream& random) const;

 private:
  struct Stage {
    int depth = -1;                        ///< decision
    std::vector<int> depths;               ///< blocks, per choice
    std::vector<std::vector<int>> blocks;  ///< decisions of each block, in the same order
  };

  void find_groups();
  void find_stages();
  Genotype cross_ordered(const Genotype& a, const Genotype& b, Genotype child,
                         RandomStream& random) const;
  Genotype mutate_all(const Genotype& genotype, RandomStream& random) const;

  const SearchSpace* space_;
  VariationOptions options_;
  std::vector<bool> ordered_;                ///< per decision
  std::vector<std::vector<int>> groups_;     ///< decisions
  std::vector<std::pair<int, int>> equals_;  ///< pairs of groups of equal shape
  std::vector<Stage> stages_;                ///< those whose depth can change
};

}  // namespace edgefront
