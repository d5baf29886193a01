// The behaviour signature: one digest of a fixed small search whose objectives are made of
// + − × ÷ √ only, so that it is the same on every machine. A change of it is a change of behaviour
// and is said in the commit.
#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "runtime/file.h"
#include "search/nsga2.h"
#include "search/random_search.h"
#include "tests/search/algorithms_test.h"

namespace edgefront {
namespace {

std::string trace_digest(SearchAlgorithm& algorithm, const SearchSpace& space, int in_flight) {
  toy::Trace trace;
  toy::advance(algorithm, space, 300, trace, in_flight);
  std::string text;
  for (const Evaluation& evaluation : trace.told) {
    text += std::to_string(evaluation.index) + " " + to_text(space, evaluation.genotype);
    for (const double value : evaluation.objectives) {
      std::uint64_t bits;
      std::memcpy(&bits, &value, sizeof bits);
      text += " " + std::to_string(bits);
    }
    text += "\n";
  }
  return digest_hex(text.data(), text.size());
}

TEST_CASE("a fixed search asks and finds the same on every machine") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const auto nsga2 = make_nsga2(problem, {.population = 20, .seed = 42}, {});
  CHECK(trace_digest(*nsga2, space, 7) == "d811c42e650bad26d62dc8cbc540465a");
  const auto uniform = make_random_search(problem, {.seed = 42}, {});
  CHECK(trace_digest(*uniform, space, 20) == "dde2abec208facbc217f15e149d45864");
}

}  // namespace
}  // namespace edgefront
