// Everything that makes a layer graph, as text: equal texts, equal networks.
#pragma once

#include <string>

#include "runtime/graph.h"

namespace edgefront {

inline std::string graph_text(const LayerGraph& graph) {
  std::string text;
  for (const Tensor& tensor : graph.tensors)
    text += std::to_string(tensor.shape.height) + "x" + std::to_string(tensor.shape.width) + "x" +
            std::to_string(tensor.shape.channels) + " ";
  for (const Layer& layer : graph.layers)
    text += layer.name + ":" + op_name(layer.op) + "(" + std::to_string(layer.inputs[0]) + "," +
            std::to_string(layer.inputs[1]) + ")" + std::to_string(layer.output) + "k" +
            std::to_string(layer.kernel_size) + "s" + std::to_string(layer.stride) + "b" +
            std::to_string(layer.block) + " ";
  return text;
}

}  // namespace edgefront
