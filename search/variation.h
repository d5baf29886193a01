// Making new genotypes from old ones. Free functions on values; all randomness comes from the
// stream that is passed in.
#pragma once

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
/// uniformly, since their canonical value 0 would favour the first choices. The result is
/// canonical and may equal `genotype`.
Genotype mutate(const SearchSpace& space, const Genotype& genotype, double rate,
                RandomStream& random);

}  // namespace edgefront
