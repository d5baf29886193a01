// The layer graph as JSON, in the form of the probe's jobs (docs/probe_protocol.md).
#pragma once

#include "runtime/graph.h"

namespace edgefront {

/// `Json` is the caller's nlohmann::ordered_json: boards build that library without exceptions,
/// under a namespace of its own, and nothing here needs its header.
template <typename Json>
Json graph_json(const LayerGraph& graph) {
  Json json;
  json["tensors"] = Json::array();
  for (const Tensor& tensor : graph.tensors) {
    json["tensors"].push_back(
        {{"shape", {tensor.shape.height, tensor.shape.width, tensor.shape.channels}},
         {"precision", precision_name(tensor.precision)}});
  }
  json["layers"] = Json::array();
  for (const Layer& layer : graph.layers) {
    Json inputs = Json::array({layer.inputs[0]});
    if (layer.inputs[1] >= 0) inputs.push_back(layer.inputs[1]);
    json["layers"].push_back({{"name", layer.name},
                              {"op", op_name(layer.op)},
                              {"inputs", inputs},
                              {"output", layer.output},
                              {"kernel_size", layer.kernel_size},
                              {"stride", layer.stride},
                              {"block", layer.block},
                              {"precision", precision_name(layer.precision)}});
  }
  json["inputs"] = graph.inputs;
  json["outputs"] = graph.outputs;
  return json;
}

}  // namespace edgefront
