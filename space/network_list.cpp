#include "space/network_list.h"

#include <algorithm>
#include <limits>

#include "space/random.h"

namespace edgefront {
namespace {

/// What decides among equally near networks.
std::uint64_t lot_of(std::uint64_t salt, int index) {
  return mix_seed(salt, static_cast<std::uint64_t>(index));
}

bool is_one_of(std::span<const Genotype> genotypes, const Genotype& genotype) {
  return std::find(genotypes.begin(), genotypes.end(), genotype) != genotypes.end();
}

}  // namespace

NetworkList::NetworkList(std::vector<Genotype> genotypes) : genotypes_(std::move(genotypes)) {
  index_.reserve(genotypes_.size());
  choices_.assign(genotypes_.front().choices.size(), 0);
  for (std::size_t i = 0; i < genotypes_.size(); ++i) {
    const auto& choices = genotypes_[i].choices;
    index_.emplace(genotypes_[i], static_cast<int>(i));
    genes_.insert(genes_.end(), choices.begin(), choices.end());
    for (std::size_t g = 0; g < choices.size(); ++g) {
      choices_[g] = std::max(choices_[g], choices[g] + 1);
    }
  }
}

int NetworkList::find(const Genotype& genotype) const {
  const auto found = index_.find(genotype);
  return found == index_.end() ? -1 : found->second;
}

int NetworkList::differing_genes(int index, const Genotype& genotype) const {
  const std::size_t width = genotype.choices.size();
  const std::uint8_t* genes = genes_.data() + static_cast<std::size_t>(index) * width;
  int different = 0;
  for (std::size_t g = 0; g < width; ++g) different += genes[g] != genotype.choices[g];
  return different;
}

/// By look-ups, which in a table with most of its combinations are far fewer than its rows.
int NetworkList::nearest_by_one_gene(const Genotype& genotype,
                                     std::span<const Genotype> excluded) const {
  const std::uint64_t salt = std::hash<Genotype>()(genotype);
  int best = -1;
  Genotype other = genotype;
  for (std::size_t g = 0; g < choices_.size(); ++g) {
    for (int choice = 0; choice < choices_[g]; ++choice) {
      other.choices[g] = static_cast<std::uint8_t>(choice);
      const int index = find(other);
      if (choice == genotype.choices[g] || index < 0 || is_one_of(excluded, other)) continue;
      if (best < 0 || lot_of(salt, index) < lot_of(salt, best)) best = index;
    }
    other.choices[g] = genotype.choices[g];
  }
  return best;
}

int NetworkList::nearest(const Genotype& genotype, std::span<const Genotype> excluded) const {
  if (const int same = find(genotype); same >= 0 && !is_one_of(excluded, genotype)) return same;
  if (const int near = nearest_by_one_gene(genotype, excluded); near >= 0) return near;
  const std::uint64_t salt = std::hash<Genotype>()(genotype);
  int best = -1, fewest = std::numeric_limits<int>::max();
  for (int i = 0; i < size(); ++i) {
    const int different = differing_genes(i, genotype);
    if (different > fewest) continue;
    if (different == fewest && lot_of(salt, i) >= lot_of(salt, best)) continue;
    if (is_one_of(excluded, at(i))) continue;
    best = i;
    fewest = different;
  }
  return best;
}

std::vector<Genotype> NetworkList::neighbours(const Genotype& genotype) const {
  constexpr std::size_t kEnough = 4;
  std::vector<std::vector<int>> at_distance(choices_.size() + 1);
  for (int i = 0; i < size(); ++i) {
    at_distance[static_cast<std::size_t>(differing_genes(i, genotype))].push_back(i);
  }
  std::vector<Genotype> found;
  for (std::size_t d = 1; d < at_distance.size() && found.size() < kEnough; ++d) {
    for (const int index : at_distance[d]) found.push_back(at(index));
  }
  return found;
}

}  // namespace edgefront
