// int8 depthwise convolution with SDOT: four neighbouring taps of a kernel row lie side by side in
// the ring, so that one instruction adds them for four channels. A row is interleaved once for all
// kernel rows that meet it.
#include "runtime/kernels/neon/depthwise_s8_strips.h"
#include "runtime/kernels/neon_dotprod/neon_dotprod.h"

namespace edgefront {
namespace {

struct QuadTaps {
  static constexpr int64_t kColumnBytes = kStripChannels * kTapsOfQuad;
  static int64_t ring_columns(const ConvGeometry& g) { return quad_ring_columns(g); }
  static int64_t tap_bytes(int32_t kernel) {
    return int64_t{kernel} * quads_of_kernel(kernel) * kTapsOfQuad;
  }

  static EDGEFRONT_INLINE void store_quads(const int8x16_t taps[4], int8_t* out) {
    const int16x8_t low01 = vreinterpretq_s16_s8(vzip1q_s8(taps[0], taps[1]));
    const int16x8_t high01 = vreinterpretq_s16_s8(vzip2q_s8(taps[0], taps[1]));
    const int16x8_t low23 = vreinterpretq_s16_s8(vzip1q_s8(taps[2], taps[3]));
    const int16x8_t high23 = vreinterpretq_s16_s8(vzip2q_s8(taps[2], taps[3]));
    vst1q_s8(out, vreinterpretq_s8_s16(vzip1q_s16(low01, low23)));
    vst1q_s8(out + 16, vreinterpretq_s8_s16(vzip2q_s16(low01, low23)));
    vst1q_s8(out + 32, vreinterpretq_s8_s16(vzip1q_s16(high01, high23)));
    vst1q_s8(out + 48, vreinterpretq_s8_s16(vzip2q_s16(high01, high23)));
  }

  static void fill_row(const InputRow& row, const ConvGeometry& g, uint8_t* out) {
    const int64_t columns = quad_ring_columns(g);
    int8_t* to = reinterpret_cast<int8_t*>(out);
    int8x16_t taps[4];
    for (int t = 0; t < 4; ++t) taps[t] = row.column(t);
    for (int64_t c = 0; c < columns; ++c, to += kColumnBytes) {
      store_quads(taps, to);
      const int64_t next = c * g.stride + 4;
      if (g.stride == 1) {
        taps[0] = taps[1];
        taps[1] = taps[2];
        taps[2] = taps[3];
        taps[3] = row.column(next);
      } else {
        taps[0] = taps[2];
        taps[1] = taps[3];
        taps[2] = row.column(next);
        taps[3] = row.column(next + 1);
      }
    }
  }

  template <int kKernel, int kPixels>
  static EDGEFRONT_INLINE void add(const uint8_t* const* rows, const int8_t* weights,
                                   int32_t stride, int32_t x, int32x4_t (*acc)[4]) {
    constexpr int kQuads = (kKernel + kTapsOfQuad - 1) / kTapsOfQuad;
    const int64_t quad_step = kTapsOfQuad / stride * kColumnBytes;
    EDGEFRONT_KEEP_LOOP
    for (int ky = 0; ky < kKernel; ++ky) {
      const int8_t* columns = reinterpret_cast<const int8_t*>(rows[ky]) + x * kColumnBytes;
      EDGEFRONT_UNROLL
      for (int quad = 0; quad < kQuads; ++quad) {
        EDGEFRONT_UNROLL
        for (int v = 0; v < 4; ++v) {
          const int8x16_t w = vld1q_s8(weights + (ky * kQuads + quad) * kColumnBytes + 16 * v);
          EDGEFRONT_UNROLL
          for (int p = 0; p < kPixels; ++p) {
            const int8_t* a = columns + quad * quad_step + p * kColumnBytes + 16 * v;
            acc[p][v] = vdotq_s32(acc[p][v], vld1q_s8(a), w);
          }
        }
      }
    }
  }
};

}  // namespace

void neon_dotprod_depthwise_s8(const ConvArgsS8& args) { run_depthwise_s8<QuadTaps>(args); }

}  // namespace edgefront
