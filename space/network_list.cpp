#include "space/network_list.h"

#include <algorithm>
#include <limits>

#include "space/random.h"

namespace edgefront {

NetworkList::NetworkList(std::vector<Genotype> genotypes) : genotypes_(std::move(genotypes)) {
  index_.reserve(genotypes_.size());
  for (std::size_t i = 0; i < genotypes_.size(); ++i) {
    index_.emplace(genotypes_[i], static_cast<int>(i));
    genes_.insert(genes_.end(), genotypes_[i].choices.begin(), genotypes_[i].choices.end());
  }
}

int NetworkList::find(const Genotype& genotype) const {
  const auto found = index_.find(genotype);
  return found == index_.end() ? -1 : found->second;
}

int NetworkList::nearest(const Genotype& genotype, std::span<const Genotype> excluded) const {
  const auto is_excluded = [&](int index) {
    return std::find(excluded.begin(), excluded.end(), at(index)) != excluded.end();
  };
  const std::size_t width = genotype.choices.size();
  const std::uint8_t* wanted = genotype.choices.data();
  const std::uint64_t salt = std::hash<Genotype>()(genotype);
  int best = -1, fewest = std::numeric_limits<int>::max();
  std::uint64_t best_lot = 0;
  for (int i = 0; i < size(); ++i) {
    const std::uint8_t* genes = genes_.data() + static_cast<std::size_t>(i) * width;
    int different = 0;
    for (std::size_t g = 0; g < width; ++g) different += genes[g] != wanted[g];
    if (different > fewest) continue;
    const std::uint64_t lot = mix_seed(salt, static_cast<std::uint64_t>(i));
    if (different == fewest && lot >= best_lot) continue;
    if (is_excluded(i)) continue;
    best = i;
    fewest = different;
    best_lot = lot;
  }
  return best;
}

}  // namespace edgefront
