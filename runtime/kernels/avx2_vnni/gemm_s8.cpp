// int8 matrix kernel with one vpdpbusd per 32 products. Activations become unsigned by flipping
// their sign bit; gemm_pack_u8 folds the +128 into the bias.
#include "runtime/kernels/avx2/gemm_s8_tiles.h"
#include "runtime/kernels/avx2_vnni/avx2_vnni.h"

namespace edgefront {
namespace {

struct VnniDot {
  static constexpr int kPixels = 6;
  using Input = __m256i;  ///< q + 128
  static EDGEFRONT_INLINE Input input(__m256i quads) {
    return _mm256_xor_si256(quads, _mm256_set1_epi8(static_cast<char>(0x80)));
  }
  static EDGEFRONT_INLINE __m256i add(__m256i sums, Input a, __m256i weights) {
    return _mm256_dpbusd_avx_epi32(sums, a, weights);
  }
};

}  // namespace

void avx2_vnni_gemm_s8(const GemmArgsS8& args) { run_gemm_s8<VnniDot>(args); }

}  // namespace edgefront
