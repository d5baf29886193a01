// PGM and PPM files with one byte a value (P5, P6; maximum 255): where their pixels lie.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/status.h"

namespace edgefront {

/// One image of such a file, NHWC.
struct NetpbmImage {
  std::int64_t height = 0, width = 0, channels = 0;  ///< each below 10^9, so that products fit
  std::size_t pixels_at = 0;                         ///< offset of the first pixel in the file
};

/// Whether the file begins as such a file does.
bool is_netpbm(const std::uint8_t* file, std::size_t size);

/// Reads the header of a file that is_netpbm(). Whether all pixels are there is the caller's to
/// check, who knows which size to expect. Reads any bytes.
Status read_netpbm_header(const std::uint8_t* file, std::size_t size, NetpbmImage* out);

}  // namespace edgefront
