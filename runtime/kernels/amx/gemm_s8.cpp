// int8 matrix kernel with one TDPBSSD per 16,384 products. Inline assembly throughout: GCC 12's
// intrinsics do not say which memory they read, so the compiler may drop or move the stores to a
// configuration or to copied inputs before the processor loads them; the "memory" clobber forbids
// both.
#include "runtime/kernels/amx/amx.h"
#include "runtime/kernels/amx/gemm_s8_tiles.h"

namespace edgefront {
namespace {

struct ProcessorTiles {
  static void configure(const TileConfig* config) {
    __asm__ volatile("ldtilecfg %0" ::"m"(*config) : "memory");
  }
  template <int kTile>
  static void load(const void* from, int64_t stride) {
    __asm__ volatile("tileloadd (%1,%2,1), %%tmm%c0" ::"i"(kTile), "r"(from), "r"(stride)
                     : "memory");
  }
  template <int kTile>
  static void store(void* to, int64_t stride) {
    __asm__ volatile("tilestored %%tmm%c0, (%1,%2,1)" ::"i"(kTile), "r"(to), "r"(stride)
                     : "memory");
  }
  template <int kSums, int kInputs, int kWeights>
  static void dot() {
    __asm__ volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSums), "i"(kInputs),
                     "i"(kWeights));
  }
  static void release() { __asm__ volatile("tilerelease" ::: "memory"); }
};

}  // namespace

void amx_gemm_s8(const GemmArgsS8& args) { run_gemm_s8<ProcessorTiles>(args); }

}  // namespace edgefront
