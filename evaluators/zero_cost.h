// Scores of untrained networks: what stands in for a training where one is not worth its time yet.
// No libtorch: plain loops in double, some milliseconds for a million multiply-accumulates.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "evaluators/accuracy_evaluator.h"
#include "runtime/graph.h"
#include "space/search_space.h"

namespace edgefront {

enum class ZeroCost { kNone, kParameters, kMacs, kSynflow, kNaswot };

/// Per layer of a graph, empty where it has none: convolutions {out, k, k, in}, depthwise
/// {k, k, channels}, fully connected {out, in}.
using LayerWeights = std::vector<std::vector<double>>;

/// Normal with variance 2 / fan-in (He et al. 2015, "Delving deep into rectifiers"), a random
/// stream per layer.
LayerWeights random_weights(const LayerGraph& graph, std::uint64_t seed);

struct SynapticFlow {
  double flow = 0;   ///< R: the sum of the outputs
  double score = 0;  ///< Σ θ · ∂R/∂θ over all weights
};

/// Tanaka et al. 2020 ("Pruning neural networks without any data by iteratively conserving synaptic
/// flow"): weights by their absolute values, an input of ones, no batch norm, as for whole networks
/// in Abdelfattah et al. 2021 ("Zero-cost proxies for lightweight NAS"). Activations let everything
/// through, which relu does anyway where nothing is negative. Departure: a squeeze-excite gate is
/// taken as 1, since a product is no flow.
SynapticFlow synaptic_flow(const LayerGraph& graph, const LayerWeights& weights);

/// Mellor et al. 2021 ("Neural architecture search without training"): log |det K|, where K counts
/// the units of all activations whose on–off code is the same for two images. `images`: count
/// images of the graph's input, one after another; batch norm by the statistics of the batch. Of
/// relu6 and hswish the code is the sign of their input. Pivots of a singular K are held at 1e-6.
double naswot(const LayerGraph& graph, const LayerWeights& weights,
              const std::vector<double>& images, int count);

/// The score of one network, where more is better: parameters, MACs, ln of the synaptic flow score,
/// naswot of 16 images of unit Gaussian noise (in place of training images: it needs no data).
/// Weights and images are the same for every call.
double zero_cost_score(const LayerGraph& graph, ZeroCost kind);

/// Fidelity 0 is answered with minus the score as error, fidelity f by `rest` as f − 1.
std::shared_ptr<AccuracyEvaluator> make_zero_cost_first(const SearchSpace& space, ZeroCost kind,
                                                        std::shared_ptr<AccuracyEvaluator> rest);

}  // namespace edgefront
