#include <turbojpeg.h>

#include <new>
#include <string>

#include "evaluators/image_formats.h"
#include "space/error.h"

namespace edgefront {

namespace {

/// Bits of the result do not depend on the processor (the accurate transform), damage is an error,
/// and files of thousands of scans, which are made to take time, are refused.
constexpr int kFlags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;

struct Decoder {
  tjhandle handle = tjInitDecompress();
  ~Decoder() { tjDestroy(handle); }
};

void require(const NamedBytes& file, const Decoder& decoder, int result) {
  if (result != 0)
    throw InputError(file.name + ": came a damaged JPEG (" + tjGetErrorStr2(decoder.handle) +
                     "), accepted is a whole one");
}

}  // namespace

DecodedImage parse_jpeg(const NamedBytes& file) {
  const Decoder decoder;
  if (decoder.handle == nullptr) throw std::bad_alloc();
  const auto size = static_cast<unsigned long>(file.bytes.size());
  int width = 0, height = 0, sampling = 0, colours = 0;
  require(file, decoder,
          tjDecompressHeader3(decoder.handle, file.bytes.data(), size, &width, &height, &sampling,
                              &colours));
  require_image_sides(file, height, width);
  if (colours == TJCS_CMYK || colours == TJCS_YCCK)
    throw InputError(file.name + ": came a JPEG in CMYK, accepted are grey and RGB");
  DecodedImage image{height, width, colours == TJCS_GRAY ? 1 : 3, {}};
  image.pixels.resize(std::size_t(height) * width * image.channels);
  require(file, decoder,
          tjDecompress2(decoder.handle, file.bytes.data(), size, image.pixels.data(), width, 0,
                        height, image.channels == 1 ? TJPF_GRAY : TJPF_RGB, kFlags));
  return image;
}

}  // namespace edgefront
