#include "hwprofiles/measuring_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

#include "hwprofiles/layer_listing.h"
#include "hwprofiles/profiler.h"
#include "space/architecture.h"
#include "space/lower.h"

namespace edgefront {
namespace {

constexpr int kCorners = 12;
constexpr double kBytesPerMac = 16;  // a byte moved counts as so many multiply-accumulates
constexpr double kFar = 64;          // octaves: nothing of the kind is chosen yet

double log2_of(double value) { return std::log2(std::max(value, 1.0)); }

double distance(const LayerKey& a, const LayerKey& b) {
  const auto x = layer_coordinates(a), y = layer_coordinates(b);
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) squares += (x[i] - y[i]) * (x[i] - y[i]);
  return std::sqrt(squares);
}

double rough_work(const LayerKey& key) {
  LayerGraph graph;
  if (!graph_of(key, &graph).ok()) return 1;
  return double(total_macs(graph)) +
         kBytesPerMac * double(key.input.elements() + key.output.elements());
}

/// One kind of layer: what is chosen so far, and how far each other layer is from it.
struct Kind {
  std::vector<std::size_t> members;  // indices into the keys
  std::vector<double> far;           // to the nearest chosen one; 0: chosen
  int chosen = 0;
};

class Chooser {
 public:
  Chooser(std::span<const LayerKey> keys, std::span<const double> shares)
      : keys_(keys), shares_(shares), taken_(keys.size()) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Kind& kind = kinds_[layer_kind(keys[i])];
      kind.members.push_back(i);
      kind.far.push_back(kFar);
    }
  }

  void note(const LayerKey& measured) {
    const auto kind = kinds_.find(layer_kind(measured));
    if (kind != kinds_.end()) approach(kind->second, measured);
  }

  void take_small_kinds_and_corners() {
    for (auto& [name, kind] : kinds_) {
      const bool small = kind.members.size() < std::size_t{kFewestInterpolated};
      const int wanted = small ? int(kind.members.size()) : kCorners;
      while (kind.chosen < wanted && take(kind, [](std::size_t) { return 1.0; })) {
      }
    }
  }

  /// Takes one more layer; false where all are taken.
  bool take_most_useful() {
    Kind* best = nullptr;
    double most = 0;
    for (auto& [name, kind] : kinds_) {
      for (std::size_t m = 0; m < kind.members.size(); ++m) {
        const double use = shares_[kind.members[m]] * kind.far[m];
        if (use > most) {
          most = use;
          best = &kind;
        }
      }
    }
    return best != nullptr && take(*best, [&](std::size_t i) { return shares_[i]; });
  }

  std::vector<LayerKey> taken() const {
    std::vector<LayerKey> result;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (taken_[i]) result.push_back(keys_[i]);
    }
    return result;
  }

 private:
  template <class Weight>
  bool take(Kind& kind, Weight weight) {
    std::size_t best = 0;
    double most = 0;
    for (std::size_t m = 0; m < kind.members.size(); ++m) {
      const double use = weight(kind.members[m]) * kind.far[m];
      if (use > most) {
        most = use;
        best = kind.members[m];
      }
    }
    if (most <= 0) return false;
    taken_[best] = true;
    approach(kind, keys_[best]);
    return true;
  }

  void approach(Kind& kind, const LayerKey& chosen) {
    ++kind.chosen;
    const std::string text = chosen.text();
    for (std::size_t m = 0; m < kind.members.size(); ++m) {
      const LayerKey& key = keys_[kind.members[m]];
      kind.far[m] = key.text() == text ? 0 : std::min(kind.far[m], distance(key, chosen));
    }
  }

  std::span<const LayerKey> keys_;
  std::span<const double> shares_;
  std::vector<bool> taken_;
  std::map<std::string, Kind> kinds_;
};

}  // namespace

std::string layer_kind(const LayerKey& key) {
  const std::string name =
      key.bottleneck ? (key.expanded > 0 ? "inverted_bottleneck" : "inverted_bottleneck unexpanded")
                     : op_name(key.op);
  return name + " k" + std::to_string(key.kernel_size) + " s" + std::to_string(key.stride);
}

std::array<double, kLayerCoordinates> layer_coordinates(const LayerKey& key) {
  const auto is = [](bool condition) { return condition ? 0.5 : 0.0; };
  return {log2_of(double(key.output.height) * key.output.width) / 2,
          log2_of(key.input.channels),
          key.op == OpKind::kDepthwiseConv2d ? 0.0 : log2_of(key.output.channels),
          log2_of(key.expanded),
          is(key.activation == Activation::kNone),
          is(key.activation == Activation::kHswish),
          is(key.activation == Activation::kHsigmoid),
          is(key.residual),
          is(key.bottleneck && key.depthwise_activation == Activation::kHswish)};
}

std::vector<double> time_shares(const SearchSpace& space, std::span<const LayerKey> keys,
                                Precision precision, int threads, const KernelSet& set,
                                int networks, std::uint64_t seed) {
  std::unordered_map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < keys.size(); ++i) place.emplace(keys[i].text(), i);
  std::vector<double> shares(keys.size());
  for (const Genotype& genotype : draw_networks(space, networks, seed, {})) {
    double whole = 0;
    std::vector<std::pair<std::size_t, double>> parts;
    for (const LayerKey& key :
         network_keys(lower(decode(space, genotype)), precision, threads, set)) {
      const auto found = place.find(key.text());
      if (found == place.end()) continue;
      parts.emplace_back(found->second, rough_work(key));
      whole += parts.back().second;
    }
    for (const auto& [index, work] : parts) shares[index] += work / whole / networks;
  }
  // What the draw missed, or what stands in the list for path choices only, is rare but not
  // nothing.
  for (double& share : shares) share = std::max(share, 1e-6);
  return shares;
}

std::vector<LayerKey> choose_layers(std::span<const LayerKey> keys, std::span<const double> shares,
                                    std::span<const LayerKey> chosen_before, int limit) {
  if (keys.size() <= std::size_t(std::max(limit, 0)) && chosen_before.empty()) {
    return {keys.begin(), keys.end()};
  }
  Chooser chooser(keys, shares);
  for (const LayerKey& key : chosen_before) chooser.note(key);
  chooser.take_small_kinds_and_corners();
  int taken = int(chooser.taken().size() + chosen_before.size());
  while (taken < limit && chooser.take_most_useful()) ++taken;
  return chooser.taken();
}

}  // namespace edgefront
