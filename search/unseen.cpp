#include "search/unseen.h"

#include <charconv>
#include <limits>
#include <string>

namespace edgefront {

SeenGenotypes::SeenGenotypes(const SearchSpace& space)
    : sampler_(space), cardinality_(std::numeric_limits<std::uint64_t>::max()) {
  const std::string digits = sampler_.cardinality();
  std::uint64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec == std::errc()) cardinality_ = value;  // else out of range: practically endless
}

std::optional<Genotype> SeenGenotypes::sample_unseen(RandomStream& random) const {
  // With r of n networks unseen this takes n/r draws on average: cheap unless a small space is
  // nearly exhausted, and then n is small.
  while (!exhausted()) {
    Genotype genotype = sampler_.sample(random);
    if (!contains(genotype)) return genotype;
  }
  return std::nullopt;
}

}  // namespace edgefront
