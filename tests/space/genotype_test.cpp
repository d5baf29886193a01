#include "space/genotype.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "space/lower.h"
#include "space/random.h"
#include "space/search_space.h"
#include "tests/space/graph_text.h"
#include "tests/space/message.h"
#include "tests/space/small_space.h"

using namespace edgefront;

namespace {

const char kFashion[] = EDGEFRONT_SOURCE_DIR "/experiments/spaces/fashion_small.toml";

Genotype random_spelling(const SearchSpace& space, RandomStream& random) {
  Genotype genotype;
  for (const Decision& decision : space.decisions)
    genotype.choices.push_back(static_cast<std::uint8_t>(random.below(decision.choices.size())));
  return genotype;
}

std::string network(const SearchSpace& space, const Genotype& genotype) {
  return graph_text(lower(decode(space, genotype)));
}

}  // namespace

TEST_CASE("in an enumerated space, canonical forms are equal exactly where the networks are") {
  SearchSpace space = parse_space(kSmallSpace, "small");
  space.resolution = {8};  // the resolution multiplies everything; one is enough here
  space.head.width = {0};
  derive_decisions(space);
  std::map<std::string, Genotype> canonical_of;
  std::map<Genotype, std::string> network_of;
  int wrong = 0;
  for (const Genotype& genotype : every_genotype(space)) {
    const Genotype form = canonical(space, genotype);
    const std::string text = network(space, genotype);
    wrong += canonical_of.try_emplace(text, form).first->second != form;
    wrong += network_of.try_emplace(form, text).first->second != text;
    // every_genotype is in lexicographic order, so the first spelling seen is the first of all
    wrong += form > genotype;
  }
  CHECK(wrong == 0);
  for (const auto& [form, text] : network_of) {
    wrong += canonical(space, form) != form;
    wrong += network(space, form) != text;
  }
  CHECK(wrong == 0);
  CHECK(cardinality(space) == std::to_string(network_of.size()));
}

TEST_CASE("in a shipped space, canonical forms are equal exactly where the networks are") {
  const SearchSpace space = load_space(kFashion);
  RandomStream random(11, 0);
  for (int i = 0; i < 2000; ++i) {
    const Genotype genotype = random_spelling(space, random);
    Genotype other = genotype;  // one or two genes away, so that equal networks are common
    for (int change = 0; change < 2; ++change) {
      const std::size_t gene = random.below(space.decisions.size());
      other.choices[gene] =
          static_cast<std::uint8_t>(random.below(space.decisions[gene].choices.size()));
    }
    const bool same_network = network(space, genotype) == network(space, other);
    const bool same_form = canonical(space, genotype) == canonical(space, other);
    REQUIRE(same_network == same_form);
    REQUIRE(network(space, canonical(space, genotype)) == network(space, genotype));
  }
}

TEST_CASE("a decision is active exactly where another choice of it builds another network") {
  const SearchSpace small = parse_space(kSmallSpace, "small");
  const SearchSpace fashion = load_space(kFashion);
  RandomStream random(12, 0);
  for (const SearchSpace* space : {&small, &fashion})
    for (int i = 0; i < 60; ++i) {
      const Genotype genotype = random_spelling(*space, random);
      const std::string built = network(*space, genotype);
      const std::vector<bool> active = active_decisions(*space, genotype);
      REQUIRE(active.size() == space->decisions.size());
      for (std::size_t gene = 0; gene < active.size(); ++gene) {
        bool changes = false;
        Genotype other = genotype;
        for (std::size_t c = 0; c < space->decisions[gene].choices.size(); ++c) {
          other.choices[gene] = static_cast<std::uint8_t>(c);
          changes = changes || network(*space, other) != built;
        }
        CHECK_MESSAGE(active[gene] == changes, space->decisions[gene].name);
      }
    }
}

TEST_CASE("what was worked out for a space is what its blocks say, spelling by spelling") {
  const auto differing = [](const SearchSpace& space, const std::vector<Genotype>& spellings) {
    REQUIRE(space.block_forms);
    SearchSpace plain = space;
    plain.block_forms = nullptr;
    return std::count_if(spellings.begin(), spellings.end(), [&](const Genotype& genotype) {
      return canonical(space, genotype) != canonical(plain, genotype) ||
             active_decisions(space, genotype) != active_decisions(plain, genotype);
    });
  };
  const SearchSpace small = parse_space(kSmallSpace, "small");
  RandomStream random(14, 0);
  std::vector<Genotype> spellings;
  for (int i = 0; i < 4000; ++i) spellings.push_back(random_spelling(small, random));
  CHECK(differing(small, spellings) == 0);
  for (const char* name : {"fashion_small", "cifar", "mobilenet_v3", "fbnet", "ofa_mobilenet_v3"}) {
    const SearchSpace space =
        load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/" + std::string(name) + ".toml");
    spellings.clear();
    for (int i = 0; i < 200; ++i) spellings.push_back(random_spelling(space, random));
    CHECK(differing(space, spellings) == 0);
  }
}

TEST_CASE("the text form round-trips") {
  for (const char* name : {"fashion_small", "cifar", "mobilenet_v3"}) {
    const SearchSpace space =
        load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/" + std::string(name) + ".toml");
    RandomStream random(13, 0);
    for (int i = 0; i < 100; ++i) {
      const Genotype genotype = sample_uniform(space, random);
      CHECK(parse_genotype(space, to_text(space, genotype)) == genotype);
    }
  }
}

TEST_CASE("texts group the genes of one block, and are made canonical when read") {
  const SearchSpace space = parse_space(kSmallSpace, "small");
  // resolution; stem; stage1 depth, width, stride; its blocks op, expand, se, skip; stage2 …
  const Genotype genotype = parse_genotype(space, "1.1.100.1200.2000.11.2.1");
  CHECK(to_text(space, genotype) == "1.1.100.1200.2000.11.2.1");
  // depth 1: the second block is cleared; no conv has an expansion
  CHECK(to_text(space, parse_genotype(space, "1.1.000.2210.2110.11.2.1")) ==
        "1.1.000.2000.0000.11.2.1");
}

TEST_CASE("the name of a reference is a genotype") {
  const SearchSpace space = load_space(kFashion);
  CHECK(parse_genotype(space, "mobilenet_v2_like") == space.references.at("mobilenet_v2_like"));
}

TEST_CASE("a wrong text names the gene, what came and the range") {
  const SearchSpace space = parse_space(kSmallSpace, "small");
  const auto message = [&](const std::string& text) {
    return input_error_of([&] { parse_genotype(space, text); });
  };
  CHECK(message("1.1.100.9200.2000.11.2.1") ==
        "genotype \"1.1.100.9200.2000.11.2.1\": gene stage1.block1.op: came 9, its range is 0 to "
        "2; accepted are texts such as 0.0.000.0000.0000.00.0.0");
  CHECK(message("1.1.100.1200.2000.11.2").find("no dot before gene head.width") !=
        std::string::npos);
  CHECK(message("1.1.1").find("gene stage1.width: came the end") != std::string::npos);
  CHECK(message("1.1.100.1200.2000.11.2.1x").find("more than the last gene") != std::string::npos);
  CHECK(message("").find("gene resolution: came the end") != std::string::npos);
  CHECK(message("mobilenet").find("gene resolution: came m") != std::string::npos);
}

TEST_CASE("genes out of range and genotypes of another length are refused by name") {
  const SearchSpace space = parse_space(kSmallSpace, "small");
  Genotype genotype{std::vector<std::uint8_t>(space.decisions.size())};
  genotype.choices[1] = 2;
  CHECK(input_error_of([&] { canonical(space, genotype); }) ==
        "genotype: gene stem.width: came 2, accepted are 0 to 1");
  CHECK(input_error_of([&] { decode(space, genotype); }) ==
        "genotype: gene stem.width: came 2, accepted are 0 to 1");
  genotype.choices.pop_back();
  CHECK(input_error_of([&] { active_decisions(space, genotype); }) ==
        "genotype: came 16 genes, accepted are 17 in space small");
}
