// int8 matrix kernel without VNNI. vpmaddubsw wants one unsigned operand: |a|·(w with the sign of
// a), where masked subtraction stands in for the vpsignb that AVX-512 does not have. It cannot
// saturate, because 2·128·127 < 2^15; weights are within ±127 (−128 is refused at load).
#include "runtime/kernels/avx512/avx512.h"
#include "runtime/kernels/avx512/gemm_s8_tiles.h"

namespace edgefront {
namespace {

struct SignDot {
  static constexpr bool kUnsignedWeights = false;
  static constexpr bool kSumInTile = true;
  static constexpr int kPixels[kMaxPanels] = {12, 8, 4, 4};
  struct Input {
    __m512i magnitude;
    __mmask64 negative;
  };
  static EDGEFRONT_INLINE Input input(__m512i quads) {
    return {_mm512_abs_epi8(quads), _mm512_movepi8_mask(quads)};
  }
  static EDGEFRONT_INLINE __m512i add(__m512i sums, const Input& a, __m512i weights) {
    const __m512i zero = _mm512_setzero_si512();
    const __m512i with_sign = _mm512_mask_sub_epi8(weights, a.negative, zero, weights);
    const __m512i pairs = _mm512_maddubs_epi16(a.magnitude, with_sign);
    return _mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
  }
};

}  // namespace

void avx512_gemm_s8(const GemmArgsS8& args) { run_gemm_s8<SignDot>(args); }

}  // namespace edgefront
