#include "runtime/probe/peaks.h"

#ifdef __x86_64__
#include <immintrin.h>

#include "runtime/kernels/amx/tile_config.h"
#include "runtime/kernels/unroll.h"
#endif

namespace edgefront {

#ifdef __x86_64__

namespace {

// Independent sums: 2 units of up to 5 cycles need 10.
constexpr int kChains = 12;
constexpr int kSums = 8;  // of a reading loop

#define EDGEFRONT_AVX2 __attribute__((target("avx2,fma")))
#define EDGEFRONT_AVX2_VNNI __attribute__((target("avx2,fma,avxvnni")))
#define EDGEFRONT_AVX512 __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))
#define EDGEFRONT_AVX512_VNNI \
  __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))

// Forget what is known of a register: what is computed from it is computed again every round, and
// sums that begin with the same value are not computed as one.
#define EDGEFRONT_FORGET(value) asm volatile("" : "+v"(value))

EDGEFRONT_AVX2 std::int64_t avx2_fp32(std::int64_t rounds) {
  __m256 sums[kChains], a = _mm256_set1_ps(0.5f);
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
    sums[i] = _mm256_setzero_ps();
    EDGEFRONT_FORGET(sums[i]);
  }
  EDGEFRONT_KEEP_LOOP for (std::int64_t round = 0; round < rounds; ++round) {
    EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) sums[i] = _mm256_fmadd_ps(a, a, sums[i]);
  }
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) EDGEFRONT_FORGET(sums[i]);
  return rounds * kChains * 8 * 2;
}

// vpmaddubsw on |a| and signed weights, widened and added: three instructions for 32 products. The
// sign of a is not taken here, because kernels do so once for several channels.
EDGEFRONT_AVX2 std::int64_t avx2_int8(std::int64_t rounds) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums[kChains], a = _mm256_set1_epi8(3);
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
    sums[i] = _mm256_setzero_si256();
    EDGEFRONT_FORGET(sums[i]);
  }
  EDGEFRONT_KEEP_LOOP for (std::int64_t round = 0; round < rounds; ++round) {
    EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
      EDGEFRONT_FORGET(a);
      const __m256i pairs = _mm256_maddubs_epi16(a, a);
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(pairs, ones));
    }
  }
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) EDGEFRONT_FORGET(sums[i]);
  return rounds * kChains * 32 * 2;
}

EDGEFRONT_AVX2_VNNI std::int64_t avx2_vnni_int8(std::int64_t rounds) {
  __m256i sums[kChains], a = _mm256_set1_epi8(3);
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
    sums[i] = _mm256_setzero_si256();
    EDGEFRONT_FORGET(sums[i]);
  }
  EDGEFRONT_KEEP_LOOP for (std::int64_t round = 0; round < rounds; ++round) {
    EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
      sums[i] = _mm256_dpbusd_avx_epi32(sums[i], a, a);
    }
  }
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) EDGEFRONT_FORGET(sums[i]);
  return rounds * kChains * 32 * 2;
}

EDGEFRONT_AVX2 std::uint64_t avx2_read(const void* data, std::int64_t bytes) {
  const auto* at = static_cast<const __m256i*>(data);
  const __m256i* end = at + bytes / 32;
  __m256i sums[kSums];
  EDGEFRONT_UNROLL for (int i = 0; i < kSums; ++i) sums[i] = _mm256_setzero_si256();
  EDGEFRONT_KEEP_LOOP for (; at < end; at += kSums) {
    EDGEFRONT_UNROLL for (int i = 0; i < kSums; ++i) {
      sums[i] = _mm256_xor_si256(sums[i], _mm256_load_si256(at + i));
    }
  }
  EDGEFRONT_UNROLL for (int i = 1; i < kSums; ++i) sums[0] = _mm256_xor_si256(sums[0], sums[i]);
  alignas(32) std::uint64_t words[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(words), sums[0]);
  return words[0] ^ words[1] ^ words[2] ^ words[3];
}

EDGEFRONT_AVX512 std::int64_t avx512_fp32(std::int64_t rounds) {
  __m512 sums[kChains], a = _mm512_set1_ps(0.5f);
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
    sums[i] = _mm512_setzero_ps();
    EDGEFRONT_FORGET(sums[i]);
  }
  EDGEFRONT_KEEP_LOOP for (std::int64_t round = 0; round < rounds; ++round) {
    EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) sums[i] = _mm512_fmadd_ps(a, a, sums[i]);
  }
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) EDGEFRONT_FORGET(sums[i]);
  return rounds * kChains * 16 * 2;
}

EDGEFRONT_AVX512 std::int64_t avx512_int8(std::int64_t rounds) {
  const __m512i ones = _mm512_set1_epi16(1);
  __m512i sums[kChains], a = _mm512_set1_epi8(3);
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
    sums[i] = _mm512_setzero_si512();
    EDGEFRONT_FORGET(sums[i]);
  }
  EDGEFRONT_KEEP_LOOP for (std::int64_t round = 0; round < rounds; ++round) {
    EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
      EDGEFRONT_FORGET(a);
      const __m512i pairs = _mm512_maddubs_epi16(a, a);
      sums[i] = _mm512_add_epi32(sums[i], _mm512_madd_epi16(pairs, ones));
    }
  }
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) EDGEFRONT_FORGET(sums[i]);
  return rounds * kChains * 64 * 2;
}

EDGEFRONT_AVX512_VNNI std::int64_t avx512_vnni_int8(std::int64_t rounds) {
  __m512i sums[kChains], a = _mm512_set1_epi8(3);
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
    sums[i] = _mm512_setzero_si512();
    EDGEFRONT_FORGET(sums[i]);
  }
  EDGEFRONT_KEEP_LOOP for (std::int64_t round = 0; round < rounds; ++round) {
    EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) {
      sums[i] = _mm512_dpbusd_epi32(sums[i], a, a);
    }
  }
  EDGEFRONT_UNROLL for (int i = 0; i < kChains; ++i) EDGEFRONT_FORGET(sums[i]);
  return rounds * kChains * 64 * 2;
}

EDGEFRONT_AVX512 std::uint64_t avx512_read(const void* data, std::int64_t bytes) {
  const auto* at = static_cast<const char*>(data);
  const char* end = at + bytes;
  __m512i sums[kSums];
  EDGEFRONT_UNROLL for (int i = 0; i < kSums; ++i) sums[i] = _mm512_setzero_si512();
  EDGEFRONT_KEEP_LOOP for (; at < end; at += 64 * kSums) {
    EDGEFRONT_UNROLL for (int i = 0; i < kSums; ++i) {
      sums[i] = _mm512_xor_si512(sums[i], _mm512_load_si512(at + 64 * i));
    }
  }
  EDGEFRONT_UNROLL for (int i = 1; i < kSums; ++i) sums[0] = _mm512_xor_si512(sums[0], sums[i]);
  alignas(64) std::uint64_t words[8];
  _mm512_store_si512(words, sums[0]);
  std::uint64_t result = 0;
  for (const std::uint64_t word : words) result ^= word;
  return result;
}

// Six tiles of sums, each 16 x 16 x 64 products a time. Runs only where the system has given the
// tile registers to this process, which the kernel set asks for.
__attribute__((target("amx-tile,amx-int8"))) std::int64_t amx_int8(std::int64_t rounds) {
  TileConfig config = {};
  config.palette = 1;
  for (int tile = 0; tile < 8; ++tile) {
    config.rows[tile] = 16;
    config.column_bytes[tile] = 64;
  }
  asm volatile("ldtilecfg %0" : : "m"(config) : "memory");  // leaves zeros in all tiles
  for (std::int64_t round = 0; round < rounds; ++round) {
    asm volatile(
        "tdpbssd %%tmm7, %%tmm6, %%tmm0\n\ttdpbssd %%tmm7, %%tmm6, %%tmm1\n\t"
        "tdpbssd %%tmm7, %%tmm6, %%tmm2\n\ttdpbssd %%tmm7, %%tmm6, %%tmm3\n\t"
        "tdpbssd %%tmm7, %%tmm6, %%tmm4\n\ttdpbssd %%tmm7, %%tmm6, %%tmm5"
        :
        :
        : "memory");
  }
  asm volatile("tilerelease" : : : "memory");
  return rounds * 6 * 16 * 16 * 64 * 2;
}

}  // namespace

std::vector<PeakLoops> x86_peak_loops() {
  return {{"amx", avx512_fp32, amx_int8, avx512_read},
          {"avx512_vnni", avx512_fp32, avx512_vnni_int8, avx512_read},
          {"avx512", avx512_fp32, avx512_int8, avx512_read},
          {"avx2_vnni", avx2_fp32, avx2_vnni_int8, avx2_read},
          {"avx2", avx2_fp32, avx2_int8, avx2_read}};
}

#else

std::vector<PeakLoops> x86_peak_loops() { return {}; }

#endif

}  // namespace edgefront
