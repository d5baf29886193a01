// Compiled with the flags of AVX-512, as the kernel itself.
#include "tests/runtime/kernels/amx/emulated_gemm.h"

#include "runtime/kernels/amx/gemm_s8_tiles.h"
#include "tests/runtime/kernels/amx/emulated_tiles.h"

namespace edgefront {
namespace {

struct EmulatedTiles {
  static void configure(const TileConfig* config) { emulate_ldtilecfg(config); }
  template <int kTile>
  static void load(const void* from, int64_t stride) {
    emulate_tileloadd(kTile, from, stride);
  }
  template <int kTile>
  static void store(void* to, int64_t stride) {
    emulate_tilestored(kTile, to, stride);
  }
  template <int kSums, int kInputs, int kWeights>
  static void dot() {
    emulate_tdpbssd(kSums, kInputs, kWeights);
  }
  static void release() { emulate_tilerelease(); }
};

}  // namespace

void emulated_amx_gemm_s8(const GemmArgsS8& args) { run_gemm_s8<EmulatedTiles>(args); }

TileCounts emulated_tile_counts() { return {tile_state.configurations, tile_state.faults}; }

}  // namespace edgefront
