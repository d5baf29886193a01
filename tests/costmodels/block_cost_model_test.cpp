// The published methods are spelled out here from what their authors describe: a sum over the
// entries of a network, whose keys are built from its specification and not from our graphs.
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <sstream>

#include "costmodels/cost_model.h"
#include "hwprofiles/importers.h"
#include "space/architecture.h"
#include "space/error.h"
#include "space/lower.h"
#include "space/random.h"
#include "tests/public_data.h"

namespace edgefront {
namespace {

const std::string kSpaces = std::string(EDGEFRONT_SOURCE_DIR) + "/experiments/spaces/";

std::unique_ptr<CostModel> model_of(PublishedBlocks table) {
  DeviceProfile profile;
  profile.blocks = std::move(table);
  return make_table_cost_model(std::make_shared<const DeviceProfile>(std::move(profile)), {});
}

/// A network as published code specifies it: choices by the names of decisions.
struct Specification {
  std::map<std::string, int> values;

  /// One of the choices of the decision, drawn.
  int draw(const std::string& name, std::vector<int> choices, RandomStream& random) {
    return values[name] = choices[random.below(choices.size())];
  }
  LayerGraph graph(const SearchSpace& space) const {
    Genotype genotype;
    for (const Decision& decision : space.decisions) {
      const auto value = values.find(decision.name);
      std::size_t choice = 0;
      while (value != values.end() &&
             decision.choices.at(choice) != std::to_string(value->second)) {
        ++choice;
      }
      genotype.choices.push_back(static_cast<std::uint8_t>(choice));
    }
    return lower(decode(space, genotype));
  }
};

/// (resolution, key) → milliseconds; resolution 0 where the table has no such column.
using Published = std::map<std::pair<int, std::string>, double>;

Published read_published(const std::string& text, const std::string& column) {
  std::istringstream in(text);
  const auto cells_of = [](const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    return cells;
  };
  std::string line;
  std::getline(in, line);
  std::map<std::string, std::size_t> at;
  for (const std::string& name : cells_of(line)) at.emplace(name, at.size());
  Published table;
  while (std::getline(in, line)) {
    const auto cells = cells_of(line);
    const int r = at.count("resolution") > 0 ? std::stoi(cells[at["resolution"]]) : 0;
    table[{r, cells[at["key"]]}] = std::stod(cells[at[column]]);
  }
  return table;
}

std::string cube(int size, int channels) {
  const std::string s = std::to_string(size);
  return s + "x" + s + "x" + std::to_string(channels);
}

struct Stage {
  std::string name;
  int width, stride, se, hs;
};
const std::vector<Stage> kOfaStages{{"stage2", 32, 2, 0, 0},
                                    {"stage3", 48, 2, 1, 0},
                                    {"stage4", 96, 2, 0, 1},
                                    {"stage5", 136, 1, 1, 1},
                                    {"stage6", 192, 2, 1, 1}};

/// Draws an Once-for-All network and sums it; `key` writes the key of a block in the table's way.
template <typename BlockKeyText>
double draw_ofa(int r, Specification& spec, RandomStream& random, const Published& table,
                int table_r, const std::vector<std::string>& ends, const BlockKeyText& key) {
  const auto cost = [&](const std::string& k) { return table.at({table_r, k}); };
  spec.values["resolution"] = r;
  int size = (r + 1) / 2, in = 24;
  double sum = cost(ends[0] + "-input:" + cube(r, 3) + "-output:" + cube(size, 24));
  sum += cost(key(size, 24, size, 24, 1, 3, 1, 1, 0, 0));
  for (const Stage& stage : kOfaStages) {
    const int depth = spec.draw(stage.name + ".depth", {2, 3, 4}, random);
    for (int b = 0; b < depth; ++b) {
      const std::string block = stage.name + ".block" + std::to_string(b + 1);
      const int k = spec.draw(block + ".kernel_size", {3, 5, 7}, random);
      const int e = spec.draw(block + ".expand_ratio", {3, 4, 6}, random);
      const int stride = b == 0 ? stage.stride : 1;
      const int out = (size - 1) / stride + 1;
      sum += cost(key(size, in, out, stage.width, e, k, stride, b > 0, stage.se, stage.hs));
      size = out;
      in = stage.width;
    }
  }
  sum += cost(ends[1] + "-input:" + cube(size, 192) + "-output:" + cube(size, 1152));
  if (!ends[2].empty()) sum += cost(ends[2] + "-input:" + cube(size, 1152) + "-output:1x1x1152");
  sum += cost(ends[3] + "-input:1x1x1152-output:1x1x1536");
  sum += cost(ends[4]);
  return sum;
}

std::string words(const std::string& type, int size, int in, int out_size, int out) {
  return type + "-input:" + cube(size, in) + "-output:" + cube(out_size, out);
}

TEST_CASE("1,000 network sums equal Once-for-All's on the table of the Note 10") {
  const std::string text = public_data("ofa/note10_lut.csv");
  if (text.empty()) return;
  const Published table = read_published(text, "lat_ms");
  const auto model = model_of(read_block_table(text, "note10", {}));
  const SearchSpace space = load_space(kSpaces + "ofa_mobilenet_v3.toml");
  RandomStream random(1, 0);
  const int resolutions[] = {160, 176, 192, 208, 224};
  for (int i = 0; i < 1000; ++i) {
    Specification spec;
    const int r = resolutions[random.below(5)];
    const double published = draw_ofa(
        r, spec, random, table, r,
        {"Conv", "Conv_1", "AvgPool2D", "Conv_2", "Logits-input:1x1x1536-output:1000"},
        [](int size, int in, int out_size, int out, int e, int k, int s, int id, int se, int hs) {
          return words("expanded_conv", size, in, out_size, out) +
                 "-expand:" + std::to_string(in * e) + "-kernel:" + std::to_string(k) +
                 "-stride:" + std::to_string(s) + "-idskip:" + std::to_string(id) +
                 "-se:" + std::to_string(se) + "-hs:" + std::to_string(hs);
        });
    const NetworkCost cost = model->estimate(spec.graph(space));
    REQUIRE(cost.latency_us == doctest::Approx(1000 * published).epsilon(1e-9));
    CHECK_FALSE(cost.calibrated);
  }
}

TEST_CASE("1,000 network sums equal those of the same method on the table of the i7-8700K") {
  const std::string text = public_data("ofa/i7_8700k_lut.csv");
  if (text.empty()) return;
  const Published table = read_published(text, "lat_ms");
  const auto model = model_of(read_block_table(text, "i7", {TableFormat::kProxyless, "lat_ms"}));
  const SearchSpace space = load_space(kSpaces + "ofa_mobilenet_v3.toml");
  RandomStream random(2, 0);
  const int resolutions[] = {192, 208, 224};
  for (int i = 0; i < 1000; ++i) {
    Specification spec;
    const double published = draw_ofa(
        resolutions[random.below(3)], spec, random, table, 0,
        {"first_conv", "final_expand_layer", "", "feature_mix_layer",
         "classifier-input:1536-output:1000"},
        [](int size, int in, int out_size, int out, int e, int k, int s, int id, int se, int) {
          return words("MBConv", size, in, out_size, out) + "-expand:" + std::to_string(e) +
                 "-kernel:" + std::to_string(k) + "-stride:" + std::to_string(s) +
                 "-idskip:" + std::to_string(id) + "-se:" + std::to_string(se);
        });
    REQUIRE(model->estimate(spec.graph(space)).latency_us ==
            doctest::Approx(1000 * published).epsilon(1e-9));
  }
}

TEST_CASE("1,000 network sums equal ProxylessNAS' on the table of the Pixel 1") {
  const std::string text = public_data("ofa/pixel1_lut.csv");
  if (text.empty()) return;
  const Published table = read_published(text, "lat_ms");
  const auto model = model_of(read_block_table(text, "p", {TableFormat::kProxyless, "lat_ms"}));
  const SearchSpace space = load_space(kSpaces + "ofa_proxyless.toml");
  const std::vector<std::pair<int, int>> stages{{24, 2}, {40, 2}, {80, 2}, {96, 1}, {192, 2}};
  RandomStream random(3, 0);
  for (int i = 0; i < 1000; ++i) {
    Specification spec;
    double published = table.at({0, "Conv-input:224x224x3-output:112x112x32"});
    int size = 112, in = 32;
    const auto block = [&](const std::string& name, int out, int stride, int e, bool skip) {
      const int k = spec.draw(name + ".kernel_size", {3, 5, 7}, random);
      if (e == 0) e = spec.draw(name + ".expand_ratio", {3, 6}, random);
      const int out_size = (size - 1) / stride + 1;
      published +=
          table.at({0, words("expanded_conv", size, in, out_size, out) +
                           "-expand:" + std::to_string(e) + "-kernel:" + std::to_string(k) +
                           "-stride:" + std::to_string(stride) + "-idskip:" + (skip ? "1" : "0")});
      size = out_size;
      in = out;
    };
    block("stage1.block1", 16, 1, 1, false);
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const std::string name = "stage" + std::to_string(s + 2);
      const int depth = spec.draw(name + ".depth", {2, 3, 4}, random);
      for (int b = 0; b < depth; ++b) {
        block(name + ".block" + std::to_string(b + 1), stages[s].first,
              b == 0 ? stages[s].second : 1, 0, b > 0);
      }
    }
    block("stage7.block1", 320, 1, 0, false);
    published += table.at({0, "Conv_1-input:7x7x320-output:7x7x1280"});
    published += table.at({0, "Logits-input:7x7x1280-output:1000"});
    REQUIRE(model->estimate(spec.graph(space)).latency_us ==
            doctest::Approx(1000 * published).epsilon(1e-9));
  }
}

TEST_CASE("1,000 network sums equal HW-NAS-Bench's without layers that are skipped") {
  const std::string text = public_data("hw_nas_bench/fbnet_lut.csv");
  if (text.empty()) return;
  const SearchSpace space = load_space(kSpaces + "fbnet.toml");
  for (const std::string column : {"raspi4_latency_ms", "pixel3_latency_ms"}) {
    const Published table = read_published(text, column);
    const auto model = model_of(read_block_table(text, "f", {TableFormat::kFbnetBlocks, column}));
    const std::vector<std::pair<int, int>> stages{{16, 1},  {24, 2},  {32, 2}, {64, 2},
                                                  {112, 1}, {184, 2}, {352, 1}};
    RandomStream random(4, 0);
    for (int i = 0; i < 500; ++i) {
      Specification spec;
      double published = table.at({0, "ConvNorm_H224_W224_Cin3_Cout16_kernel3_stride2_group1"});
      int size = 112, in = 16;
      for (std::size_t s = 0; s < stages.size(); ++s) {
        const std::string stage = "stage" + std::to_string(s + 1);
        const bool fixed = s == 0 || s == 6;
        const int depth = fixed ? 1 : spec.draw(stage + ".depth", {1, 2, 3, 4}, random);
        for (int b = 0; b < depth; ++b) {
          const std::string name = stage + ".block" + std::to_string(b + 1);
          const int k = spec.draw(name + ".kernel_size", {3, 5}, random);
          const int e = spec.draw(name + ".expand_ratio", {3, 6}, random);
          const int stride = b == 0 ? stages[s].second : 1;
          std::ostringstream key;
          key << "ConvBlock_H" << size << "_W" << size << "_Cin" << in << "_Cout" << stages[s].first
              << "_exp" << e << "_kernel" << k << "_stride" << stride << "_group1";
          published += table.at({0, key.str()});
          size = (size - 1) / stride + 1;
          in = stages[s].first;
        }
      }
      published += table.at({0, "ConvNorm_H7_W7_Cin352_Cout1984_kernel1_stride1_group1"});
      published += table.at({0, "AvgP_H7_W7_Cin1984_Cout1984_kernel7_stride1"});
      published += table.at({0, "FC_Cin1984_Cout1000"});
      REQUIRE(model->estimate(spec.graph(space)).latency_us ==
              doctest::Approx(1000 * published).epsilon(1e-9));
    }
  }
}

// ---- without published data -------------------------------------------------------------------

Architecture tiny() {
  Architecture a;
  a.resolution = 8;
  a.input_channels = 3;
  a.classes = 10;
  a.stem_channels = 8;
  BlockArchitecture block;
  block.name = "stage1.block1";
  block.in_channels = block.out_channels = 8;
  block.hidden_channels = 24;
  block.se_channels = 8;
  block.skip = SkipKind::kIdentity;
  a.blocks = {block};
  return a;
}

PublishedBlocks tiny_table() {
  return {{"conv 8x8x3>8x8x8 k3 s1", {100, -1, -1}},
          {"mbconv 8x8x8>8x8x8 m24 k3 s1", {20, -1, -1}},
          {"mbconv 8x8x8>8x8x8 m24 k3 s1 se1", {30, -1, -1}},
          {"mbconv 8x8x8>8x8x8 m24 k3 s1 se0 hs0 add1 r8", {40, -1, -1}},
          {"fc 1x1x8>1x1x10 k1 s1", {5, -1, -1}}};
}

TEST_CASE("the entry that knows most about a block counts, and tables without pools have none") {
  const auto model = model_of(tiny_table());
  const LayerGraph graph = lower(tiny());
  CHECK(model->estimate(graph).latency_us == 135);
  const auto layers = model->layers(graph);
  REQUIRE(layers.size() == 3);
  CHECK(layers[1].key == "mbconv 8x8x8>8x8x8 m24 k3 s1 se1");
  CHECK(layers[1].origin == EntryOrigin::kImported);
  Architecture plain = tiny();
  plain.blocks[0].se_channels = 0;
  CHECK(model->estimate(lower(plain)).latency_us == 145);
}

TEST_CASE("an entry for pool and classifier stands for both") {
  PublishedBlocks table = tiny_table();
  table["pool_fc 8x8x8>1x1x10 k1 s1"] = {7, -1, -1};
  CHECK(model_of(table)->estimate(lower(tiny())).latency_us == 137);
}

TEST_CASE("sums of imported blocks have memory, a wide interval and no energy") {
  const NetworkCost cost = model_of(tiny_table())->estimate(lower(tiny()));
  CHECK(cost.latency_low_us == doctest::Approx(135 * 0.65));
  CHECK(cost.latency_high_us == doctest::Approx(135 * 1.35));
  CHECK_FALSE(cost.calibrated);
  CHECK(cost.arena_bytes > 0);
  CHECK(cost.macs > 0);
  CHECK_FALSE(cost.energy_uj.has_value());
}

TEST_CASE("a block that the table lacks is named") {
  PublishedBlocks table = tiny_table();
  table.erase("conv 8x8x3>8x8x8 k3 s1");
  table["pool 9x9x8>1x1x8 k1 s1"] = {1, -1, -1};
  const auto model = model_of(table);
  CHECK_THROWS_WITH_AS(model->estimate(lower(tiny())),
                       "DEV.h5, an imported table, has no entry for conv 8x8x3>8x8x8 k3 s1 hs0 r8; "
                       "pool 8x8x8>1x1x8 k1 s1 hs0 r8",
                       InputError);
  CostModelOptions options;
  options.on_miss = OnMiss::kAnalytic;
  DeviceProfile profile;
  profile.blocks = tiny_table();
  CHECK_THROWS_WITH_AS(
      make_block_cost_model(std::make_shared<const DeviceProfile>(profile), options),
      doctest::Contains("on_miss"), InputError);
}

}  // namespace
}  // namespace edgefront
