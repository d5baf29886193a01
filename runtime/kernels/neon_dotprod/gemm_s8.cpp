// int8 matrix kernel with SDOT: signed by signed, four products per channel, four channels at once;
// the inputs come from a lane of a vector of 16.
#include "runtime/kernels/neon/gemm_s8_tiles.h"
#include "runtime/kernels/neon_dotprod/neon_dotprod.h"

namespace edgefront {
namespace {

struct QuadDot {
  static constexpr int kPixels = 8;
  static constexpr int kHalves = 1;
  static constexpr int kBlock = 16;
  static constexpr int64_t kHalfBytes = 32;
  using Inputs = int8x16_t;  ///< four quads

  static EDGEFRONT_INLINE Inputs load(const int8_t* from) { return vld1q_s8(from); }
  static EDGEFRONT_INLINE Inputs quad(int32_t value) {
    return vreinterpretq_s8_s32(vdupq_n_s32(value));
  }

  template <int kQuad, int kPixels, int kHalves>
  static EDGEFRONT_INLINE void multiply(const int8_t* weights, const Inputs inputs[kPixels],
                                        int32x4_t (*acc)[2 * kHalves]) {
    EDGEFRONT_UNROLL
    for (int v = 0; v < 2 * kHalves; ++v) {
      const int8x16_t w = vld1q_s8(weights + 16 * v);
      EDGEFRONT_UNROLL
      for (int p = 0; p < kPixels; ++p) {
        acc[p][v] = vdotq_laneq_s32(acc[p][v], w, inputs[p], kQuad);
      }
    }
  }
};

}  // namespace

void neon_dotprod_gemm_s8(const GemmArgsS8& args) { run_gemm_s8<QuadDot>(args); }

}  // namespace edgefront
