// Scores of untrained networks: what stands in for a training where one is not worth its time yet.
// No libtorch; some milliseconds for a million multiply-accumulates.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "evaluators/accuracy_evaluator.h"
#include "evaluators/untrained_network.h"
#include "runtime/graph.h"
#include "space/search_space.h"

namespace edgefront {

enum class ZeroCost { kNone, kParameters, kMacs, kSynflow, kNaswot, kGradNorm };

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
double naswot(const LayerGraph& graph, const LayerWeights& weights, const TensorValues& images,
              int count);

/// Gradient norm of Abdelfattah et al. 2021 ("Zero-cost proxies for lightweight NAS"): the sum over
/// the layers of the Euclidean length of the gradient of their weights, for one batch and the mean
/// cross-entropy. Batch norm by the statistics of the batch.
double gradient_norm(const LayerGraph& graph, const LayerWeights& weights,
                     const TensorValues& images, std::span<const int> labels);

/// The score of one network, where more is better: parameters, MACs, ln of the synaptic flow score,
/// naswot and ln of the gradient norm of 16 images of unit Gaussian noise (in place of training
/// images: it needs no data), labelled with the classes in turn. Weights and images are the same
/// for every call.
double zero_cost_score(const LayerGraph& graph, ZeroCost kind);

/// Answers with minus the score as error, at every fidelity.
std::shared_ptr<AccuracyEvaluator> make_zero_cost_evaluator(const SearchSpace& space,
                                                            ZeroCost kind);

}  // namespace edgefront
