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

/// PGM, PPM, PNG or JPEG: what the first bytes say, not the file's name.
DecodedImage parse_image(const NamedBytes& file);

/// PNG, read by libspng. Palettes become colours, 16 bits a sample become 8, grey of fewer bits is
/// scaled to 0 to 255, and an alpha of 255 everywhere is dropped (another one is an error). Chunks
/// about gamma and colour spaces are not applied: pixels are as stored, which is what other
/// training tools take.
DecodedImage parse_png(const NamedBytes& file);

/// JPEG, grey or colour, read by libjpeg-turbo with the accurate inverse transform. An orientation
/// that a camera noted beside the image is not applied.
DecodedImage parse_jpeg(const NamedBytes& file);

/// Throws InputError unless both are 1 to 4096.
void require_image_sides(const NamedBytes& file, std::int64_t height, std::int64_t width);

}  // namespace edgefront
