// From a layer graph to the steps that the runtime really executes: convolution + bias +
// activation, + residual add where it follows. One pure function, used alike by the layer listing,
// the cost models, the memory planner and the interpreter, so that a table entry is what runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/graph.h"

namespace edgefront {

enum class Activation : std::uint8_t { kNone, kRelu, kRelu6, kHswish, kHsigmoid };
const char* activation_name(Activation activation);

/// One execution step. Ids refer to the graph. A step replaces `layer`, then `activation_layer`,
/// then `add_layer` (each −1 if absent) in that order, and gives exactly their bits in int8.
struct Step {
  std::int32_t layer = -1;
  std::int32_t activation_layer = -1;
  std::int32_t add_layer = -1;
  Activation activation = Activation::kNone;
  std::int32_t input = -1;     ///< tensor read by `layer`
  std::int32_t input2 = -1;    ///< second operand of a stand-alone add or mul
  std::int32_t residual = -1;  ///< other operand of the fused add
  std::int32_t output = -1;    ///< tensor written
  /// Not empty: a chain of steps that runs band by band (runtime/bands.h). `layer` and `input` are
  /// then those of its first part, `output` that of its last; the other fields are unset.
  std::vector<Step> parts;
  std::int64_t chunk_bytes = 0;  ///< of a banded step: about what one kernel call reads or writes
  bool banded() const { return !parts.empty(); }
};

/// How the inverted bottlenecks of a block run: by the kernel set's fixed rule, layer by layer, or
/// as one step that goes band by band (runtime/execution_steps.h).
enum class BlockPath : std::uint8_t { kRule, kLayers, kBanded };

/// The path of one block of the graph (Layer::block).
struct PathChoice {
  std::int32_t block = 0;
  BlockPath path = BlockPath::kRule;
};

/// Pure and deterministic; `graph` is valid. A tensor that is a graph output or has several readers
/// is never fused away. (The tensors at the border of a range are outputs of extract_range().)
std::vector<Step> fuse(const LayerGraph& graph);

/// One step per layer.
std::vector<Step> unfused(const LayerGraph& graph);

/// What a step costs depends on this and nothing else. Compared and hashed by `text()`. A mul is
/// the squeeze-excite gate: its second operand is 1x1xC. A banded inverted bottleneck has one key:
/// `op`, `activation` and `residual` are those of its last layer, a pointwise convolution, kernel
/// size and stride those of its depthwise layer; the residual is its input.
struct LayerKey {
  OpKind op = OpKind::kConv2d;
  Precision precision = Precision::kFloat32;
  Shape input, output;
  std::int32_t kernel_size = 1;
  std::int32_t stride = 1;
  Activation activation = Activation::kNone;
  bool residual = false;
  bool bottleneck = false;  ///< a banded inverted bottleneck; the next three are for it alone
  std::int32_t expanded =
      0;  ///< channels after its expansion; 0: it begins with the depthwise layer
  Activation expand_activation = Activation::kNone;
  Activation depthwise_activation = Activation::kNone;
  /// Not empty: first layers that run as one chain to save memory. The text is theirs joined by
  /// " + "; such a key is no entry of a table, and parse() refuses it.
  std::vector<LayerKey> chain;
  std::int32_t threads = 1;
  std::string kernel_set;           ///< name of the set the runtime runs it with
  std::int32_t kernel_version = 0;  ///< version of that set's kernel for this op

  /// One word per field, stable for ever, e.g.
  /// "conv2d int8 14x14x16>14x14x96 k1 s1 relu6 t1 avx512_vnni@1"; "+add" after the activation;
  /// "inverted_bottleneck int8 14x14x16>96>14x14x16 k3 s1 relu6,relu6,none+add t1 avx512_vnni@1".
  std::string text() const;
  /// Inverse of text(); invalid Status names the word that is wrong.
  static Status parse(const std::string& text, LayerKey* out);
};
inline bool operator==(const LayerKey& a, const LayerKey& b) { return a.text() == b.text(); }

/// A graph of one step with this key (one input, plus the residual or second operand as a second
/// input), for measuring it alone; for a bottleneck, where its block runs banded. Invalid Status
/// for shapes that no layer has.
Status graph_of(const LayerKey& key, LayerGraph* out);

}  // namespace edgefront
