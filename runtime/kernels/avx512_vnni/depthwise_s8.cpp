// int8 depthwise convolution. For each output row, groups of four input rows are interleaved byte
// by byte into scratch (see layouts/depthwise_layout.h); one vpdpbusd then adds four vertical taps
// of sixteen channels. A column that is interleaved once serves all kernel positions it meets.
#include <stdint.h>

#include "runtime/kernels/avx512_vnni/avx512_vnni.h"
#include "runtime/kernels/avx512_vnni/epilogue.h"
#include "runtime/kernels/layouts/depthwise_layout.h"
#include "runtime/kernels/requantize.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// A row of the image, or (step 0) 64 zero points again and again for a row outside of it.
struct Row {
  const int8_t* data;
  int64_t step;
};

/// 64 values of four rows to 64 quads, in order.
inline void interleave64(const Row rows[kQuadTaps], int64_t i, __mmask64 mask, uint8_t* out) {
  // Dwords are transposed first, so that the in-lane unpacks below end in memory order.
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
  __m512i r[kQuadTaps];
  EDGEFRONT_UNROLL
  for (int t = 0; t < kQuadTaps; ++t) {
    const __m512i raw = _mm512_maskz_loadu_epi8(mask, rows[t].data + i * rows[t].step);
    r[t] = _mm512_permutexvar_epi32(order, _mm512_xor_si512(raw, flip));
  }
  const __m512i low01 = _mm512_unpacklo_epi8(r[0], r[1]);
  const __m512i high01 = _mm512_unpackhi_epi8(r[0], r[1]);
  const __m512i low23 = _mm512_unpacklo_epi8(r[2], r[3]);
  const __m512i high23 = _mm512_unpackhi_epi8(r[2], r[3]);
  _mm512_storeu_si512(out, _mm512_unpacklo_epi16(low01, low23));
  _mm512_storeu_si512(out + 64, _mm512_unpackhi_epi16(low01, low23));
  _mm512_storeu_si512(out + 128, _mm512_unpacklo_epi16(high01, high23));
  _mm512_storeu_si512(out + 192, _mm512_unpackhi_epi16(high01, high23));
}

inline void fill_quads(uint8_t* out, int64_t quads, __m512i value) {
  for (int64_t i = 0; i < quads; i += 16) _mm512_storeu_si512(out + 4 * i, value);
}

/// Four input rows from `first_row` on, with their padding columns. Whole vectors are stored; what
/// they write beyond the row is overwritten by the right padding or lies in the slack.
void interleave_rows(const ConvArgsS8& args, int32_t first_row, const int8_t* zero_points,
                     uint8_t* out) {
  const ConvGeometry& g = args.geometry;
  const int64_t width = int64_t{g.in_width} * g.in_channels;
  const int64_t border = int64_t{g.pad} * g.in_channels;
  Row rows[kQuadTaps];
  EDGEFRONT_UNROLL
  for (int t = 0; t < kQuadTaps; ++t) {
    const int32_t y = first_row + t;
    const bool inside = y >= 0 && y < g.in_height;
    rows[t].data = inside ? args.input + y * width : zero_points;
    rows[t].step = inside ? 1 : 0;
  }
  const __m512i padding =
      _mm512_xor_si512(_mm512_loadu_si512(zero_points), _mm512_set1_epi8(static_cast<char>(0x80)));
  fill_quads(out, border, padding);
  uint8_t* body = out + 4 * border;
  for (int64_t i = 0; i < width; i += 64) {
    interleave64(rows, i, mask64(width - i), body + 4 * i);
  }
  fill_quads(body + 4 * width, border, padding);
}

/// Sixteen channels of one output row.
struct Strip {
  const uint8_t* quads;   ///< first group, first column, first channel of the strip
  int64_t group_bytes;    ///< from group to group
  int64_t column_bytes;   ///< from column to column
  const int8_t* weights;  ///< [kx][group][16][4] with stride weight_bytes
  int64_t weight_bytes;
  __m512i bias;
  __m512 multiplier;
  Clamp512 clamp;
  int8_t* output;
  int64_t output_stride;
  __mmask16 mask;
};

template <int kKernel, int kPixels>
EDGEFRONT_INLINE void run_pixels(const Strip& s, const __m512i* weights, int32_t stride,
                                 int32_t x) {
  constexpr int kGroups = (kKernel + kQuadTaps - 1) / kQuadTaps;
  __m512i acc[kPixels];
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) acc[p] = s.bias;
  EDGEFRONT_UNROLL
  for (int group = 0; group < kGroups; ++group) {
    const uint8_t* quads = s.quads + group * s.group_bytes + x * stride * s.column_bytes;
    EDGEFRONT_UNROLL
    for (int kx = 0; kx < kKernel; ++kx) {
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        const __m512i a = _mm512_loadu_si512(quads + (p * stride + kx) * s.column_bytes);
        acc[p] = _mm512_dpbusd_epi32(acc[p], a, weights[kx * kGroups + group]);
      }
    }
  }
  EDGEFRONT_UNROLL
  for (int p = 0; p < kPixels; ++p) {
    const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(acc[p]), s.multiplier);
    store16(s.output + (x + p) * s.output_stride, requantize16(scaled, &s.clamp), s.mask);
  }
}

template <int kKernel>
void run_strip(const Strip& s, int32_t stride, int32_t out_width) {
  constexpr int kGroups = (kKernel + kQuadTaps - 1) / kQuadTaps;
  __m512i weights[kKernel * kGroups];
  EDGEFRONT_UNROLL
  for (int i = 0; i < kKernel * kGroups; ++i) {
    weights[i] = _mm512_loadu_si512(s.weights + i * s.weight_bytes);
  }
  int32_t x = 0;
  for (; x + 4 <= out_width; x += 4) run_pixels<kKernel, 4>(s, weights, stride, x);
  for (; x < out_width; ++x) run_pixels<kKernel, 1>(s, weights, stride, x);
}

void run_strip_of(int32_t kernel, const Strip& s, int32_t stride, int32_t out_width) {
  switch (kernel) {
    case 1:
      return run_strip<1>(s, stride, out_width);
    case 3:
      return run_strip<3>(s, stride, out_width);
    case 5:
      return run_strip<5>(s, stride, out_width);
    default:
      return run_strip<7>(s, stride, out_width);
  }
}

}  // namespace

void avx512_vnni_depthwise_s8(const ConvArgsS8& args) {
  const ConvGeometry& g = args.geometry;
  const RequantizeS8& r = args.requantize;
  const int32_t groups = depthwise_groups(g.kernel, kQuadTaps);
  const int64_t channels = padded_channels(g);
  const int32_t* bias = static_cast<const int32_t*>(args.packed);
  const int8_t* weights = reinterpret_cast<const int8_t*>(bias + channels);
  uint8_t* scratch = static_cast<uint8_t*>(args.scratch);
  int8_t zero_points[64];
  _mm512_storeu_si512(zero_points, _mm512_set1_epi8(static_cast<char>(args.input_zero_point)));
  Strip s;
  s.group_bytes = interleaved_row_bytes(g);
  s.column_bytes = int64_t{4} * g.in_channels;
  s.weight_bytes = channels * 4;
  s.clamp = make_clamp512(r.zero_point, r.qmin, r.qmax);
  s.output_stride = g.out_channels;
  const int64_t row_values = int64_t{g.out_width} * g.out_channels;
  for (int32_t y = 0; y < g.out_height; ++y) {
    for (int32_t group = 0; group < groups; ++group) {
      interleave_rows(args, y * g.stride - g.pad + group * kQuadTaps, zero_points,
                      scratch + group * s.group_bytes);
    }
    int8_t* row = args.output + y * row_values;
    for (int32_t c = 0; c < g.out_channels; c += kPanelChannels) {
      s.quads = scratch + 4 * c;
      s.weights = weights + 4 * c;
      s.bias = _mm512_loadu_si512(bias + c);
      s.mask = mask16(g.out_channels - c);
      s.multiplier = _mm512_maskz_loadu_ps(s.mask, r.multipliers + c);
      s.output = row + c;
      run_strip_of(g.kernel, s, g.stride, g.out_width);
    }
    finish_span_s8(row, y * row_values, row_values, &r);
  }
}

}  // namespace edgefront
