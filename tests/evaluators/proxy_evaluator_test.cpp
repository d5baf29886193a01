#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "evaluators/accuracy_evaluator.h"
#include "runtime/graph.h"
#include "space/lower.h"
#include "space/random.h"
#include "space/uniform_sampler.h"
#include "tests/space/small_space.h"

using namespace edgefront;

namespace {

SearchSpace fashion() {
  return load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/fashion_small.toml");
}

}  // namespace

TEST_CASE("the proxy falls with log parameters and log MACs, with an offset of at most 0.5") {
  const SearchSpace space = fashion();
  const auto proxy = make_proxy_evaluator(space);
  const UniformSampler sampler(space);
  RandomStream random(1, 0);
  std::set<double> offsets;
  for (int i = 0; i < 200; ++i) {
    const Genotype genotype = sampler.sample(random);
    const LayerGraph graph = lower(decode(space, genotype));
    // the C library's logarithm as oracle of the evaluator's own
    const double size = 0.6 * std::log2(static_cast<double>(parameter_count(graph))) +
                        0.4 * std::log2(static_cast<double>(total_macs(graph)));
    const Accuracy accuracy = proxy->evaluate({genotype, 0, 0});
    REQUIRE(accuracy.ok);
    const double offset = accuracy.error_percent - 4000 / (size * size);
    CHECK(std::abs(offset) <= 0.5 + 1e-4);
    offsets.insert(offset);
  }
  CHECK(offsets.size() == 200);
  CHECK(*offsets.begin() < -0.4);
  CHECK(*offsets.rbegin() > 0.4);
}

TEST_CASE("the proxy depends on the network only: not on seed, fidelity, order or spelling") {
  const SearchSpace space = fashion();
  const auto a = make_proxy_evaluator(space), b = make_proxy_evaluator(space);
  CHECK(a->prepare("", {}) == "");
  RandomStream random(2, 0);
  for (int i = 0; i < 50; ++i) {
    Genotype spelling;
    for (const Decision& decision : space.decisions)
      spelling.choices.push_back(static_cast<std::uint8_t>(random.below(decision.choices.size())));
    const double error = a->evaluate({spelling, 0, 1}).error_percent;
    CHECK(error == b->evaluate({canonical(space, spelling), 3, 9}).error_percent);
  }
}

TEST_CASE("the proxy's value is the same on every machine") {
  const SearchSpace space = parse_space(kSmallSpace, "small");
  const auto proxy = make_proxy_evaluator(space);
  const Genotype genotype = parse_genotype(space, "1.1.101.1211.2000.11.2.1");
  // recorded; a change here changes every signature
  CHECK(proxy->evaluate({genotype, 0, 0}).error_percent == 0x1.32839c1ad88b1p+4);
}
