#include "search/variation.h"

#include <doctest/doctest.h>

#include <map>

#include "tests/search/toy_problem.h"

namespace edgefront {
namespace {

TEST_CASE("children are canonical, and each active gene comes from a parent that had it active") {
  const SearchSpace space = toy::space();
  for (std::uint64_t stream = 0; stream < 500; ++stream) {
    RandomStream random(5, stream);
    const Genotype a = sample_uniform(space, random), b = sample_uniform(space, random);
    const Genotype child = uniform_crossover(space, a, b, random);
    CHECK(child == canonical(space, child));
    const auto active = active_decisions(space, child), in_a = active_decisions(space, a),
               in_b = active_decisions(space, b);
    for (std::size_t i = 0; i < active.size(); ++i) {
      if (!active[i]) continue;
      const bool from_a = in_a[i] && child.choices[i] == a.choices[i];
      const bool from_b = in_b[i] && child.choices[i] == b.choices[i];
      CHECK((from_a || from_b));
    }
  }
}

TEST_CASE("where both parents have a gene active, each gives it about half of the time") {
  const SearchSpace space = toy::space();
  // Two parents that differ in the first stage's width only.
  Genotype a = space.references.at("small"), b = a;
  std::size_t width = 0;
  while (space.decisions[width].name != "stage1.width") ++width;
  b.choices[width] = 2;
  int from_b = 0;
  for (std::uint64_t stream = 0; stream < 2000; ++stream) {
    RandomStream random(6, stream);
    from_b += uniform_crossover(space, a, b, random).choices[width] == 2;
  }
  // Binomial(2000, 1/2): mean 1000, standard deviation 22; five of them.
  CHECK(from_b > 890);
  CHECK(from_b < 1110);
}

TEST_CASE("mutation changes one active decision on average, and a rate of one changes all") {
  const SearchSpace space = toy::space();
  const Genotype parent = space.references.at("small");
  const std::vector<bool> active = active_decisions(space, parent);
  int open = 0, changed = 0;
  for (std::size_t i = 0; i < active.size(); ++i) {
    open += active[i] && space.decisions[i].choices.size() > 1;
  }
  constexpr int kTrials = 4000;
  for (std::uint64_t stream = 0; stream < kTrials; ++stream) {
    RandomStream random(9, stream);
    const Genotype child = mutate(space, parent, 0, random);
    CHECK(child == canonical(space, child));
    for (std::size_t i = 0; i < active.size(); ++i) {
      changed += active[i] && child.choices[i] != parent.choices[i];
    }
    RandomStream again(10, stream);
    const Genotype all = mutate(space, parent, 1, again);
    for (std::size_t i = 0; i < active.size(); ++i) {
      if (active[i] && space.decisions[i].choices.size() > 1) {
        CHECK(all.choices[i] != parent.choices[i]);
      }
    }
  }
  // Sum of `kTrials` draws of Binomial(open, 1/open): standard deviation below √kTrials = 63.
  CHECK(open > 4);
  CHECK(changed > kTrials - 320);
  CHECK(changed < kTrials + 320);
}

TEST_CASE("genes that a mutation wakes take all of their choices") {
  const SearchSpace space = toy::space();
  const Genotype parent = space.references.at("small");  // depth 1: block 2 sleeps
  std::size_t kernel = 0;
  while (space.decisions[kernel].name != "stage1.block2.kernel_size") ++kernel;
  CHECK_FALSE(active_decisions(space, parent)[kernel]);
  std::map<int, int> woken;
  for (std::uint64_t stream = 0; stream < 4000; ++stream) {
    RandomStream random(12, stream);
    const Genotype child = mutate(space, parent, 0, random);
    if (active_decisions(space, child)[kernel]) ++woken[child.choices[kernel]];
  }
  REQUIRE(woken.size() == 2);
  CHECK(woken[0] > 0.7 * woken[1]);
  CHECK(woken[1] > 0.7 * woken[0]);
}

}  // namespace

TEST_CASE("in a space that lists few of its combinations children are other listed networks") {
  SearchSpace space;
  space.name = "table";
  std::vector<Genotype> genotypes;
  for (int d = 0; d < 12; ++d) {
    space.decisions.push_back({"d" + std::to_string(d), {"0", "1", "2", "3"}});
  }
  for (std::uint64_t i = 0; i < 100; ++i) {  // of 4^12, so that no two are neighbours
    RandomStream random(5, i);
    Genotype genotype;
    for (int d = 0; d < 12; ++d) {
      genotype.choices.push_back(static_cast<std::uint8_t>(random.below(4)));
    }
    genotypes.push_back(genotype);
  }
  space.listed = std::make_shared<const NetworkList>(genotypes);
  int mutated = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    RandomStream random(6, i);
    const Genotype& a = genotypes[random.below(100)];
    const Genotype& b = genotypes[random.below(100)];
    CHECK(space.listed->contains(uniform_crossover(space, a, b, random)));
    const Genotype child = mutate(space, a, 0, random);
    CHECK(space.listed->contains(child));
    mutated += child != a;
  }
  CHECK(mutated > 100);  // one without any change is the parent: 1/e of them
}

}  // namespace edgefront
