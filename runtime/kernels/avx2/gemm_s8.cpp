// int8 matrix kernel without VNNI. vpmaddubsw wants one unsigned operand: |a|·(w with the sign of
// a). It cannot saturate, because 2·128·127 < 2^15; weights are within ±127 (−128 is refused at
// load).
#include "runtime/kernels/avx2/avx2.h"
#include "runtime/kernels/avx2/gemm_s8_tiles.h"

namespace edgefront {
namespace {

struct SignDot {
  static constexpr bool kUnsignedWeights = false;
  static constexpr bool kSumInTile = true;
  static constexpr int kPixels = 4;
  static constexpr int kHalfPixels = 6;
  struct Input {
    __m256i raw, magnitude;
  };
  static EDGEFRONT_INLINE Input input(__m256i quads) { return {quads, _mm256_abs_epi8(quads)}; }
  static EDGEFRONT_INLINE __m256i add(__m256i sums, const Input& a, __m256i weights) {
    const __m256i pairs = _mm256_maddubs_epi16(a.magnitude, _mm256_sign_epi8(weights, a.raw));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
};

}  // namespace

void avx2_gemm_s8(const GemmArgsS8& args) { run_gemm_s8<SignDot>(args); }

}  // namespace edgefront
