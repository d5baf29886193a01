#include "runtime/bands.h"

#include <algorithm>

#include "runtime/kernels/kernel_set.h"

namespace edgefront {
namespace {

std::int64_t round_up(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

std::int64_t row_bytes(const Tensor& tensor) { return tensor.bytes() / tensor.shape.height; }

/// The part among steps [first, i) that writes `tensor`; kInput for what the first one reads.
std::int32_t writer_of(const std::vector<Step>& steps, int first, int i, std::int32_t tensor) {
  for (int j = first; j < i; ++j) {
    if (steps[j].output == tensor) return j - first;
  }
  return tensor == steps[first].input ? BandPart::kInput : BandPart::kNone;
}

/// Rows of part `p` that a walk holds at once: those under a chunk of the next part, and those that
/// wait for the part that adds them.
std::int32_t rows_held(const std::vector<BandPart>& parts, std::size_t p) {
  const BandPart& next = parts[p + 1];
  const ConvGeometry& reader = next.geometry;
  std::int32_t rows = (next.chunk - 1) * reader.stride + std::max(reader.kernel, reader.stride);
  if (parts[p].held_by != BandPart::kNone) {
    const auto adder = static_cast<std::size_t>(parts[p].held_by);
    std::int32_t wait = parts[adder].chunk;
    for (std::size_t i = p + 1; i <= adder; ++i) wait += 2 * parts[i].geometry.pad;
    rows = std::max(rows, wait);
  }
  return std::min(rows, parts[p].geometry.out_height);
}

}  // namespace

std::int32_t first_input_row(const ConvGeometry& g, std::int32_t row) {
  return std::max(row * g.stride - g.pad, 0);
}

std::int32_t input_rows_end(const ConvGeometry& g, std::int32_t end) {
  return std::min((end - 1) * g.stride - g.pad + g.kernel, g.in_height);
}

bool is_chain(const LayerGraph& graph, const std::vector<Step>& steps, int first, int last) {
  if (first < 0 || last - first < 2 || last > static_cast<int>(steps.size())) return false;
  // Number of readers, by main input and as a residual within the chain, and all.
  struct Readers {
    int main = 0, residual = 0, all = 0;
  };
  std::vector<Readers> readers(graph.tensors.size());
  for (int i = 0; i < static_cast<int>(steps.size()); ++i) {
    const Step& step = steps[i];
    for (const std::int32_t id : {step.input, step.input2, step.residual}) {
      if (id >= 0) ++readers[id].all;
    }
    if (i < first || i >= last) continue;
    const OpKind op = graph.layers[step.layer].op;
    if (step.banded() || (op != OpKind::kConv2d && op != OpKind::kDepthwiseConv2d)) return false;
    if (i > first && step.input != steps[i - 1].output) return false;
    ++readers[step.input].main;
    if (step.residual < 0) continue;
    ++readers[step.residual].residual;
    if (writer_of(steps, first, i, step.residual) == BandPart::kNone) return false;
  }
  for (const std::int32_t id : graph.outputs) ++readers[id].all;
  for (int i = first; i + 1 < last; ++i) {
    const Readers& r = readers[steps[i].output];
    if (r.main != 1 || r.residual > 1 || r.all != r.main + r.residual) return false;
  }
  return true;
}

Step chain_of(const std::vector<Step>& steps, int first, int last, std::int64_t chunk_bytes) {
  Step chain;
  chain.chunk_bytes = chunk_bytes;
  chain.parts.assign(steps.begin() + first, steps.begin() + last);
  chain.layer = chain.parts.front().layer;
  chain.input = chain.parts.front().input;
  chain.output = chain.parts.back().output;
  return chain;
}

BandPlan plan_bands(const LayerGraph& graph, const Step& step) {
  BandPlan plan;
  const std::vector<Step>& steps = step.parts;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    BandPart part;
    part.geometry = geometry_of(graph, graph.layers[steps[i].layer]);
    part.row_bytes = row_bytes(graph.tensors[steps[i].output]);
    std::int64_t wider = part.row_bytes;
    if (i > 0) wider = std::max(wider, part.geometry.stride * plan.parts.back().row_bytes);
    part.chunk = static_cast<std::int32_t>(
        std::clamp<std::int64_t>(step.chunk_bytes / wider, 1, part.geometry.out_height));
    if (steps[i].residual >= 0) {
      part.residual = writer_of(steps, 0, static_cast<int>(i), steps[i].residual);
      if (part.residual >= 0) {
        plan.parts[static_cast<std::size_t>(part.residual)].held_by = static_cast<std::int32_t>(i);
      }
    }
    plan.parts.push_back(part);
  }
  for (std::size_t p = 0; p + 1 < plan.parts.size(); ++p) {
    BandPart& part = plan.parts[p];
    part.capacity = rows_held(plan.parts, p);
    part.offset = plan.bytes;
    plan.bytes += round_up(part.capacity * part.row_bytes);
  }
  plan.parts.back().capacity = plan.parts.back().geometry.out_height;
  return plan;
}

}  // namespace edgefront
