#include "evaluators/image_formats.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "runtime/netpbm.h"
#include "space/error.h"

namespace edgefront {

namespace {

bool begins_with(const NamedBytes& file, std::initializer_list<int> bytes) {
  return file.bytes.size() >= bytes.size() &&
         std::equal(bytes.begin(), bytes.end(), file.bytes.begin());
}

std::string size_text(std::int64_t height, std::int64_t width) {
  return std::to_string(height) + "x" + std::to_string(width);
}

DecodedImage parse_netpbm(const NamedBytes& file) {
  NetpbmImage header;
  const Status status = read_netpbm_header(file.bytes.data(), file.bytes.size(), &header);
  if (!status.ok()) throw InputError(file.name + ": " + status.message());
  require_image_sides(file, header.height, header.width);
  const auto pixels = file.bytes.subspan(header.pixels_at);
  const std::int64_t wanted = header.height * header.width * header.channels;
  if (static_cast<std::int64_t>(pixels.size()) != wanted)
    throw InputError(file.name + ": came " + std::to_string(pixels.size()) +
                     " bytes of pixels, accepted are " + std::to_string(wanted) +
                     " (one image of " + size_text(header.height, header.width) + "x" +
                     std::to_string(header.channels) + ")");
  return {static_cast<int>(header.height),
          static_cast<int>(header.width),
          static_cast<int>(header.channels),
          {pixels.begin(), pixels.end()}};
}

}  // namespace

DecodedImage parse_image(const NamedBytes& file) {
  if (is_netpbm(file.bytes.data(), file.bytes.size())) return parse_netpbm(file);
  if (begins_with(file, {0x89, 'P', 'N', 'G'})) return parse_png(file);
  if (begins_with(file, {0xff, 0xd8, 0xff})) return parse_jpeg(file);
  throw InputError(
      file.name + ": came no image that is known, accepted are PGM and PPM (P5, P6), PNG and JPEG");
}

void require_image_sides(const NamedBytes& file, std::int64_t height, std::int64_t width) {
  if (std::min(height, width) < 1 || std::max(height, width) > kMaxImageSide)
    throw InputError(file.name + ": came " + size_text(height, width) +
                     " pixels, accepted are sides of 1 to 4096");
}

}  // namespace edgefront
