// The tile operations of AMX in plain C++, after their pseudocode in Intel's Software Developer's
// Manual, volume 2: what the processor would answer with an exception is counted as a fault here.
// Included by a file with instruction-set flags: everything static or in an unnamed namespace.
#pragma once

#include <stdint.h>
#include <string.h>

#include "runtime/kernels/amx/tile_config.h"

namespace edgefront {
namespace {

/// Palette 1: eight registers of 16 rows of 64 bytes.
struct TileState {
  bool configured = false;
  uint8_t rows[8] = {};
  uint16_t column_bytes[8] = {};
  uint8_t data[8][16][64] = {};
  int64_t configurations = 0, faults = 0;
};

TileState tile_state;

void tile_require(bool condition) { tile_state.faults += condition ? 0 : 1; }

bool tile_is_usable(int t) {
  return tile_state.configured && tile_state.rows[t] > 0 && tile_state.column_bytes[t] > 0;
}

/// LDTILECFG: checks the description, takes it and clears all tiles. Palette 0 is not used here.
void emulate_ldtilecfg(const TileConfig* config) {
  ++tile_state.configurations;
  tile_require(config->palette == 1 && config->start_row == 0);
  for (int i = 0; i < 14; ++i) tile_require(config->reserved[i] == 0);
  for (int i = 0; i < 16; ++i) {
    tile_require(config->rows[i] <= 16 && config->column_bytes[i] <= 64);
    tile_require((config->rows[i] == 0) == (config->column_bytes[i] == 0));
    if (i >= 8) tile_require(config->rows[i] == 0);
  }
  memcpy(tile_state.rows, config->rows, sizeof tile_state.rows);
  memcpy(tile_state.column_bytes, config->column_bytes, sizeof tile_state.column_bytes);
  memset(tile_state.data, 0, sizeof tile_state.data);
  tile_state.configured = true;
}

/// TILELOADD: column_bytes of each row; all other bytes of the register become zero.
void emulate_tileloadd(int t, const void* from, int64_t stride) {
  tile_require(tile_is_usable(t));
  memset(tile_state.data[t], 0, sizeof tile_state.data[t]);
  for (int r = 0; r < tile_state.rows[t]; ++r) {
    memcpy(tile_state.data[t][r], static_cast<const uint8_t*>(from) + r * stride,
           tile_state.column_bytes[t]);
  }
}

/// TILESTORED
void emulate_tilestored(int t, void* to, int64_t stride) {
  tile_require(tile_is_usable(t));
  for (int r = 0; r < tile_state.rows[t]; ++r) {
    memcpy(static_cast<uint8_t*>(to) + r * stride, tile_state.data[t][r],
           tile_state.column_bytes[t]);
  }
}

/// TDPBSSD c, a, b: for every row m of c, quad k of a and doubleword n of c, four products of
/// signed bytes, added without saturation; rows and bytes beyond the shape of c become zero.
void emulate_tdpbssd(int c, int a, int b) {
  tile_require(tile_is_usable(a) && tile_is_usable(b) && tile_is_usable(c));
  tile_require(a != b && a != c && b != c);
  const TileState& s = tile_state;
  tile_require(s.column_bytes[a] % 4 == 0 && s.column_bytes[b] % 4 == 0);
  tile_require(s.column_bytes[c] % 4 == 0);
  tile_require(s.rows[c] == s.rows[a] && s.column_bytes[c] == s.column_bytes[b]);
  tile_require(s.column_bytes[a] / 4 == s.rows[b]);
  uint8_t result[16][64] = {};
  for (int m = 0; m < s.rows[c]; ++m) {
    for (int n = 0; n < s.column_bytes[c] / 4; ++n) {
      uint32_t sum;
      memcpy(&sum, &s.data[c][m][4 * n], 4);
      for (int k = 0; k < s.column_bytes[a] / 4; ++k) {
        for (int i = 0; i < 4; ++i) {
          const int32_t x = static_cast<int8_t>(s.data[a][m][4 * k + i]);
          const int32_t w = static_cast<int8_t>(s.data[b][k][4 * n + i]);
          sum += static_cast<uint32_t>(x * w);
        }
      }
      memcpy(&result[m][4 * n], &sum, 4);
    }
  }
  memcpy(tile_state.data[c], result, sizeof result);
}

/// TILERELEASE
void emulate_tilerelease() {
  tile_state.configured = false;
  memset(tile_state.rows, 0, sizeof tile_state.rows);
  memset(tile_state.column_bytes, 0, sizeof tile_state.column_bytes);
  memset(tile_state.data, 0, sizeof tile_state.data);
}

}  // namespace
}  // namespace edgefront
