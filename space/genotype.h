// A point of a search space: one choice index per decision, in canonical form.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace edgefront {

struct SearchSpace;
class RandomStream;

/// choices[i] indexes SearchSpace::decisions[i].choices. Plain value: compared, ordered, hashed.
struct Genotype {
  std::vector<std::uint8_t> choices;
  auto operator<=>(const Genotype&) const = default;
};

/// Sets every inactive gene (blocks beyond the depth, expand_ratio of a non-mbconv, …) to 0 and
/// maps choices that build the same network to the first of them. Idempotent; two genotypes build
/// the same network exactly if their canonical forms are equal. In a listed space a genotype that is
/// not in the list becomes its nearest network (NetworkList::nearest).
Genotype canonical(const SearchSpace& space, Genotype genotype);

/// True where the choice of decision i changes the network of this genotype.
std::vector<bool> active_decisions(const SearchSpace& space, const Genotype& genotype);

/// Uniform over canonical genotypes (every different network equally likely).
Genotype sample_uniform(const SearchSpace& space, RandomStream& random);

/// Text form without spaces, e.g. "1.20.3110.0…", or "12-3-40" where a decision has more than 36
/// choices; round-trips with parse_genotype.
std::string to_text(const SearchSpace& space, const Genotype& genotype);

/// Reads the text form, or the name of a reference of the space. Throws InputError that names the
/// gene, what came and its accepted range, or for a network that is not in a space's list; the
/// result is canonical.
Genotype parse_genotype(const SearchSpace& space, const std::string& text);

}  // namespace edgefront

template <>
struct std::hash<edgefront::Genotype> {
  std::size_t operator()(const edgefront::Genotype& g) const noexcept {
    std::size_t h = 1469598103934665603u;
    for (auto c : g.choices) h = (h ^ c) * 1099511628211u;
    return h;
  }
};
