#include "search/variation.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "space/error.h"
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

/// Index of a decision by its name.
std::size_t place(const SearchSpace& space, const std::string& name) {
  std::size_t i = 0;
  while (space.decisions[i].name != name) ++i;
  return i;
}

TEST_CASE("the neighbours of a network differ in one decision or in what it wakes, each once") {
  const SearchSpace space = toy::space();
  RandomStream random(3, 3);
  for (int trial = 0; trial < 20; ++trial) {
    const Genotype genotype = sample_uniform(space, random);
    const std::vector<bool> active = active_decisions(space, genotype);
    std::size_t expected = 0;
    for (std::size_t i = 0; i < active.size(); ++i) {
      if (active[i]) expected += space.decisions[i].choices.size() - 1;
    }
    const std::vector<Genotype> all = neighbours(space, genotype, 1);
    CHECK(all.size() == expected);
    CHECK(std::set<Genotype>(all.begin(), all.end()).size() == all.size());
    CHECK(all == neighbours(space, genotype, 1));
    for (const Genotype& neighbour : all) {
      CHECK(neighbour == canonical(space, neighbour));
      const std::vector<bool> there = active_decisions(space, neighbour);
      int changed = 0;
      for (std::size_t i = 0; i < active.size(); ++i) {
        changed += active[i] && there[i] && neighbour.choices[i] != genotype.choices[i];
      }
      CHECK(changed == 1);
    }
  }
}

TEST_CASE("adding a layer doubles a block, removing one keeps the others in their order") {
  const SearchSpace space = parse_space(R"(
name = "deep"
classes = 4
[input]
resolution = 16
channels = 1
[stem]
width = 8
[[stages]]
depth = [1, 2, 3, 4]
width = [8]
kernel_size = [3, 5, 7]
expand_ratio = [2]
[head]
width = 0
)",
                                        "deep.toml");
  const VariedSpace varied(space, {});
  const auto kernels = [&](const Genotype& genotype) {
    std::vector<int> list;
    const int depth = 1 + genotype.choices[place(space, "stage1.depth")];
    for (int block = 1; block <= depth; ++block) {
      list.push_back(
          genotype.choices[place(space, "stage1.block" + std::to_string(block) + ".kernel_size")]);
    }
    return list;
  };
  int longer = 0;
  for (std::uint64_t stream = 0; stream < 300; ++stream) {
    RandomStream random(4, stream);
    Genotype parent = sample_uniform(space, random);
    parent.choices[place(space, "stage1.depth")] = 1 + stream % 2;  // can grow and shrink
    parent = canonical(space, parent);
    const std::vector<int> before = kernels(parent);
    const std::vector<int> after = kernels(varied.change_depth(parent, random));
    const std::vector<int>& small = before.size() < after.size() ? before : after;
    const std::vector<int>& large = before.size() < after.size() ? after : before;
    longer += after.size() > before.size();
    REQUIRE(large.size() == small.size() + 1);
    bool explained = false;  // by leaving out one block, which, if added, equals its neighbour
    for (std::size_t out = 0; out < large.size(); ++out) {
      std::vector<int> rest = large;
      rest.erase(rest.begin() + std::ptrdiff_t(out));
      const bool doubled = (out > 0 && large[out] == large[out - 1]) ||
                           (out + 1 < large.size() && large[out] == large[out + 1]);
      explained = explained || (rest == small && (doubled || &large == &before));
    }
    CHECK(explained);
  }
  CHECK(longer > 100);
  CHECK(longer < 200);
}

TEST_CASE("a swap exchanges two stages of equal shape, and in a table two equal columns") {
  const SearchSpace space = parse_space(R"(
name = "twins"
classes = 4
[input]
resolution = 16
channels = 1
[stem]
width = 8
[[stages]]
depth = [1, 2]
width = [8, 16]
kernel_size = [3, 5]
expand_ratio = [2]
[[stages]]
depth = [1, 2]
width = [8, 16]
kernel_size = [3, 5]
expand_ratio = [2]
[[stages]]
depth = [1, 2, 3]
width = [16]
kernel_size = [3, 5]
expand_ratio = [2]
[head]
width = 0
)",
                                        "twins.toml");
  const VariedSpace varied(space, {});
  RandomStream random(8, 8);
  for (int trial = 0; trial < 50; ++trial) {
    const Genotype genotype = sample_uniform(space, random);
    const Genotype swapped = varied.swap_groups(genotype, random);
    for (std::size_t i = 0; i < space.decisions.size(); ++i) {
      std::string name = space.decisions[i].name;
      if (name.starts_with("stage3")) {
        CHECK(swapped.choices[i] == genotype.choices[i]);
        continue;
      }
      name[5] = name[5] == '1' ? '2' : '1';
      CHECK(swapped.choices[i] == genotype.choices[place(space, name)]);
    }
  }
}

TEST_CASE("ordered decisions move in small steps within their range, others to any choice") {
  SearchSpace space;  // plain decisions: all active
  space.stem.width = {8};
  for (const char* name : {"number", "word"}) {
    Decision decision{name, {}};
    for (int i = 0; i < 100; ++i) {
      decision.choices.push_back((name[0] == 'w' ? "w" : "") + std::to_string(i));
    }
    space.decisions.push_back(decision);
  }
  const VariedSpace varied(space,
                           {.crossover_probability = 1, .mutation_rate = 1, .ordered = true});
  double step_number = 0, step_word = 0;
  constexpr int kTrials = 2000;
  for (std::uint64_t stream = 0; stream < kTrials; ++stream) {
    RandomStream random(5, stream);
    const std::uint8_t from = static_cast<std::uint8_t>(stream % 100);
    const Genotype parent{{from, from}};
    const Genotype child = varied.child(parent, parent, random);
    for (int i = 0; i < 2; ++i) {
      CHECK(child.choices[i] != from);
      CHECK(child.choices[i] < 100);
    }
    step_number += std::abs(child.choices[0] - from) / double(kTrials);
    step_word += std::abs(child.choices[1] - from) / double(kTrials);
  }
  // Polynomial mutation with index 20 moves by 1/22 of the range on average where no bound is near
  // (the mean of 1 − (2u)^(1/21)); a uniform choice by a third.
  CHECK(step_number > 2);
  CHECK(step_number < 5.5);
  CHECK(step_word > 30);
  CHECK(step_word < 37);
}

TEST_CASE("probabilities out of range are refused by name") {
  CHECK_THROWS_WITH_AS(check_variation({.swap_probability = 2}, "nsga2"),
                       "nsga2: swap_probability = 2.000000; accepted: 0 to 1", InputError);
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
