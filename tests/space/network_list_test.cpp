#include "space/network_list.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "space/architecture.h"
#include "space/error.h"
#include "space/random.h"
#include "space/search_space.h"
#include "space/uniform_sampler.h"

using namespace edgefront;

namespace {

/// 5 of the 2·3·40 combinations; the last decision has more choices than there are digits.
SearchSpace listed_space() {
  SearchSpace space;
  space.name = "table";
  space.decisions = {{"a", {"x", "y"}}, {"b", {"1", "2", "3"}}, {"c", {}}};
  for (int i = 0; i < 40; ++i) space.decisions[2].choices.push_back(std::to_string(i));
  space.listed = std::make_shared<const NetworkList>(
      std::vector<Genotype>{{{0, 0, 0}}, {{0, 1, 7}}, {{1, 2, 39}}, {{1, 0, 0}}, {{1, 2, 12}}});
  return space;
}

}  // namespace

TEST_CASE("the nearest network differs in the fewest genes, by brute force") {
  std::vector<Genotype> genotypes;
  for (std::uint64_t i = 0; i < 200; ++i) {
    RandomStream random(3, i);
    Genotype genotype;
    for (int g = 0; g < 9; ++g) {
      genotype.choices.push_back(static_cast<std::uint8_t>(random.below(4)));
    }
    if (std::find(genotypes.begin(), genotypes.end(), genotype) == genotypes.end()) {
      genotypes.push_back(genotype);
    }
  }
  const NetworkList list(genotypes);
  const auto distance = [](const Genotype& a, const Genotype& b) {
    int different = 0;
    for (std::size_t g = 0; g < a.choices.size(); ++g) different += a.choices[g] != b.choices[g];
    return different;
  };
  for (std::uint64_t i = 0; i < 100; ++i) {
    RandomStream random(4, i);
    Genotype wanted;
    for (int g = 0; g < 9; ++g) {
      wanted.choices.push_back(static_cast<std::uint8_t>(random.below(4)));
    }
    const Genotype excluded = genotypes[i];
    int fewest = 99;
    for (const Genotype& g : genotypes) {
      if (g != excluded) fewest = std::min(fewest, distance(g, wanted));
    }
    const int found = list.nearest(wanted, {&excluded, 1});
    CHECK(list.at(found) != excluded);
    CHECK(distance(list.at(found), wanted) == fewest);
    CHECK(list.find(list.at(found)) == found);
  }
}

TEST_CASE("neighbours differ in one gene, and in more where too few do") {
  std::vector<Genotype> genotypes;
  for (std::uint8_t a = 0; a < 3; ++a) {
    for (std::uint8_t b = 0; b < 4; ++b) genotypes.push_back({{a, b, 0}});
  }
  genotypes.push_back({{2, 3, 9}});
  const NetworkList list(genotypes);
  CHECK(list.neighbours({{0, 0, 0}}).size() == 5);
  CHECK(list.neighbours({{2, 3, 0}}).size() == 6);
  // One differs in a single gene, 5 more in two.
  const std::vector<Genotype> far = list.neighbours({{2, 3, 9}});
  REQUIRE(far.size() == 6);
  CHECK(far.front() == Genotype{{2, 3, 0}});
}

TEST_CASE("a listed space has its rows for networks and no others") {
  const SearchSpace space = listed_space();
  CHECK(cardinality(space) == "5");
  std::map<Genotype, int> drawn;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    RandomStream random(1, i);
    ++drawn[sample_uniform(space, random)];
  }
  CHECK(drawn.size() == 5);
  for (const auto& [genotype, count] : drawn) {
    CHECK(space.listed->contains(genotype));
    CHECK(count > 850);  // 1,000 ± 28 expected
    CHECK(count < 1150);
  }
  CHECK(canonical(space, {{0, 1, 7}}) == Genotype{{0, 1, 7}});
  CHECK(canonical(space, {{1, 2, 7}}).choices[1] == 2);
  CHECK(active_decisions(space, {{0, 1, 7}}) == std::vector<bool>{true, true, true});
  CHECK(UniformSampler(space).at("4") == Genotype{{1, 2, 12}});
  CHECK_THROWS_WITH_AS(decode(space, {{0, 1, 7}}), "table: the rows of a table have no layers",
                       InputError);
}

TEST_CASE("genes beyond the digits are written as numbers and read again") {
  const SearchSpace space = listed_space();
  for (int i = 0; i < space.listed->size(); ++i) {
    const Genotype& genotype = space.listed->at(i);
    CHECK(parse_genotype(space, to_text(space, genotype)) == genotype);
  }
  CHECK(to_text(space, {{1, 2, 39}}) == "1-2-39");
  CHECK_THROWS_WITH_AS(parse_genotype(space, "1-2-38"), "genotype \"1-2-38\": is no row of table",
                       InputError);
  for (const char* text : {"1-2-40", "1-2", "1-2-", "1-2-39-0", "", "1 2 39"}) {
    CHECK_THROWS_AS(parse_genotype(space, text), InputError);
  }
}
