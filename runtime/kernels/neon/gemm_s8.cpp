// int8 matrix kernel without dot product instructions. Two products fit into int16, because
// 2·128·127 < 2^15 (weights are within ±127; −128 is refused at load): SMULL, SMLAL, and SADALP
// adds neighbouring pairs to int32. Inputs are broadcast in pairs.
#include "runtime/kernels/neon/gemm_s8_tiles.h"
#include "runtime/kernels/neon/neon.h"

namespace edgefront {
namespace {

struct PairDot {
  static constexpr int kPixels = 4;
  static constexpr int kHalves = 2;
  static constexpr int kBlock = 8;
  static constexpr int64_t kHalfBytes = 16;
  using Inputs = int16x4_t;  ///< four pairs

  static EDGEFRONT_INLINE Inputs load(const int8_t* from) {
    return vreinterpret_s16_s8(vld1_s8(from));
  }
  static EDGEFRONT_INLINE Inputs quad(int32_t value) {
    return vreinterpret_s16_s32(vdup_n_s32(value));
  }

  template <int kQuad, int kPixels, int kHalves>
  static EDGEFRONT_INLINE void multiply(const int8_t* weights, const Inputs inputs[kPixels],
                                        int32x4_t (*acc)[2 * kHalves]) {
    int8x16_t first[kHalves], second[kHalves];
    EDGEFRONT_UNROLL
    for (int h = 0; h < kHalves; ++h) {
      first[h] = vld1q_s8(weights + h * kHalfBytes);
      second[h] = vld1q_s8(weights + 32 + h * kHalfBytes);
    }
    EDGEFRONT_UNROLL
    for (int p = 0; p < kPixels; ++p) {
      const int8x16_t a = vreinterpretq_s8_s16(vdupq_lane_s16(inputs[p], 2 * kQuad));
      const int8x16_t b = vreinterpretq_s8_s16(vdupq_lane_s16(inputs[p], 2 * kQuad + 1));
      EDGEFRONT_UNROLL
      for (int h = 0; h < kHalves; ++h) {
        int16x8_t low = vmull_s8(vget_low_s8(first[h]), vget_low_s8(a));
        low = vmlal_s8(low, vget_low_s8(second[h]), vget_low_s8(b));
        acc[p][2 * h] = vpadalq_s16(acc[p][2 * h], low);
        int16x8_t high = vmull_high_s8(first[h], a);
        high = vmlal_high_s8(high, second[h], b);
        acc[p][2 * h + 1] = vpadalq_s16(acc[p][2 * h + 1], high);
      }
    }
  }
};

}  // namespace

void neon_gemm_s8(const GemmArgsS8& args) { run_gemm_s8<PairDot>(args); }

}  // namespace edgefront
