#include "runtime/banded_step.h"

#include <algorithm>
#include <cstring>

#include "runtime/step_slices.h"

namespace edgefront {
namespace {

using Part = BandedStep::Part;

/// Address of `row` in the output of part `p`, or in the chain's input (BandPart::kInput).
const char* row_address(const BandedStep& step, std::int32_t p, std::int32_t row) {
  if (p == BandPart::kInput) return step.input + row * step.input_row_bytes;
  const Part& part = step.parts[static_cast<std::size_t>(p)];
  return part.rows + (row - part.first) * part.band.row_bytes;
}

/// First row of part `p` that somebody still reads; what the next part needs of it comes below.
std::int32_t first_wanted(const BandedStep& step, std::size_t p) {
  const Part& part = step.parts[p];
  const Part& next = step.parts[p + 1];
  std::int32_t row = first_input_row(next.band.geometry, next.done);
  if (part.band.held_by != BandPart::kNone) {
    row = std::min(row, step.parts[static_cast<std::size_t>(part.band.held_by)].done);
  }
  return std::min(row, part.done);
}

/// Makes room for the rows up to `end` by moving those that are still wanted to the beginning.
void roll(BandedStep* step, std::size_t p, std::int32_t end) {
  Part& part = step->parts[p];
  if (p + 1 == step->parts.size() || end - part.first <= part.band.capacity) return;
  const std::int32_t from = first_wanted(*step, p);
  const auto size = static_cast<std::size_t>((part.done - from) * part.band.row_bytes);
  std::memmove(part.rows, part.rows + (from - part.first) * part.band.row_bytes, size);
  part.first = from;
}

/// One call of the kernel of part `p`: rows [begin, end), whose inputs are there.
void compute(const BandedStep& step, std::size_t p, std::int32_t begin, std::int32_t end) {
  const Part& part = step.parts[p];
  const std::int32_t input_row = p == 0 ? 0 : step.parts[p - 1].first;
  const char* input = row_address(step, static_cast<std::int32_t>(p) - 1, input_row);
  char* output = part.rows + (begin - part.first) * part.band.row_bytes;
  const char* residual = part.band.residual == BandPart::kNone
                             ? nullptr
                             : row_address(step, part.band.residual, begin);
  const RowRange rows = {begin, end, input_row, begin};
  if (part.precision == Precision::kInt8) {
    ConvArgsS8 args = part.step.conv_s8.args;
    args.rows = rows;
    args.input = reinterpret_cast<const std::int8_t*>(input);
    args.output = reinterpret_cast<std::int8_t*>(output);
    args.requantize.residual = reinterpret_cast<const std::int8_t*>(residual);
    part.step.conv_s8.kernel(args);
  } else {
    ConvArgsF32 args = part.step.conv_f32.args;
    args.rows = rows;
    args.input = reinterpret_cast<const float*>(input);
    args.output = reinterpret_cast<float*>(output);
    args.residual = reinterpret_cast<const float*>(residual);
    part.step.conv_f32.kernel(args);
  }
}

/// Computes part `p` up to row `end`, pulling what it reads from the parts before it.
void advance(BandedStep* step, std::size_t p, std::int32_t end) {
  Part& part = step->parts[p];
  while (part.done < end) {
    const std::int32_t to = std::min(end, part.done + part.band.chunk);
    if (p > 0) advance(step, p - 1, input_rows_end(part.band.geometry, to));
    roll(step, p, to);
    compute(*step, p, part.done, to);
    part.done = to;
  }
}

void run_own_bands(const PreparedStep& prepared) {
  run_bands(prepared.banded, prepared.banded->begin, prepared.banded->end);
}

/// Of an int8 or fp32 layer.
void*& scratch_of(Part* part) {
  return part->precision == Precision::kInt8 ? part->step.conv_s8.args.scratch
                                             : part->step.conv_f32.args.scratch;
}

}  // namespace

std::unique_ptr<BandedStep> prepare_banded_step(const Model& model, const Step& step,
                                                const KernelSet& set, const StepMemory& memory,
                                                char* rows) {
  auto banded = std::make_unique<BandedStep>();
  const BandPlan plan = plan_bands(model.graph, step);
  const Tensor& input = model.graph.tensors[step.input];
  banded->input = memory.arena + memory.plan->tensor_offset[step.input];
  banded->input_row_bytes = input.bytes() / input.shape.height;
  banded->rows_bytes = plan.bytes;
  banded->end = plan.parts.back().geometry.out_height;
  StepMemory part_memory = memory;
  part_memory.slices = 1;
  for (std::size_t i = 0; i < plan.parts.size(); ++i) {
    const bool last = i + 1 == plan.parts.size();
    Part part;
    part.band = plan.parts[i];
    part.step = prepare_step(model, step.parts[i], set, part_memory);
    part.precision = model.graph.layers[step.parts[i].layer].precision;
    part.rows =
        last ? memory.arena + memory.plan->tensor_offset[step.output] : rows + plan.parts[i].offset;
    banded->parts.push_back(part);
    part_memory.packed += step_packed_bytes(model.graph, step.parts[i], set).total();
  }
  return banded;
}

void run_bands(BandedStep* step, std::int32_t begin, std::int32_t end) {
  // Where the parts begin: at the first row that anyone reads for row `begin` of the output.
  for (std::size_t p = step->parts.size(); p-- > 0;) {
    Part& part = step->parts[p];
    part.done = begin;
    if (p + 1 < step->parts.size()) {
      const Part& next = step->parts[p + 1];
      part.done = first_input_row(next.band.geometry, next.done);
      if (part.band.held_by != BandPart::kNone) {
        const auto adder = static_cast<std::size_t>(part.band.held_by);
        part.done = std::min(part.done, step->parts[adder].done);
      }
    }
    part.first = p + 1 == step->parts.size() ? 0 : part.done;
  }
  advance(step, step->parts.size() - 1, end);
}

std::unique_ptr<BandedStep> banded_slice(const BandedStep& whole, std::int64_t scratch_bytes,
                                         int index, int slices) {
  auto slice = std::make_unique<BandedStep>(whole);
  const Share rows = share_of(whole.end, 1, index, slices);
  slice->begin = static_cast<std::int32_t>(rows.begin);
  slice->end = static_cast<std::int32_t>(rows.end);
  for (Part& part : slice->parts) {
    if (&part != &slice->parts.back()) part.rows += index * whole.rows_bytes;
    void*& scratch = scratch_of(&part);
    if (scratch != nullptr) scratch = static_cast<char*>(scratch) + index * scratch_bytes;
  }
  return slice;
}

PreparedStep as_prepared(BandedStep* step) {
  PreparedStep prepared{};
  prepared.run = step->begin < step->end ? run_own_bands : nullptr;
  prepared.banded = step;
  return prepared;
}

}  // namespace edgefront
