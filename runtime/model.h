// A deployable network in memory: layer graph, parameters, quantization, and what a user needs to
// check it. Written to and read from `.efm` by runtime/model_file.h.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/graph.h"
#include "runtime/status.h"

namespace edgefront {

/// real = scale·(q − zero_point). scale > 0 for int8 tensors, 0 for float32 ones.
struct TensorQuantization {
  float scale = 0;
  std::int32_t zero_point = 0;
};

/// Parameters of one layer; only the vectors that its op and precision use are filled.
struct LayerParameters {
  std::vector<float> weights_f32;       ///< layouts: see runtime/kernels/kernels.h
  std::vector<float> bias_f32;          ///< one per output channel
  std::vector<std::int8_t> weights_s8;  ///< in [−127, 127]
  std::vector<std::int32_t> bias_s32;   ///< at scale s_x·s_w[c]
  std::vector<float> weight_scales;     ///< int8: per output channel, > 0
  std::vector<std::int8_t> table;       ///< int8 hswish/hsigmoid: 256 entries, index q + 128
};

/// What turns a stored pixel (0…255) into the network's real input: (p/255 − mean)/stddev.
struct InputNormalization {
  std::vector<float> mean, stddev;  ///< per channel
};

/// A recorded input with the bytes that the reference kernels gave for it.
struct ProbeSample {
  std::vector<std::uint8_t> input;     ///< raw bytes of the input tensor(s), concatenated
  std::vector<std::uint8_t> expected;  ///< raw bytes of the output tensor(s), concatenated
};

struct Model {
  LayerGraph graph;
  std::vector<TensorQuantization> quantization;  ///< per tensor
  std::vector<LayerParameters> parameters;       ///< per layer
  InputNormalization normalization;
  std::vector<std::string> class_names;
  std::vector<ProbeSample> probes;
  std::vector<std::pair<std::string, std::string>> metadata;  ///< e.g. genotype, space, seed
  std::string kernel_set;  ///< chosen at export; empty: the fixed rule on the machine that loads
  /// Chosen at export for `kernel_set`; blocks without a choice follow the set's fixed rule.
  std::vector<PathChoice> block_choices;
  std::int32_t patch_layers = 0;  ///< so many first layers run as one chain of bands; 0: none
};

/// Everything the interpreter relies on: `validate(graph)`, sizes of all vectors, weight range
/// (−128 refused), finite positive scales, zero points in range, multipliers below 10^18 (so that
/// no product is infinite), equal quantization around int8 relu and relu6, and the bound that no
/// int32 accumulator can overflow (|bias| + fan_in·127·255 < 2^31). Names the layer and what is
/// accepted.
Status validate(const Model& model);

/// The layers [first, last) of a model as a model of their own (see extract_range of the graph).
/// Normalisation and class names stay where the input and the outputs are those of the whole model;
/// probes are dropped.
Status extract_range(const Model& model, int first, int last, Model* out);

/// Bytes of weights, biases, scales and tables as stored.
std::int64_t weights_bytes(const Model& model);

/// The bytes that `weights_bytes` would give for this graph, without making a model.
std::int64_t weights_bytes(const LayerGraph& graph);

/// A model with generated weights (seeded, He-scaled; int8: plausible scales, so that outputs
/// neither saturate nor vanish) for measuring a graph that has not been trained.
Model generated_model(const LayerGraph& graph, std::uint64_t seed);

/// The affine multipliers of design 5.1 as binary32, shared by interpreter, exporter and tests:
/// m[c] = float(s_x·s_w[c]/s_y), product and quotient in binary32 from left to right.
std::vector<float> requantize_multipliers(const Model& model, int layer);

/// The same for an int8 add (s_operand/s_y), mul (s_a·s_b/s_y; `operand` is ignored) or global
/// average pool (s_x/(s_y·(H·W))).
float elementwise_multiplier(const Model& model, int layer, int operand);

/// What relu and relu6 allow of a tensor: [z, 127] and [z, min(127, rint(6/s) + z)]. Input and
/// output of these layers share scale and zero point, so the clamp can move into the layer before.
struct ClampRange {
  std::int32_t qmin = -128;
  std::int32_t qmax = 127;
};
ClampRange clamp_range(OpKind op, const TensorQuantization& quantization);

/// The 256 entries of an int8 hswish or hsigmoid: q(f(s_x·(i − 128 − z_x))), rounded half to even.
std::vector<std::int8_t> unary_table(OpKind op, const TensorQuantization& input,
                                     const TensorQuantization& output);

}  // namespace edgefront
