// fp32 depthwise convolution, sixteen channels to a vector.
#include <stdint.h>

#include "runtime/kernels/avx512/avx512.h"
#include "runtime/kernels/avx512/epilogue.h"
#include "runtime/kernels/layouts/depthwise_f32_strips.h"

namespace edgefront {
namespace {

struct Lanes16 {
  using Float = __m512;
  using Mask = __mmask16;
  static constexpr int32_t kCount = 16;
  static constexpr bool kMaskedBlocks = true;

  static Mask mask(int32_t channels) { return mask16(channels); }
  static Float load(const float* from) { return _mm512_loadu_ps(from); }
  static Float load(const float* from, Mask mask) { return _mm512_maskz_loadu_ps(mask, from); }
  static void store(float* to, Float x) { _mm512_storeu_ps(to, x); }
  static void store(float* to, Float x, Mask mask) { _mm512_mask_storeu_ps(to, mask, x); }
  static Float multiply_add(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
  static Float activate(Float x, ActivationF32 activation) { return activate16(x, activation); }
};

}  // namespace

void avx512_depthwise_f32(const ConvArgsF32& args) {
  run_depthwise_f32<Lanes16>(args, [](float* row, int64_t values, const float* residual) {
    finish_span_f32(row, values, kActNoneF32, residual);
  });
}

}  // namespace edgefront
