#include "runtime/kernels/layouts/convolution.h"

#include <string.h>

namespace edgefront {
namespace {

constexpr int32_t kPatches = 48;  ///< a multiple of every kernel's pixel tile
// Copies move 16 bytes at a time and may write up to 15 beyond their end, into bytes that are
// written next or into this slack.
constexpr int64_t kSlack = 64;

/// Sizes in bytes, so that one im2col serves both precisions.
struct PatchLayout {
  int64_t pixel, row, patch;
  int64_t patches_offset, total;
};

PatchLayout patch_layout(const ConvGeometry& g, int64_t element_bytes) {
  PatchLayout layout;
  layout.pixel = g.in_channels * element_bytes;
  layout.row = round_up_to((g.in_width + 2 * g.pad) * layout.pixel + kSlack, 64);
  layout.patch = round_up_to(int64_t{gemm_depth(g)} * element_bytes, 4);
  layout.patches_offset = g.kernel * layout.row;
  layout.total = layout.patches_offset + round_up_to(kPatches * layout.patch + kSlack, 64);
  return layout;
}

/// What patches are gathered from.
struct PatchSource {
  const uint8_t* input;
  int padding;
  RowRange rows;
};

/// The `kernel` input rows under output row `out_y` with their padding, one after the other.
void gather_rows(const ConvGeometry& g, const PatchLayout& layout, const PatchSource& source,
                 int32_t out_y, uint8_t* rows) {
  const int padding = source.padding;
  const int64_t width_bytes = g.in_width * layout.pixel;
  const int64_t border = g.pad * layout.pixel;
  for (int32_t ky = 0; ky < g.kernel; ++ky) {
    const int32_t y = out_y * g.stride - g.pad + ky;
    uint8_t* row = rows + ky * layout.row;
    if (y < 0 || y >= g.in_height) {
      memset(row, padding, static_cast<size_t>(width_bytes + 2 * border));
      continue;
    }
    memset(row, padding, static_cast<size_t>(border));
    memcpy(row + border, source.input + (y - source.rows.input_row) * width_bytes,
           static_cast<size_t>(width_bytes));
    memset(row + border + width_bytes, padding, static_cast<size_t>(border));
  }
}

/// One patch: from each row kernel·in_channels neighbouring values, in the order of the weights.
void gather_patch(const ConvGeometry& g, const PatchLayout& layout, const uint8_t* rows,
                  int32_t out_x, uint8_t* patch) {
  const int64_t span = g.kernel * layout.pixel;
  for (int32_t ky = 0; ky < g.kernel; ++ky) {
    const uint8_t* from = rows + ky * layout.row + out_x * g.stride * layout.pixel;
    uint8_t* to = patch + ky * span;
    for (int64_t i = 0; i < span; i += 16) memcpy(to + i, from + i, 16);
  }
}

/// Calls flush(first_pixel, count) for patches of consecutive output pixels; pixels are counted
/// from the first row of the output in memory.
template <typename Flush>
void for_patches(const ConvGeometry& g, const PatchLayout& layout, const PatchSource& source,
                 uint8_t* scratch, const Flush& flush) {
  uint8_t* patches = scratch + layout.patches_offset;
  const RowRange& range = source.rows;
  int64_t first = int64_t{range.begin - range.output_row} * g.out_width;
  int32_t count = 0;
  for (int32_t y = range.begin; y < range.end; ++y) {
    gather_rows(g, layout, source, y, scratch);
    for (int32_t x = 0; x < g.out_width; ++x) {
      gather_patch(g, layout, scratch, x, patches + count * layout.patch);
      if (++count < kPatches) continue;
      flush(first, count);
      first += count;
      count = 0;
    }
  }
  if (count > 0) flush(first, count);
}

}  // namespace

int64_t convolution_scratch_bytes_s8(const ConvGeometry& g) { return patch_layout(g, 1).total; }
int64_t convolution_scratch_bytes_f32(const ConvGeometry& g) { return patch_layout(g, 4).total; }

void run_matrix_s8(const ConvArgsS8& args, GemmS8 gemm) {
  const ConvGeometry& g = args.geometry;
  const RowRange& rows = args.rows;
  const int64_t pixels = int64_t{rows.end - rows.begin} * g.out_width;
  const int64_t from = int64_t{rows.begin - rows.input_row} * g.in_width * g.in_channels;
  const int64_t to = int64_t{rows.begin - rows.output_row} * g.out_width * g.out_channels;
  gemm({args.input + from, g.in_channels, pixels, g.in_channels, g.out_channels, args.packed,
        args.output + to, to, &args.requantize});
}

void run_matrix_f32(const ConvArgsF32& args, GemmF32 gemm) {
  const ConvGeometry& g = args.geometry;
  const RowRange& rows = args.rows;
  const int64_t pixels = int64_t{rows.end - rows.begin} * g.out_width;
  const int64_t from = int64_t{rows.begin - rows.input_row} * g.in_width * g.in_channels;
  const int64_t to = int64_t{rows.begin - rows.output_row} * g.out_width * g.out_channels;
  gemm({args.input + from, g.in_channels, pixels, g.in_channels, g.out_channels, args.packed,
        args.output + to, to, args.activation, args.residual});
}

void run_convolution_s8(const ConvArgsS8& args, GemmS8 gemm) {
  const ConvGeometry& g = args.geometry;
  const PatchLayout layout = patch_layout(g, 1);
  uint8_t* scratch = static_cast<uint8_t*>(args.scratch);
  const int8_t* patches = reinterpret_cast<const int8_t*>(scratch + layout.patches_offset);
  // The bytes that round a patch up to a multiple of four meet zero weights.
  for_patches(
      g, layout, {reinterpret_cast<const uint8_t*>(args.input), args.input_zero_point, args.rows},
      scratch, [&](int64_t first, int64_t count) {
        const int64_t element = first * g.out_channels;
        gemm({patches, layout.patch, count, static_cast<int32_t>(layout.patch), g.out_channels,
              args.packed, args.output + element, element, &args.requantize});
      });
}

void run_convolution_f32(const ConvArgsF32& args, GemmF32 gemm) {
  const ConvGeometry& g = args.geometry;
  const PatchLayout layout = patch_layout(g, 4);
  uint8_t* scratch = static_cast<uint8_t*>(args.scratch);
  const float* patches = reinterpret_cast<const float*>(scratch + layout.patches_offset);
  for_patches(g, layout, {reinterpret_cast<const uint8_t*>(args.input), 0, args.rows}, scratch,
              [&](int64_t first, int64_t count) {
                const int64_t element = first * g.out_channels;
                gemm({patches, layout.patch / 4, count, gemm_depth(g), g.out_channels, args.packed,
                      args.output + element, element, args.activation, args.residual});
              });
}

}  // namespace edgefront
