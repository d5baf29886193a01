#include <spng.h>

#include <memory>
#include <new>
#include <string>

#include "evaluators/image_formats.h"
#include "space/error.h"

namespace edgefront {

namespace {

constexpr int kSamples = 4;  // of a decoded pixel: red, green, blue, alpha

using Context = std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)>;

void require(const NamedBytes& file, int result) {
  if (result != SPNG_OK)
    throw InputError(file.name + ": came a damaged PNG (" + spng_strerror(result) +
                     "), accepted is a whole one");
}

Context open(const NamedBytes& file) {
  Context context(spng_ctx_new(0), spng_ctx_free);
  if (context == nullptr) throw std::bad_alloc();
  require(file, spng_set_crc_action(context.get(), SPNG_CRC_ERROR, SPNG_CRC_ERROR));
  // A packed chunk of text or colours is no reason to hold more than this.
  constexpr std::size_t kMaxChunkBytes = std::size_t{1} << 26;
  require(file, spng_set_chunk_limits(context.get(), kMaxChunkBytes, kMaxChunkBytes));
  require(file, spng_set_png_buffer(context.get(), file.bytes.data(), file.bytes.size()));
  return context;
}

}  // namespace

DecodedImage parse_png(const NamedBytes& file) {
  const Context context = open(file);
  spng_ihdr header{};
  require(file, spng_get_ihdr(context.get(), &header));
  require_image_sides(file, header.height, header.width);
  std::vector<std::uint8_t> decoded(std::size_t{header.height} * header.width * kSamples);
  require(file, spng_decode_image(context.get(), decoded.data(), decoded.size(), SPNG_FMT_RGBA8,
                                  SPNG_DECODE_TRNS));
  require(file, spng_decode_chunks(context.get()));  // up to the end of the image
  const bool grey = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE ||
                    header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
  DecodedImage image{
      static_cast<int>(header.height), static_cast<int>(header.width), grey ? 1 : 3, {}};
  image.pixels.reserve(decoded.size() / kSamples * image.channels);
  for (std::size_t at = 0; at < decoded.size(); at += kSamples) {
    const std::uint8_t* pixel = decoded.data() + at;
    if (pixel[3] != 255)
      throw InputError(file.name + ": row " + std::to_string(at / kSamples / header.width) +
                       ": came alpha " + std::to_string(pixel[3]) +
                       ", accepted is 255: no transparency");
    image.pixels.insert(image.pixels.end(), pixel, pixel + image.channels);
  }
  return image;
}

}  // namespace edgefront
