// One image file from bytes in memory to pixels. Any bytes may come: sizes are checked before they
// are used, and every error is an InputError that names file, byte, what came and what is accepted.
#pragma once

#include <cstdint>
#include <vector>

#include "evaluators/dataset_formats.h"

namespace edgefront {

/// 8-bit pixels, NHWC: one channel (grey) or three (red, green, blue); sides 1 to 4096.
struct DecodedImage {
  int height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> pixels;
};

/// PGM, PPM or PNG: what the first bytes say, not the file's name.
DecodedImage parse_image(const NamedBytes& file);

/// PNG (ISO/IEC 15948) as data sets have it: at most 8 bits a sample, not interlaced, without
/// transparency. Palettes become colours; an alpha of 255 everywhere is dropped; grey of fewer bits
/// is scaled to 0 to 255. Chunks about gamma and colour spaces are not applied: pixels are as
/// stored, which is what other training tools take.
DecodedImage parse_png(const NamedBytes& file);

}  // namespace edgefront
