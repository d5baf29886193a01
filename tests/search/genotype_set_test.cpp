#include "search/genotype_set.h"

#include <doctest/doctest.h>

#include <map>

#include "space/random.h"

namespace edgefront {
namespace {

TEST_CASE("a set of genotypes holds what was added, numbered in the order in which it came") {
  for (const std::size_t length : {1, 3, 8, 21}) {
    GenotypeSet set;
    std::map<Genotype, std::size_t> known;
    RandomStream random(1, length);
    for (int i = 0; i < 3000; ++i) {
      Genotype genotype{std::vector<std::uint8_t>(length)};
      for (std::uint8_t& choice : genotype.choices) {
        choice = static_cast<std::uint8_t>(random.below(length < 4 ? 9 : 2));
      }
      REQUIRE(set.contains(genotype) == known.contains(genotype));
      if (i % 3 == 0) continue;
      const auto [at, is_new] = known.try_emplace(genotype, known.size());
      const GenotypeSet::Added added = set.add(genotype);
      REQUIRE(added.number == at->second);
      REQUIRE(added.is_new == is_new);
      REQUIRE(set.size() == known.size());
    }
  }
}

TEST_CASE("a space without decisions has one genotype") {
  GenotypeSet set;
  CHECK_FALSE(set.contains({}));
  CHECK(set.add({}).is_new);
  CHECK(set.contains({}));
  CHECK_FALSE(set.add({}).is_new);
  CHECK(set.size() == 1);
}

TEST_CASE("a genotype of another length is none of the set") {
  GenotypeSet set;
  set.add({{1, 2}});
  CHECK_FALSE(set.contains({{1, 2, 0}}));
  CHECK_FALSE(set.contains({{1}}));
}

}  // namespace
}  // namespace edgefront
