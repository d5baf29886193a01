// A small model that uses every field of an .efm file: mixed precision, two outputs, tables,
// normalisation, class names, probes, metadata.
#pragma once

#include <memory>

#include "runtime/interpreter.h"
#include "tests/runtime/random_graph.h"

namespace edgefront::test {

inline LayerGraph sample_graph() {
  GraphBuilder b;
  std::int32_t x = b.input({4, 4, 2});
  x = b.layer(OpKind::kQuantize, x, -1, b.shape(x));
  x = b.unary(OpKind::kRelu6, b.conv(x, 8, 3, 1));
  b.block = 1;
  const std::int32_t y = b.unary(OpKind::kHswish, b.depthwise(x, 3, 1));
  const std::int32_t gate = b.unary(OpKind::kHsigmoid, b.fully_connected(b.pool(y), 8));
  x = b.add(b.conv(b.mul(y, gate), 8, 1, 1), x);
  b.block = 2;
  x = b.pool(b.unary(OpKind::kRelu, x));
  const std::int32_t early = b.fully_connected(x, 3);
  LayerGraph graph = with_precision(b.graph, Precision::kInt8);
  graph.tensors[graph.inputs[0]].precision = Precision::kFloat32;
  b.graph = graph;
  const std::int32_t late = b.fully_connected(b.layer(OpKind::kDequantize, x, -1, b.shape(x)), 3);
  b.graph.outputs = {late, early};
  return b.graph;
}

/// Exact in binary32 and small, so that every machine makes the same bytes of it.
inline Model sample_model() {
  Model model = generated_model(sample_graph(), 7);
  model.normalization = {{0.25f, 0.5f}, {0.5f, 0.25f}};
  model.class_names = {"shirt", "boot", "ber\xc3\xa9t"};
  model.metadata = {{"genotype", "1.20.3"}, {"note", "two\nlines"}, {"seed", "7"}};
  model.kernel_set = "reference";
  ProbeSample probe;
  for (int i = 0; i < 4 * 4 * 2; ++i) {
    const float value = static_cast<float>(i - 16) / 8.0f;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
    probe.input.insert(probe.input.end(), bytes, bytes + 4);
  }
  InterpreterOptions options;
  options.kernel_set = "reference";
  std::unique_ptr<Interpreter> interpreter;
  if (!Interpreter::load(model, options, &interpreter).ok()) return {};
  std::copy(probe.input.begin(), probe.input.end(),
            static_cast<std::uint8_t*>(interpreter->input_data()));
  interpreter->invoke();
  for (int i = 0; i < 2; ++i) {
    const auto* from = static_cast<const std::uint8_t*>(interpreter->output_data(i));
    probe.expected.insert(probe.expected.end(), from, from + interpreter->output_bytes(i));
  }
  model.probes = {probe};
  return model;
}

}  // namespace edgefront::test
