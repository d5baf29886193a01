// One set of weights for all networks of a space. A sub-network uses the first channels of each
// array and the centre of each kernel. Layers of the same name but of blocks with different
// operators share nothing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "evaluators/torch/network.h"
#include "space/architecture.h"
#include "space/search_space.h"

namespace edgefront {

/// The largest form of one layer, over the space; sizes as in runtime/export/float_model.h.
struct SharedLayer {
  OpKind op = OpKind::kConv2d;
  std::int64_t out = 0, in = 0;  ///< depthwise: both the channels
  int kernel_size = 1;
  std::vector<float> weights, bias, gamma, beta;
  bool touched = false;  ///< of sums of gradients: some network used it

  std::vector<float>& array(ParameterKind kind);
};

class SharedWeights {
 public:
  /// Sizes from the space, initial weights from the seed.
  SharedWeights(const SearchSpace& space, std::uint64_t seed);

  /// Stand-alone weights of one network; batch norm without running statistics.
  WeightMap extract(const Architecture& architecture, const LayerGraph& graph) const;

  /// Adds the gradients of a network with extract()'s weights onto `sums`, which have the arrays of
  /// layers() (see zero_like).
  using Sums = std::map<std::string, SharedLayer>;
  Sums zeros() const;
  static void add_gradients(const Architecture& architecture, const LayerGraph& graph,
                            const std::vector<Parameter>& parameters, Sums& sums);

  Sums& layers() { return layers_; }

  /// The artefact's bytes (layout: shared_weights_file.cpp). `identity` says what the weights
  /// belong to (space, data) and must be the same when they are read; parse() throws InputError
  /// (file, what came) for anything that serialize() did not write, and then changes nothing.
  std::vector<std::uint8_t> serialize(const std::string& identity) const;
  void parse(const std::vector<std::uint8_t>& bytes, const std::string& identity,
             const std::string& path);

 private:
  Sums layers_;
};

/// The network of the space with the most multiply-accumulates, found decision by decision until no
/// single one changes it.
Genotype largest_genotype(const SearchSpace& space);

}  // namespace edgefront
