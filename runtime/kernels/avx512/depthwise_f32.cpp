// fp32 depthwise convolution: sixteen channels to a vector, eight neighbouring outputs at a time
// where the whole kernel lies inside the image, single ones at the borders.
#include <stdint.h>

#include "runtime/kernels/avx512/avx512.h"
#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/layouts/depthwise_layout.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// Sixteen channels of one output row.
struct Strip {
  const float* input;    ///< row 0, column 0, first channel of the strip
  const float* weights;  ///< [ky][kx] with stride weight_stride
  int64_t weight_stride;
  __m512 bias;
  float* output;
  __mmask16 mask;
  int32_t first_y;           ///< row of ky = 0 in memory; may lie outside
  int32_t ky_begin, ky_end;  ///< rows inside the image
};

/// Outputs whose kernel lies inside the row, all taps of one kernel row unrolled.
template <int kKernel, int kPixels>
EDGEFRONT_INLINE void run_inside(const ConvGeometry& g, const Strip& s, int32_t stride, int32_t x) {
  __m512 acc[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) acc[p] = s.bias;
  const int64_t channels = g.in_channels;
  for (int32_t ky = s.ky_begin; ky < s.ky_end; ++ky) {
    const int64_t row = int64_t{s.first_y + ky} * g.in_width;
    const float* pixel = s.input + (row + x * stride - g.pad) * channels;
    const float* weights = s.weights + ky * kKernel * s.weight_stride;
    EDGEFRONT_UNROLL
    for (int kx = 0; kx < kKernel; ++kx) {
      const __m512 w = _mm512_loadu_ps(weights + kx * s.weight_stride);
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const float* a = pixel + (p * stride + kx) * channels;
        acc[p] = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(s.mask, a), w, acc[p]);
      }
    }
  }
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    _mm512_mask_storeu_ps(s.output + int64_t{x + p} * g.out_channels, s.mask, acc[p]);
  }
}

/// One output, taps [kx_begin, kx_end) of each kernel row.
inline void run_pixel(const ConvGeometry& g, const Strip& s, int32_t x, int32_t kx_begin,
                      int32_t kx_end) {
  __m512 acc = s.bias;
  for (int32_t ky = s.ky_begin; ky < s.ky_end; ++ky) {
    const int64_t row = int64_t{s.first_y + ky} * g.in_width;
    const int64_t column = row + x * g.stride - g.pad;
    for (int32_t kx = kx_begin; kx < kx_end; ++kx) {
      const __m512 w = _mm512_loadu_ps(s.weights + (ky * g.kernel + kx) * s.weight_stride);
      const float* a = s.input + (column + kx) * g.in_channels;
      acc = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(s.mask, a), w, acc);
    }
  }
  _mm512_mask_storeu_ps(s.output + int64_t{x} * g.out_channels, s.mask, acc);
}

inline int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
inline int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

void run_border(const ConvGeometry& g, const Strip& s, int32_t begin, int32_t end) {
  for (int32_t x = begin; x < end; ++x) {
    const int32_t left = x * g.stride - g.pad;
    run_pixel(g, s, x, larger(0, -left), smaller(g.kernel, g.in_width - left));
  }
}

template <int kKernel>
void run_strip(const ConvGeometry& g, const Strip& s) {
  // Outputs whose kernel lies inside the row: x·stride ≥ pad and x·stride − pad + kernel ≤ width.
  const int32_t begin = smaller(g.out_width, (g.pad + g.stride - 1) / g.stride);
  const int32_t room = g.in_width + g.pad - g.kernel;
  const int32_t end = room < 0 ? begin : larger(begin, smaller(g.out_width, room / g.stride + 1));
  run_border(g, s, 0, begin);
  const int32_t stride = g.stride;
  int32_t x = begin;
  for (; x + 8 <= end; x += 8) run_inside<kKernel, 8>(g, s, stride, x);
  for (; x + 2 <= end; x += 2) run_inside<kKernel, 2>(g, s, stride, x);
  for (; x < end; ++x) run_inside<kKernel, 1>(g, s, stride, x);
  run_border(g, s, end, g.out_width);
}

void run_strip_of_kernel(const ConvGeometry& g, const Strip& s) {
  switch (g.kernel) {
    case 1:
      return run_strip<1>(g, s);
    case 3:
      return run_strip<3>(g, s);
    case 5:
      return run_strip<5>(g, s);
    default:
      return run_strip<7>(g, s);
  }
}

}  // namespace

void avx512_depthwise_f32(const ConvArgsF32& args) {
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
    for (int32_t c = 0; c < g.out_channels; c += kPanelChannels) {
      s.input = args.input + c;
      s.weights = bias + s.weight_stride + c;
      s.bias = _mm512_loadu_ps(bias + c);
      s.mask = mask16(g.out_channels - c);
      s.output = row + c;
      run_strip_of_kernel(g, s);
    }
    const float* residual = args.residual ? args.residual + first_value : nullptr;
    finish_span_f32(row, row_values, args.activation, residual);
  }
}

}  // namespace edgefront
