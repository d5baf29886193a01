#include "runtime/fuse.h"

namespace edgefront {
namespace {

Activation activation_of(OpKind op) {
  switch (op) {
    case OpKind::kRelu:
      return Activation::kRelu;
    case OpKind::kRelu6:
      return Activation::kRelu6;
    case OpKind::kHswish:
      return Activation::kHswish;
    case OpKind::kHsigmoid:
      return Activation::kHsigmoid;
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kFullyConnected:
    case OpKind::kAdd:
    case OpKind::kMul:
    case OpKind::kGlobalAveragePool:
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      return Activation::kNone;
  }
  return Activation::kNone;
}

Step step_of(const LayerGraph& graph, int index) {
  const Layer& layer = graph.layers[index];
  Step step;
  step.layer = index;
  step.input = layer.inputs[0];
  step.input2 = layer.inputs[1];
  step.output = layer.output;
  return step;
}

/// Who reads what, as far as fusion asks.
class Readers {
 public:
  explicit Readers(const LayerGraph& graph) : only_(graph.tensors.size(), kNobody) {
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      for (const std::int32_t id : graph.layers[i].inputs) {
        if (id >= 0) only_[id] = only_[id] == kNobody ? static_cast<std::int32_t>(i) : kSeveral;
      }
    }
    for (const std::int32_t id : graph.outputs) only_[id] = kSeveral;
  }
  /// The one layer that reads this tensor once; negative for a tensor that must exist in memory.
  std::int32_t only(std::int32_t tensor) const { return only_[tensor]; }

 private:
  static constexpr std::int32_t kNobody = -1;
  static constexpr std::int32_t kSeveral = -2;
  std::vector<std::int32_t> only_;
};

}  // namespace

const char* activation_name(Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return "none";
    case Activation::kRelu:
      return "relu";
    case Activation::kRelu6:
      return "relu6";
    case Activation::kHswish:
      return "hswish";
    case Activation::kHsigmoid:
      return "hsigmoid";
  }
  return "unknown";
}

std::vector<Step> unfused(const LayerGraph& graph) {
  std::vector<Step> steps;
  steps.reserve(graph.layers.size());
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    steps.push_back(step_of(graph, static_cast<int>(i)));
  }
  return steps;
}

std::vector<Step> fuse(const LayerGraph& graph) {
  const Readers readers(graph);
  std::vector<bool> done(graph.layers.size());
  std::vector<bool> ready(graph.tensors.size());  // written before the current step
  for (const std::int32_t id : graph.inputs) ready[id] = true;
  std::vector<Step> steps;
  steps.reserve(graph.layers.size());
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    if (done[i]) continue;
    Step step = step_of(graph, static_cast<int>(i));
    if (has_weights(graph.layers[i].op)) {
      std::int32_t next = readers.only(step.output);
      if (next >= 0 && is_unary_activation(graph.layers[next].op)) {
        step.activation_layer = next;
        step.activation = activation_of(graph.layers[next].op);
        step.output = graph.layers[next].output;
        done[next] = true;
        next = readers.only(step.output);
      }
      if (next >= 0 && graph.layers[next].op == OpKind::kAdd) {
        const auto& operands = graph.layers[next].inputs;
        const std::int32_t other = operands[0] == step.output ? operands[1] : operands[0];
        // The step runs where its convolution stands: the other operand must exist by then. Of two
        // convolutions that meet in an add, so, the later one takes it.
        if (ready[other]) {
          step.add_layer = next;
          step.residual = other;
          step.output = graph.layers[next].output;
          done[next] = true;
        }
      }
    }
    ready[step.output] = true;
    steps.push_back(step);
  }
  return steps;
}

}  // namespace edgefront
