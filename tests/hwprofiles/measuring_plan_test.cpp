#include "hwprofiles/measuring_plan.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "hwprofiles/layer_listing.h"
#include "hwprofiles/profiler.h"
#include "space/search_space.h"

namespace edgefront {
namespace {

LayerKey key_of_text(const std::string& text) {
  LayerKey key;
  REQUIRE(LayerKey::parse(text, &key).ok());
  return key;
}

LayerKey pointwise(int side, int in, int out) {
  const std::string image = std::to_string(side) + "x" + std::to_string(side) + "x";
  return key_of_text("conv2d int8 " + image + std::to_string(in) + ">" + image +
                     std::to_string(out) + " k1 s1 none t1 avx2@1");
}

/// 8 sides times 8 times 8 channels.
std::vector<LayerKey> grid() {
  std::vector<LayerKey> keys;
  for (int side = 2; side <= 16; side += 2) {
    for (int in = 8; in <= 64; in += 8) {
      for (int out = 8; out <= 64; out += 8) keys.push_back(pointwise(side, in, out));
    }
  }
  return keys;
}

std::set<std::string> texts(const std::vector<LayerKey>& keys) {
  std::set<std::string> result;
  for (const LayerKey& key : keys) result.insert(key.text());
  return result;
}

double distance(const LayerKey& a, const LayerKey& b) {
  const auto x = layer_coordinates(a), y = layer_coordinates(b);
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) squares += (x[i] - y[i]) * (x[i] - y[i]);
  return std::sqrt(squares);
}

TEST_CASE("a list within the limit is measured whole") {
  const std::vector<LayerKey> keys = grid();
  const std::vector<double> shares(keys.size(), 1);
  CHECK(texts(choose_layers(keys, shares, {}, int(keys.size()))) == texts(keys));
}

TEST_CASE("the limit holds, the choice is spread out and every layer has a chosen one near it") {
  const std::vector<LayerKey> keys = grid();
  const std::vector<double> shares(keys.size(), 1);
  const std::vector<LayerKey> chosen = choose_layers(keys, shares, {}, 100);
  CHECK(chosen.size() == 100);
  CHECK(texts(chosen).size() == 100);
  double farthest = 0;
  for (const LayerKey& key : keys) {
    double nearest = 1e9;
    for (const LayerKey& one : chosen) nearest = std::min(nearest, distance(key, one));
    farthest = std::max(farthest, nearest);
  }
  CHECK(farthest < 1);  // octave; the grid spans three times three by three octaves
  // The corners of the grid are among them: nothing is extrapolated.
  for (const int side : {2, 16}) {
    for (const int in : {8, 64}) {
      for (const int out : {8, 64}) {
        CHECK(texts(chosen).count(pointwise(side, in, out).text()) == 1);
      }
    }
  }
}

TEST_CASE("where networks spend their time, layers are chosen first") {
  const std::vector<LayerKey> keys = grid();
  std::vector<double> shares(keys.size(), 1e-6);
  std::fill(shares.begin(), shares.begin() + 64, 1.0);  // the smallest image
  const std::vector<LayerKey> chosen = choose_layers(keys, shares, {}, 70);
  const auto small = std::count_if(chosen.begin(), chosen.end(),
                                   [](const LayerKey& key) { return key.input.height == 2; });
  CHECK(small > 50);
}

TEST_CASE("what was measured before counts and is not chosen again") {
  const std::vector<LayerKey> keys = grid();
  const std::vector<double> shares(keys.size(), 1);
  const std::vector<LayerKey> before = choose_layers(keys, shares, {}, 60);
  const std::vector<LayerKey> more = choose_layers(keys, shares, before, 100);
  CHECK(more.size() == 40);
  for (const LayerKey& key : before) CHECK(texts(more).count(key.text()) == 0);
}

TEST_CASE("small kinds are measured whole") {
  std::vector<LayerKey> keys = grid();
  std::vector<LayerKey> small;
  for (const int side : {4, 8, 16, 32}) {
    const std::string image = std::to_string(side) + "x" + std::to_string(side) + "x24";
    small.push_back(
        key_of_text("depthwise_conv2d int8 " + image + ">" + image + " k3 s1 relu6 t1 avx2@1"));
  }
  keys.insert(keys.end(), small.begin(), small.end());
  std::vector<double> shares(keys.size(), 1);
  std::fill(shares.end() - 4, shares.end(), 1e-6);
  const auto chosen = texts(choose_layers(keys, shares, {}, 50));
  for (const LayerKey& key : small) CHECK(chosen.count(key.text()) == 1);
}

TEST_CASE("shares of the time are positive and add up to one network") {
  const SearchSpace space =
      load_space(EDGEFRONT_SOURCE_DIR "/experiments/spaces/fashion_small.toml");
  const KernelSet& set = find_kernel_set("reference");
  const std::vector<LayerKey> keys = distinct_layers(space, Precision::kInt8, 1, set);
  const std::vector<double> shares = time_shares(space, keys, Precision::kInt8, 1, set, 50, 3);
  REQUIRE(shares.size() == keys.size());
  CHECK(*std::min_element(shares.begin(), shares.end()) > 0);
  CHECK(std::accumulate(shares.begin(), shares.end(), 0.0) == doctest::Approx(1).epsilon(0.01));
}

}  // namespace
}  // namespace edgefront
