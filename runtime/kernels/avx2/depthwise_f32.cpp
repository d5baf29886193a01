// fp32 depthwise convolution, eight channels to a vector.
#include <immintrin.h>
#include <stdint.h>

#include "runtime/kernels/avx2/avx2.h"
#include "runtime/kernels/avx2/epilogue.h"
#include "runtime/kernels/layouts/depthwise_f32_strips.h"

namespace edgefront {
namespace {

struct Lanes8 {
  using Float = __m256;
  using Mask = __m256i;
  static constexpr int32_t kCount = 8;
  static constexpr bool kMaskedBlocks = false;

  static Mask mask(int32_t channels) { return lane_mask8(channels); }
  static Float load(const float* from) { return _mm256_loadu_ps(from); }
  static Float load(const float* from, Mask mask) { return _mm256_maskload_ps(from, mask); }
  static void store(float* to, Float x) { _mm256_storeu_ps(to, x); }
  static void store(float* to, Float x, Mask mask) { _mm256_maskstore_ps(to, mask, x); }
  static Float multiply_add(Float a, Float b, Float c) { return _mm256_fmadd_ps(a, b, c); }
  static Float activate(Float x, ActivationF32 activation) { return activate8(x, activation); }
};

}  // namespace

void avx2_depthwise_f32(const ConvArgsF32& args) {
  run_depthwise_f32<Lanes8>(args, [](float* row, int64_t values, const float* residual) {
    finish_span_f32(row, values, kActNoneF32, residual);
  });
}

}  // namespace edgefront
