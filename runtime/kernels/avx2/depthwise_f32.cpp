// fp32 depthwise convolution: eight channels to a vector, eight neighbouring outputs at a time
// where the whole kernel lies inside the image, single ones at the borders.
#include <immintrin.h>
#include <stdint.h>

#include "runtime/kernels/avx2/avx2.h"
#include "runtime/kernels/avx2/epilogue.h"
#include "runtime/kernels/layouts/depthwise_layout.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

enum class Lanes { kAll, kSome };

/// Eight channels of one output row.
struct Strip {
  const float* input;    ///< row 0, column 0, first channel of the strip
  const float* weights;  ///< [ky][kx] with stride weight_stride
  int64_t weight_stride;
  __m256 bias;
  float* output;
  __m256i mask;              ///< used where not all lanes are channels
  int32_t first_y;           ///< row of ky = 0 in memory; may lie outside
  int32_t ky_begin, ky_end;  ///< rows inside the image
};

template <Lanes kLanes>
inline __m256 load_lanes(const float* from, __m256i mask) {
  return kLanes == Lanes::kAll ? _mm256_loadu_ps(from) : _mm256_maskload_ps(from, mask);
}

/// Outputs whose kernel lies inside the row, all taps of one kernel row unrolled.
template <Lanes kLanes, int kKernel, int kPixels>
EDGEFRONT_INLINE void run_inside(const ConvGeometry& g, const Strip& s, int32_t stride, int32_t x) {
  __m256 acc[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) acc[p] = s.bias;
  const int64_t channels = g.in_channels;
  for (int32_t ky = s.ky_begin; ky < s.ky_end; ++ky) {
    const int64_t row = int64_t{s.first_y + ky} * g.in_width;
    const float* pixel = s.input + (row + x * stride - g.pad) * channels;
    const float* weights = s.weights + ky * kKernel * s.weight_stride;
    EDGEFRONT_UNROLL
    for (int kx = 0; kx < kKernel; ++kx) {
      const __m256 w = _mm256_loadu_ps(weights + kx * s.weight_stride);
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const float* a = pixel + (p * stride + kx) * channels;
        acc[p] = _mm256_fmadd_ps(load_lanes<kLanes>(a, s.mask), w, acc[p]);
      }
    }
  }
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    float* out = s.output + int64_t{x + p} * g.out_channels;
    if (kLanes == Lanes::kAll) {
      _mm256_storeu_ps(out, acc[p]);
    } else {
      _mm256_maskstore_ps(out, s.mask, acc[p]);
    }
  }
}

/// One output, taps [kx_begin, kx_end) of each kernel row.
template <Lanes kLanes>
inline void run_pixel(const ConvGeometry& g, const Strip& s, int32_t x, int32_t kx_begin,
                      int32_t kx_end) {
  __m256 acc = s.bias;
  for (int32_t ky = s.ky_begin; ky < s.ky_end; ++ky) {
    const int64_t row = int64_t{s.first_y + ky} * g.in_width;
    const int64_t column = row + x * g.stride - g.pad;
    for (int32_t kx = kx_begin; kx < kx_end; ++kx) {
      const __m256 w = _mm256_loadu_ps(s.weights + (ky * g.kernel + kx) * s.weight_stride);
      const float* a = s.input + (column + kx) * g.in_channels;
      acc = _mm256_fmadd_ps(load_lanes<kLanes>(a, s.mask), w, acc);
    }
  }
  float* out = s.output + int64_t{x} * g.out_channels;
  if (kLanes == Lanes::kAll) {
    _mm256_storeu_ps(out, acc);
  } else {
    _mm256_maskstore_ps(out, s.mask, acc);
  }
}

inline int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
inline int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

template <Lanes kLanes>
void run_border(const ConvGeometry& g, const Strip& s, int32_t begin, int32_t end) {
  for (int32_t x = begin; x < end; ++x) {
    const int32_t left = x * g.stride - g.pad;
    run_pixel<kLanes>(g, s, x, larger(0, -left), smaller(g.kernel, g.in_width - left));
  }
}

template <Lanes kLanes, int kKernel>
void run_strip(const ConvGeometry& g, const Strip& s) {
  // Outputs whose kernel lies inside the row: x·stride ≥ pad and x·stride − pad + kernel ≤ width.
  const int32_t begin = smaller(g.out_width, (g.pad + g.stride - 1) / g.stride);
  const int32_t room = g.in_width + g.pad - g.kernel;
  const int32_t end = room < 0 ? begin : larger(begin, smaller(g.out_width, room / g.stride + 1));
  run_border<kLanes>(g, s, 0, begin);
  const int32_t stride = g.stride;
  int32_t x = begin;
  for (; x + 8 <= end; x += 8) run_inside<kLanes, kKernel, 8>(g, s, stride, x);
  for (; x + 2 <= end; x += 2) run_inside<kLanes, kKernel, 2>(g, s, stride, x);
  for (; x < end; ++x) run_inside<kLanes, kKernel, 1>(g, s, stride, x);
  run_border<kLanes>(g, s, end, g.out_width);
}

template <Lanes kLanes>
void run_strip_of_kernel(const ConvGeometry& g, const Strip& s) {
  switch (g.kernel) {
    case 1:
      return run_strip<kLanes, 1>(g, s);
    case 3:
      return run_strip<kLanes, 3>(g, s);
    case 5:
      return run_strip<kLanes, 5>(g, s);
    default:
      return run_strip<kLanes, 7>(g, s);
  }
}

}  // namespace

void avx2_depthwise_f32(const ConvArgsF32& args) {
  const ConvGeometry& g = args.geometry;
  const float* bias = static_cast<const float*>(args.packed);
  Strip s;
  s.weight_stride = padded_channels(g);
  const int64_t row_values = int64_t{g.out_width} * g.out_channels;
  for (int32_t y = args.rows.begin; y < args.rows.end; ++y) {
    const int64_t first_value = (y - args.rows.output_row) * row_values;
    float* row = args.output + first_value;
    s.first_y = y * g.stride - g.pad;  // in the tensor
    s.ky_begin = larger(0, -s.first_y);
    s.ky_end = smaller(g.kernel, g.in_height - s.first_y);
    s.first_y -= args.rows.input_row;  // in memory
    for (int32_t c = 0; c < g.out_channels; c += 8) {
      s.input = args.input + c;
      s.weights = bias + s.weight_stride + c;
      s.bias = _mm256_loadu_ps(bias + c);
      s.mask = lane_mask8(g.out_channels - c);
      s.output = row + c;
      if (c + 8 <= g.out_channels) {
        run_strip_of_kernel<Lanes::kAll>(g, s);
      } else {
        run_strip_of_kernel<Lanes::kSome>(g, s);
      }
    }
    const float* residual = args.residual ? args.residual + first_value : nullptr;
    finish_span_f32(row, row_values, args.activation, residual);
  }
}

}  // namespace edgefront
