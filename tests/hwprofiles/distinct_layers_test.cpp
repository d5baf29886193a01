#include <doctest/doctest.h>

#include <set>

#include "hwprofiles/layer_listing.h"
#include "hwprofiles/profiler.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"
#include "space/random.h"
#include "space/uniform_sampler.h"

namespace edgefront {
namespace {

using Texts = std::set<std::string>;

const KernelSet& reference() { return find_kernel_set("reference"); }

Texts listed(const SearchSpace& space, Precision precision) {
  Texts texts;
  for (const LayerKey& key : distinct_layers(space, precision, 1, reference())) {
    texts.insert(key.text());
  }
  return texts;
}

void add_layers(const SearchSpace& space, const Genotype& genotype, Precision precision,
                Texts& texts) {
  for (const LayerKey& key :
       network_keys(lower(decode(space, genotype)), precision, 1, reference())) {
    texts.insert(key.text());
  }
}

/// Every combination of choices, in all its spellings.
Texts enumerated(const SearchSpace& space, Precision precision) {
  Texts texts;
  Genotype genotype{std::vector<std::uint8_t>(space.decisions.size())};
  for (;;) {
    add_layers(space, genotype, precision, texts);
    std::size_t i = 0;
    while (i < space.decisions.size() &&
           ++genotype.choices[i] == space.decisions[i].choices.size()) {
      genotype.choices[i++] = 0;
    }
    if (i == space.decisions.size()) return texts;
  }
}

// Optional stage, strides, two resolutions, all operators and skips: each way for a block to be
// reached by another width or resolution.
constexpr const char* kSmallSpace = R"(
name = "small"
classes = 4
[input]
resolution = [9, 12]
channels = 3
[stem]
width = [8, 16]
stride = 2
[[stages]]
depth = [0, 1]
width = [8, 16]
op = ["conv", "dwsep"]
kernel_size = [3, 5]
skip = ["identity", "projection", "none"]
[[stages]]
depth = [1, 2]
width = [16, 24]
stride = [1, 2]
op = "mbconv"
expand_ratio = [1, 3]
se_ratio = [0, 0.25]
[head]
width = [0, 32]
feature = [0, 16]
activation = "hswish"
)";

TEST_CASE("the listed layers are exactly those of all networks of a small space") {
  const SearchSpace space = parse_space(kSmallSpace, "small.toml");
  const Texts expected = enumerated(space, Precision::kInt8);
  CHECK(expected.size() > 50);
  CHECK(listed(space, Precision::kInt8) == expected);
  Texts fp32;  // the reference set has the same kernels in both
  for (std::string text : expected) fp32.insert(text.replace(text.find("int8"), 4, "fp32"));
  CHECK(listed(space, Precision::kFloat32) == fp32);
}

TEST_CASE("keys come sorted by their text, each once") {
  const SearchSpace space = parse_space(kSmallSpace, "small.toml");
  const auto keys = distinct_layers(space, Precision::kInt8, 1, reference());
  for (std::size_t i = 1; i < keys.size(); ++i) CHECK(keys[i - 1].text() < keys[i].text());
}

TEST_CASE("2000 random networks of each shipped space have no layer that is not listed") {
  for (const std::string name : {"fashion_small", "cifar", "mobilenet_v3"}) {
    const SearchSpace space =
        load_space(std::string(EDGEFRONT_SOURCE_DIR "/experiments/spaces/") + name + ".toml");
    const Texts all = listed(space, Precision::kInt8);
    const UniformSampler sampler(space);
    RandomStream random(11, 3);
    Texts seen;
    for (int i = 0; i < 2000; ++i) {
      add_layers(space, sampler.sample(random), Precision::kInt8, seen);
    }
    for (const auto& [reference_name, genotype] : space.references) {
      add_layers(space, genotype, Precision::kInt8, seen);
    }
    for (const std::string& text : seen) {
      if (all.count(text) == 0) FAIL(name << " does not list " << text);
    }
    MESSAGE(name << ": " << all.size() << " layers, " << seen.size() << " of them in the sample");
    CHECK(seen.size() * 10 > all.size());
  }
}

TEST_CASE("blocks that the kernel set's rule runs in bands are listed as what they then are") {
  const KernelSet& set = find_kernel_set("avx2");
  const SearchSpace space =
      load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/mobilenet_v3.toml");
  Texts all;
  for (const LayerKey& key : distinct_layers(space, Precision::kFloat32, 1, set)) {
    all.insert(key.text());
  }
  const UniformSampler sampler(space);
  RandomStream random(11, 4);
  int banded = 0;
  for (int i = 0; i < 100; ++i) {
    const LayerGraph graph = lower(decode(space, sampler.sample(random)));
    for (const LayerKey& key : network_keys(graph, Precision::kFloat32, 1, set)) {
      if (all.count(key.text()) == 0) FAIL("not listed: " << key.text());
      banded += key.bottleneck;
    }
  }
  CHECK(banded > 50);
}

TEST_CASE("an unknown kernel set is refused with the known ones") {
  CHECK_THROWS_WITH_AS(find_kernel_set("mmx"), doctest::Contains("reference"), InputError);
}

}  // namespace
}  // namespace edgefront
