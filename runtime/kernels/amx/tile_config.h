// The 64 bytes that LDTILECFG reads (Intel Software Developer's Manual, volume 1, "Programming with
// Intel AMX"): shape of each tile register under palette 1, eight tiles of at most 16 rows of 64
// bytes. A tile with neither rows nor bytes may not be used.
#pragma once

#include <stdint.h>

namespace edgefront {

struct TileConfig {
  uint8_t palette;
  uint8_t start_row;
  uint8_t reserved[14];
  uint16_t column_bytes[16];  ///< the last eight are reserved
  uint8_t rows[16];           ///< the last eight are reserved
};
static_assert(sizeof(TileConfig) == 64, "the processor reads 64 bytes");

}  // namespace edgefront
