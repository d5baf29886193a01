// The accuracy predictor that Once-for-All publishes (Cai et al. 2020, §4): a small network of
// dense layers that was trained on the validation accuracy of 16,000 sub-networks of the supernet.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "evaluators/accuracy_evaluator.h"
#include "space/search_space.h"

namespace edgefront {

/// outputs = weights · inputs + bias; weights are outputs × inputs.
struct DenseLayer {
  int inputs = 0, outputs = 0;
  std::vector<double> weights, bias;
};

/// Through all layers, ReLU between them. The sizes fit (make_predictor_evaluator checks).
std::vector<double> run_dense(std::span<const DenseLayer> layers, std::vector<double> values);

/// What the predictor knows of a network: five stages of up to four blocks.
struct OfaSetting {
  static constexpr int kStages = 5, kBlocks = 4;
  int resolution = 224;                                 ///< 112, 128, … 224
  std::array<int, kStages* kBlocks> kernel_size = {};   ///< 3, 5, 7; 0: the block is not there
  std::array<int, kStages* kBlocks> expand_ratio = {};  ///< 3, 4, 6
};

/// The predictor's 128 inputs: one-hot kernels, expansions, resolution. Throws InputError for a
/// value that it does not know.
std::vector<double> ofa_inputs(const OfaSetting& setting);

/// Of a network of `space`, whose stages with a choice of depth are the five that vary. Throws
/// InputError for a space of another shape.
OfaSetting ofa_setting(const SearchSpace& space, const Genotype& genotype);

/// Errors are 100·(1 − predicted accuracy): of the authors' validation images, several points below
/// those of the test set, so good for ranks. Throws InputError for layers or a space that do not
/// fit.
std::unique_ptr<AccuracyEvaluator> make_predictor_evaluator(const SearchSpace& space,
                                                            std::vector<DenseLayer> layers);

}  // namespace edgefront
