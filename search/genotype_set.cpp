#include "search/genotype_set.h"

#include <cassert>
#include <cstring>

namespace edgefront {
namespace {

/// Eight choices at a time; for tables in memory only, so it may be another one tomorrow.
std::uint64_t hash_of(const std::uint8_t* choices, std::size_t length) {
  std::uint64_t hash = length;
  const auto take = [&](std::uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 32;
  };
  std::size_t i = 0;
  for (; i + 8 <= length; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, choices + i, 8);
    take(word);
  }
  std::uint64_t rest = 0;
  if (i < length) std::memcpy(&rest, choices + i, length - i);
  take(rest);
  return hash * 0xD6E8FEB86659FD93u;
}

std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }

}  // namespace

std::size_t GenotypeSet::find(const std::uint8_t* choices, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = static_cast<std::size_t>(hash >> 32) & mask;
  for (; slots_[at].number_and_one != 0; at = (at + 1) & mask) {
    if (slots_[at].tag != tag_of(hash)) continue;
    const std::size_t number = slots_[at].number_and_one - 1;
    if (length_ == 0 || std::memcmp(&choices_[number * length_], choices, length_) == 0) break;
  }
  return at;
}

void GenotypeSet::grow() {
  slots_.assign(slots_.empty() ? 64 : 2 * slots_.size(), Slot());
  for (std::size_t i = 0; i < size_; ++i) {
    const std::uint8_t* choices = choices_.data() + i * length_;
    const std::uint64_t hash = hash_of(choices, length_);
    slots_[find(choices, hash)] = {tag_of(hash), static_cast<std::uint32_t>(i + 1)};
  }
}

GenotypeSet::Added GenotypeSet::add(const Genotype& genotype) {
  if (size_ == 0) length_ = genotype.choices.size();
  assert(genotype.choices.size() == length_);
  if (2 * (size_ + 1) > slots_.size()) grow();
  const std::uint64_t hash = hash_of(genotype.choices.data(), length_);
  Slot& slot = slots_[find(genotype.choices.data(), hash)];
  if (slot.number_and_one != 0) return {slot.number_and_one - 1, false};
  choices_.insert(choices_.end(), genotype.choices.begin(), genotype.choices.end());
  slot = {tag_of(hash), static_cast<std::uint32_t>(++size_)};
  return {size_ - 1, true};
}

bool GenotypeSet::contains(const Genotype& genotype) const {
  if (size_ == 0 || genotype.choices.size() != length_) return false;
  const std::uint64_t hash = hash_of(genotype.choices.data(), length_);
  return slots_[find(genotype.choices.data(), hash)].number_and_one != 0;
}

}  // namespace edgefront
