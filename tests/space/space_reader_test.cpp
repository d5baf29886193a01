#include <doctest/doctest.h>

#include <set>

#include "space/lower.h"
#include "space/search_space.h"
#include "tests/space/message.h"

using namespace edgefront;

namespace {

const std::string kGood =
    "name = \"s\"\n"
    "classes = 10\n"
    "[input]\n"
    "resolution = 8\n"
    "channels = 1\n"
    "[stem]\n"
    "width = 8\n"
    "[[stages]]\n"
    "depth = [1, 2]\n"
    "width = [8, 16]\n"
    "op = [\"dwsep\", \"mbconv\"]\n"
    "expand_ratio = [2, 4]\n"
    "[head]\n"
    "[references.one]\n"
    "block = { op = \"mbconv\", expand_ratio = 4 }\n"
    "stage1 = { depth = 2, width = 16, block2 = { op = \"dwsep\" } }\n";

std::string with(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string message(const std::string& text) {
  return input_error_of([&] { parse_space(text, "s.toml"); });
}

}  // namespace

TEST_CASE("a space file becomes the choices that stand in it, in its order") {
  const SearchSpace space = parse_space(kGood, "s.toml");
  CHECK(space.name == "s");
  CHECK(space.stages[0].name == "stage1");
  CHECK(space.stages[0].depth == std::vector<int>{1, 2});
  CHECK(space.stages[0].block.expand_ratio == std::vector<double>{2, 4});
  CHECK(space.stages[0].block.kernel_size == std::vector<int>{3});
  std::vector<std::string> names;
  for (const Decision& decision : space.decisions) names.push_back(decision.name);
  CHECK(names == std::vector<std::string>{"stage1.depth", "stage1.width", "stage1.block1.op",
                                          "stage1.block1.expand_ratio", "stage1.block2.op",
                                          "stage1.block2.expand_ratio"});
  CHECK(space.decisions[3].choices == std::vector<std::string>{"2", "4"});
  CHECK(to_text(space, space.references.at("one")) == "11.11.00");
}

TEST_CASE("the digest depends on what the file means, not on how it is written") {
  const std::string digest = parse_space(kGood, "s.toml").digest;
  CHECK(digest.size() == 32);
  CHECK(parse_space("# comment\n" + kGood, "other.toml").digest == digest);
  CHECK(parse_space(with("[2, 4]", "[2.0, 4]"), "s.toml").digest == digest);
  std::set<std::string> digests{digest};
  digests.insert(parse_space(with("width = [8, 16]", "width = [16, 8]"), "s.toml").digest);
  digests.insert(parse_space(with("resolution = 8", "resolution = 9"), "s.toml").digest);
  digests.insert(parse_space(with("{ op = \"dwsep\" }", "{ expand_ratio = 2 }"), "s.toml").digest);
  digests.insert(parse_space(with("[head]\n", "[head]\nactivation = \"hswish\"\n"), "s").digest);
  CHECK(digests.size() == 5);
}

TEST_CASE("a wrong space file is refused with file, key, what came and what is accepted") {
  CHECK(message(with("depth", "deph")) == "s.toml:8: stages[1].depth: is missing");
  CHECK(message(with("[head]", "[haed]")) ==
        "s.toml:13: haed: unknown key; accepted here: channel_multiple, classes, head, input, "
        "name, references, stages, stem");
  CHECK(message(with("\"mbconv\"]", "\"resnet\"]")) ==
        "s.toml:11: stages[1].op: came \"resnet\", accepted are conv, dwsep, mbconv");
  CHECK(message(with("[2, 4]", "[0.5, 4]")) ==
        "s.toml:12: stages[1].expand_ratio: came 0.5, accepted is a number from 1 to 16, or a "
        "list of them");
  CHECK(message(with("width = [8, 16]", "width = [8, 12]")) ==
        "s.toml: stage1.width: came 12, accepted are multiples of 8 (channel_multiple)");
  CHECK(message(with("width = [8, 16]", "width = [8, 8]")) ==
        "s.toml: stage1.width: came 8 twice, accepted is each choice once");
  CHECK(message(with("op = [\"dwsep\", \"mbconv\"]", "op = \"dwsep\"")) ==
        "s.toml:12: stages[1].expand_ratio: has no effect where op has no mbconv; accepted is no "
        "such key");
  CHECK(message(with("op = [\"dwsep\", \"mbconv\"]\nexpand_ratio = [2, 4]",
                     "op = \"conv\"\nse_ratio = 0.25")) ==
        "s.toml:12: stages[1].se_ratio: has no effect where op is conv only; accepted is no such "
        "key");
  CHECK(message(with("width = [8, 16]", "width = [8, 16]\nkernel_size = 4")) ==
        "s.toml: stage1.kernel_size: came 4, accepted are 3, 5, 7");
  CHECK(message(with("depth = [1, 2]", "depth = [0, 1]\nstride = 2")) ==
        "s.toml: stage1.depth: came 0 where stride may be 2, accepted is 0 only with stride = 1");
  CHECK(message(with("resolution = 8", "resolution = 1")) == "");
  CHECK(message(with("resolution = 8\nchannels = 1\n[stem]\n",
                     "resolution = 1\nchannels = 1\n[stem]\nstride = 2\n")) ==
        "s.toml: stem.stride: came 2 where the image is 1x1, accepted is a stride not over the "
        "image");
  CHECK(message(with("width = [8, 16]", "width = [8, 16, 32000]")) ==
        "s.toml: stage1: came up to 8x8x128000 activations, accepted are up to 65536 channels and "
        "2^28 elements");
  CHECK(message(with("[stem]\nwidth = 8",
                     "[stem]\nwidth = 8\nactivation = [\"relu6\", "
                     "\"hswish\"]")) ==
        "s.toml:8: stem.activation: came a list, accepted is one of relu6, hswish");
  CHECK(message("name = \"s\"\nclasses = 10\n[input]\nresolution = 8\nchannels = 1\n[stem]\nwidth "
                "= 8\n") == "s.toml: stages: came 0, accepted are 1 to 32");
}

TEST_CASE("a wrong reference is refused by name") {
  CHECK(message(with("depth = 2, ", "")) ==
        "s.toml:16: references.one.stage1.depth: is missing, accepted are 1, 2");
  CHECK(message(with("width = 16", "width = 24")) ==
        "s.toml:16: references.one.stage1.width: came 24, accepted are 8, 16");
  CHECK(message(with("expand_ratio = 4 }", "expand_ratio = 3 }")) ==
        "s.toml:15: references.one.block.expand_ratio: came 3, accepted are 2, 4");
  CHECK(message(with("block2", "block3")).find("references.one.stage1.block3: unknown key") !=
        std::string::npos);
  CHECK(message(with("references.one", "references.\"1.2\""))
            .find("accepted are names of a-z, 0-9, _ and - with a letter") != std::string::npos);
}

TEST_CASE("every shipped space loads and carries both references") {
  struct Shipped {
    const char* name;
    int resolution, channels, classes;
  };
  for (const Shipped& shipped : {Shipped{"fashion_small", 28, 1, 10}, Shipped{"cifar", 32, 3, 10},
                                 Shipped{"mobilenet_v3", 224, 3, 1000}}) {
    const SearchSpace space = load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/" +
                                         std::string(shipped.name) + ".toml");
    CHECK(space.name == shipped.name);
    CHECK(space.resolution.back() == shipped.resolution);
    CHECK(space.input_channels == shipped.channels);
    CHECK(space.classes == shipped.classes);
    for (const char* reference : {"mobilenet_v2_like", "mobilenet_v3_like"}) {
      REQUIRE(space.references.count(reference) == 1);
      const Genotype& genotype = space.references.at(reference);
      CHECK(canonical(space, genotype) == genotype);
      CHECK(validate(lower(decode(space, genotype))).ok());
    }
  }
}
