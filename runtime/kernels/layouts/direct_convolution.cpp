#include "runtime/kernels/layouts/direct_convolution.h"

#include <string.h>

namespace edgefront {
namespace {

// The last quad of a row's last segment may lie up to three bytes behind the row.
constexpr int64_t kSlack = 64;

int64_t segment_quads(const ConvGeometry& g) {
  return round_up_to(int64_t{g.kernel} * g.in_channels, 4) / 4;
}

int64_t row_bytes(const ConvGeometry& g, int64_t element_bytes) {
  return round_up_to((g.in_width + 2 * g.pad) * g.in_channels * element_bytes + kSlack, 64);
}

// Unsigned arithmetic: sums wrap where the true value, after all compensations, fits again.
void pack_segments(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                   int32_t offset, void* packed) {
  const int32_t segment = g.kernel * g.in_channels;
  const int64_t quads = segment_quads(g);
  memset(packed, 0, static_cast<size_t>(direct_packed_bytes_s8(g)));
  uint32_t* packed_bias = static_cast<uint32_t*>(packed);
  int8_t* panels = reinterpret_cast<int8_t*>(packed_bias + padded_channels(g));
  for (int32_t c = 0; c < g.out_channels; ++c) {
    const int8_t* filter = weights + int64_t{c} * gemm_depth(g);
    int8_t* lane = panels + (c / kPanelChannels) * g.kernel * quads * kPanelChannels * 4 +
                   (c % kPanelChannels) * 4;
    uint32_t sum = 0;
    for (int32_t ky = 0; ky < g.kernel; ++ky) {
      for (int32_t i = 0; i < segment; ++i) {
        const int8_t weight = filter[ky * segment + i];
        lane[(ky * quads + i / 4) * kPanelChannels * 4 + i % 4] = weight;
        sum += static_cast<uint32_t>(static_cast<int32_t>(weight));
      }
    }
    packed_bias[c] = static_cast<uint32_t>(bias[c]) - static_cast<uint32_t>(offset) * sum;
  }
}

/// `flip` is eight times the byte that is flipped.
void copy_flipped(const uint8_t* from, int64_t bytes, uint64_t flip, uint8_t* to) {
  typedef uint64_t Vector __attribute__((vector_size(16)));
  const Vector flips = {flip, flip};
  int64_t i = 0;
  for (; i + 16 <= bytes; i += 16) {
    Vector v;
    memcpy(&v, from + i, 16);
    v ^= flips;
    memcpy(to + i, &v, 16);
  }
  for (; i < bytes; ++i) to[i] = static_cast<uint8_t>(from[i] ^ (flip & 0xff));
}

/// Where rows come from and how they are stored.
struct RowSource {
  const uint8_t* input;
  uint8_t padding;  ///< already flipped
  uint64_t flip;    ///< as copy_flipped wants it
  RowRange rows;
};

/// Fills scratch row by row; a row that the output row above has used is moved, not copied again.
void gather_rows(const ConvGeometry& g, int64_t element_bytes, const RowSource& source,
                 int32_t out_y, uint8_t* scratch) {
  const int64_t row_size = row_bytes(g, element_bytes);
  const int64_t width = g.in_width * g.in_channels * element_bytes;
  const int64_t border = g.pad * g.in_channels * element_bytes;
  for (int32_t ky = 0; ky < g.kernel; ++ky) {
    const int32_t y = out_y * g.stride - g.pad + ky;
    uint8_t* row = scratch + ky * row_size;
    if (out_y > source.rows.begin && ky + g.stride < g.kernel) {
      memcpy(row, scratch + (ky + g.stride) * row_size, static_cast<size_t>(row_size));
    } else if (y < 0 || y >= g.in_height) {
      memset(row, source.padding, static_cast<size_t>(row_size));
    } else {
      memset(row, source.padding, static_cast<size_t>(border));
      const uint8_t* from = source.input + (y - source.rows.input_row) * width;
      copy_flipped(from, width, source.flip, row + border);
      memset(row + border + width, source.padding, static_cast<size_t>(row_size - border - width));
    }
  }
}

}  // namespace

int64_t direct_packed_bytes_s8(const ConvGeometry& g) {
  return padded_channels(g) * 4 * (1 + g.kernel * segment_quads(g));
}

int64_t direct_scratch_bytes_s8(const ConvGeometry& g) { return g.kernel * row_bytes(g, 1); }
int64_t direct_scratch_bytes_f32(const ConvGeometry& g) { return g.kernel * row_bytes(g, 4); }

void direct_pack_s8(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                    int32_t input_zero_point, void* packed) {
  pack_segments(g, weights, bias, input_zero_point, packed);
}

void direct_pack_flipped(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                         int32_t input_zero_point, void* packed) {
  pack_segments(g, weights, bias, input_zero_point + 128, packed);
}

void run_direct_convolution_s8(const ConvArgsS8& args, GemmS8 gemm, RowBytes bytes) {
  const ConvGeometry& g = args.geometry;
  const int flip = bytes == RowBytes::kFlipped ? 0x80 : 0;
  const RowSource source = {reinterpret_cast<const uint8_t*>(args.input),
                            static_cast<uint8_t>(args.input_zero_point ^ flip),
                            0x0101010101010101u * static_cast<uint64_t>(flip), args.rows};
  uint8_t* scratch = static_cast<uint8_t*>(args.scratch);
  GemmArgsS8 row = {};
  row.input = reinterpret_cast<const int8_t*>(scratch);
  row.input_stride = int64_t{g.stride} * g.in_channels;
  row.pixels = g.out_width;
  row.depth = static_cast<int32_t>(segment_quads(g) * 4);
  row.channels = g.out_channels;
  row.packed = args.packed;
  row.requantize = &args.requantize;
  row.segments = g.kernel;
  row.segment_stride = row_bytes(g, 1);
  for (int32_t y = args.rows.begin; y < args.rows.end; ++y) {
    gather_rows(g, 1, source, y, scratch);
    row.first_element = int64_t{y - args.rows.output_row} * g.out_width * g.out_channels;
    row.output = args.output + row.first_element;
    gemm(row);
  }
}

void run_direct_convolution_f32(const ConvArgsF32& args, GemmF32 gemm) {
  const ConvGeometry& g = args.geometry;
  const RowSource source = {reinterpret_cast<const uint8_t*>(args.input), 0, 0, args.rows};
  uint8_t* scratch = static_cast<uint8_t*>(args.scratch);
  GemmArgsF32 row = {};
  row.input = reinterpret_cast<const float*>(scratch);
  row.input_stride = int64_t{g.stride} * g.in_channels;
  row.pixels = g.out_width;
  row.depth = g.kernel * g.in_channels;
  row.channels = g.out_channels;
  row.packed = args.packed;
  row.activation = args.activation;
  row.residual = args.residual;
  row.segments = g.kernel;
  row.segment_stride = row_bytes(g, 4) / 4;
  for (int32_t y = args.rows.begin; y < args.rows.end; ++y) {
    gather_rows(g, 4, source, y, scratch);
    row.first_element = int64_t{y - args.rows.output_row} * g.out_width * g.out_channels;
    row.output = args.output + row.first_element;
    gemm(row);
  }
}

}  // namespace edgefront
