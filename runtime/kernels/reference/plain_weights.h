// What the reference kernels share: weights kept as stored behind the bias, and the padding rule.
#pragma once

#include <stdint.h>
#include <string.h>

#include "runtime/kernels/kernels.h"

namespace edgefront {

static inline int64_t plain_bytes(const ConvGeometry& g, int64_t weights, int64_t weight_bytes) {
  return int64_t{4} * g.out_channels + weight_bytes * weights;
}

/// `bias` has 4-byte values in both precisions.
static inline void pack_plain(const ConvGeometry& g, const void* bias, const void* weights,
                              int64_t weight_bytes, void* packed) {
  char* bytes = static_cast<char*>(packed);
  const size_t bias_bytes = 4 * static_cast<size_t>(g.out_channels);
  memcpy(bytes, bias, bias_bytes);
  memcpy(bytes + bias_bytes, weights, static_cast<size_t>(weight_bytes));
}

static inline int64_t no_scratch(const ConvGeometry&) { return 0; }

static inline bool inside(const ConvGeometry& g, int32_t y, int32_t x) {
  return y >= 0 && y < g.in_height && x >= 0 && x < g.in_width;
}

}  // namespace edgefront
