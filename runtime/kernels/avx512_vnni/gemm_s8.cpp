// int8 matrix kernel with one vpdpbusd per 64 products. Activations become unsigned by flipping
// their sign bit; gemm_pack_u8 folds the +128 into the bias.
#include "runtime/kernels/avx512/gemm_s8_tiles.h"
#include "runtime/kernels/avx512_vnni/avx512_vnni.h"

namespace edgefront {
namespace {

struct VnniDot {
  using Input = __m512i;  ///< q + 128
  static EDGEFRONT_INLINE Input input(__m512i quads) {
    return _mm512_xor_si512(quads, _mm512_set1_epi8(static_cast<char>(0x80)));
  }
  static EDGEFRONT_INLINE __m512i add(__m512i sums, Input a, __m512i weights) {
    return _mm512_dpbusd_epi32(sums, a, weights);
  }
};

}  // namespace

void avx512_vnni_gemm_s8(const GemmArgsS8& args) { run_gemm_s8<VnniDot>(args); }

}  // namespace edgefront
