#include "runtime/probe/peaks.h"

#ifdef __aarch64__
#include <arm_neon.h>

#include "runtime/kernels/unroll.h"
#endif

namespace edgefront {

#ifdef __aarch64__

namespace {

// Independent sums: up to 4 units of 4 cycles, as on the widest of today's cores.
constexpr int kChains = 16;
constexpr int kSums = 8;  // of a reading loop

// Forget what is known of a register: what is computed from it is computed again every round, and
// sums that begin with the same value are not computed as one.
#define EDGEFRONT_FORGET(value) asm volatile("" : "+w"(value))

std::int64_t neon_fp32(std::int64_t rounds) {
  float32x4_t sums[kChains], a = vdupq_n_f32(0.5f);
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
    sums[i] = vdupq_n_f32(0);
    EDGEFRONT_FORGET(sums[i]);
  }
  EDGEFRONT_KEEP_LOOP for (std::int64_t round = 0; round < rounds; ++round) {
    EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) sums[i] = vfmaq_f32(sums[i], a, a);
  }
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) EDGEFRONT_FORGET(sums[i]);
  return rounds * kChains * 4 * 2;
}

// ARMv8.0 has no dot product: a widening multiply, then a pairwise widening add, for 8 products.
std::int64_t neon_int8(std::int64_t rounds) {
  int32x4_t sums[kChains];
  int8x8_t a = vdup_n_s8(3);
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
    sums[i] = vdupq_n_s32(0);
    EDGEFRONT_FORGET(sums[i]);
  }
  EDGEFRONT_KEEP_LOOP for (std::int64_t round = 0; round < rounds; ++round) {
    EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
      EDGEFRONT_FORGET(a);
      sums[i] = vpadalq_s16(sums[i], vmull_s8(a, a));
    }
  }
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) EDGEFRONT_FORGET(sums[i]);
  return rounds * kChains * 8 * 2;
}

// In assembly, because not every compiler lets the intrinsic in by a function attribute.
std::int64_t neon_dotprod_int8(std::int64_t rounds) {
  int32x4_t sums[kChains];
  int8x16_t a = vdupq_n_s8(3);
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
    sums[i] = vdupq_n_s32(0);
    EDGEFRONT_FORGET(sums[i]);
  }
  EDGEFRONT_KEEP_LOOP for (std::int64_t round = 0; round < rounds; ++round) {
    EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
      asm volatile(".arch armv8.2-a+dotprod\n\tsdot %0.4s, %1.16b, %1.16b"
                   : "+w"(sums[i])
                   : "w"(a));
    }
  }
  return rounds * kChains * 16 * 2;
}

std::uint64_t neon_read(const void* data, std::int64_t bytes) {
  const auto* at = static_cast<const std::uint64_t*>(data);
  const std::uint64_t* end = at + bytes / 8;
  uint64x2_t sums[kSums];
  EDGEFRONT_UNROLL for (int i = 0; i < kSums; ++i) sums[i] = vdupq_n_u64(0);
  EDGEFRONT_KEEP_LOOP for (; at < end; at += 2 * kSums) {
    EDGEFRONT_UNROLL for (int i = 0; i < kSums; ++i) {
      sums[i] = veorq_u64(sums[i], vld1q_u64(at + 2 * i));
    }
  }
  EDGEFRONT_UNROLL for (int i = 1; i < kSums; ++i) sums[0] = veorq_u64(sums[0], sums[i]);
  return vgetq_lane_u64(sums[0], 0) ^ vgetq_lane_u64(sums[0], 1);
}

}  // namespace

std::vector<PeakLoops> arm_peak_loops() {
  return {{"neon_dotprod", neon_fp32, neon_dotprod_int8, neon_read},
          {"neon", neon_fp32, neon_int8, neon_read}};
}

#else

std::vector<PeakLoops> arm_peak_loops() { return {}; }

#endif

}  // namespace edgefront
