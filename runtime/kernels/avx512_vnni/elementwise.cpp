// The gate with vpdpbusd; all else is that of AVX-512.
#include "runtime/kernels/avx512/elementwise_lanes.h"
#include "runtime/kernels/avx512_vnni/avx512_vnni.h"

namespace edgefront {
namespace {

/// What qmin and qmax leave; of all bytes saturation is the clamp.
enum class Range { kAll, kSome };

/// Gates of zero point −128 (every hsigmoid) as unsigned bytes, of which vector k keeps every
/// fourth, k, 4 + k, …: a dot product of four bytes then is one product, and the values need no
/// widening. Products times multiplier must fit into int32, so that the conversion cannot overflow.
template <Range kRange>
struct VnniGate {
  __m512i gate[4], offset[4];
  __m512 multiplier;
  __m512i zero_point, low, high;

  VnniGate(const MulArgsS8& r, const int8_t pattern[64])
      : multiplier(_mm512_set1_ps(r.multiplier)),
        zero_point(_mm512_set1_epi16(static_cast<int16_t>(r.output_zero_point))),
        low(_mm512_set1_epi8(static_cast<char>(r.qmin))),
        high(_mm512_set1_epi8(static_cast<char>(r.qmax))) {
    const __m512i all =
        _mm512_xor_si512(_mm512_loadu_si512(pattern), _mm512_set1_epi8(static_cast<char>(0x80)));
    const __m512i zero = _mm512_set1_epi32(-r.a_zero_point);
    EDGEFRONT_UNROLL
    for (int k = 0; k < 4; ++k) {
      const __m512i one = _mm512_and_si512(_mm512_srli_epi32(all, 8 * k), _mm512_set1_epi32(0xff));
      gate[k] = _mm512_slli_epi32(one, 8 * k);
      offset[k] = _mm512_mullo_epi32(one, zero);
    }
  }

  EDGEFRONT_INLINE __m512i apply(const int8_t* from, int32_t n) const {
    const __m512i a = n >= 64 ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi8(mask64(n), from);
    // Value k of each four stands in vector k: packed, a lane is a 4×4 matrix of bytes to
    // transpose.
    const __m512i transposed =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m512i q[4];
    EDGEFRONT_UNROLL
    for (int k = 0; k < 4; ++k) {
      const __m512i product = _mm512_dpbusd_epi32(offset[k], gate[k], a);
      q[k] = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(product), multiplier));
    }
    const __m512i first = _mm512_adds_epi16(_mm512_packs_epi32(q[0], q[1]), zero_point);
    const __m512i second = _mm512_adds_epi16(_mm512_packs_epi32(q[2], q[3]), zero_point);
    const __m512i bytes = _mm512_shuffle_epi8(_mm512_packs_epi16(first, second), transposed);
    return kRange == Range::kAll ? bytes : _mm512_min_epi8(_mm512_max_epi8(bytes, low), high);
  }
};

void mul_s8_vnni(const MulArgsS8& r) {
  constexpr float kLargestProduct = 255.0f * 255.0f;
  const bool fits = kLargestProduct * r.multiplier < 0x1p31f;
  if (r.b_is_full || r.b_zero_point != -128 || !fits) return mul_s8_in<Lanes>(r);
  if (r.qmin == -128 && r.qmax == 127) return gate_s8_in<Lanes, VnniGate<Range::kAll>>(r);
  gate_s8_in<Lanes, VnniGate<Range::kSome>>(r);
}

}  // namespace

const ElementwiseKernels kAvx512VnniElementwise = elementwise_kernels_with<mul_s8_vnni>();

}  // namespace edgefront
