// A space that is small enough to enumerate and has every way in which two genotypes can build one
// network: empty stages, roundings, operators that coincide, skips that fall back.
#pragma once

#include <algorithm>
#include <vector>

#include "space/search_space.h"

namespace edgefront {

inline constexpr char kSmallSpace[] = R"(
name = "small"
classes = 4
[input]
resolution = [8, 12]
channels = 3
[stem]
width = [8, 16]
[[stages]]
depth = [1, 2]
width = [8, 16]
stride = [1, 2]
op = ["dwsep", "mbconv", "conv"]
expand_ratio = [1, 1.2, 2]
se_ratio = [0, 0.25]
skip = ["identity", "none"]
[[stages]]
depth = [0, 1]
width = [8, 16]
op = "conv"
skip = ["none", "identity", "projection"]
[head]
width = [0, 16]
)";

/// All genotypes, canonical or not.
inline std::vector<Genotype> every_genotype(const SearchSpace& space) {
  std::vector<Genotype> all;
  Genotype genotype{std::vector<std::uint8_t>(space.decisions.size())};
  for (;;) {
    all.push_back(genotype);
    std::size_t i = space.decisions.size();
    while (i > 0 && ++genotype.choices[i - 1] == space.decisions[i - 1].choices.size())
      genotype.choices[--i] = 0;
    if (i == 0) return all;
  }
}

}  // namespace edgefront
