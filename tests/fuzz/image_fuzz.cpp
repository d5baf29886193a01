// Any bytes as an image file: refused with an InputError, or pixels whose number agrees. The first
// byte chooses: the bytes as they are, a PNG file of these bytes whose CRCs are mended, one whose
// header and packed rows are made of them, so that what lies behind the checks is reached too, or
// the bytes behind the beginning of a JPEG file.
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "evaluators/image_formats.h"
#include "space/error.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

void append_word(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append_chunk(Bytes& out, const std::string& type, const Bytes& data) {
  append_word(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t checked = out.size();
  out.insert(out.end(), type.begin(), type.end());
  out.insert(out.end(), data.begin(), data.end());
  append_word(out, static_cast<std::uint32_t>(
                       crc32(0, out.data() + checked, static_cast<uInt>(out.size() - checked))));
}

Bytes with_mended_crcs(Bytes file) {
  for (std::size_t at = 8; file.size() >= at + 12;) {
    const std::size_t length = std::size_t{file[at]} << 24 | std::size_t{file[at + 1]} << 16 |
                               std::size_t{file[at + 2]} << 8 | file[at + 3];
    if (length > file.size() - at - 12) break;
    Bytes crc;
    append_word(crc, static_cast<std::uint32_t>(
                         crc32(0, file.data() + at + 4, static_cast<uInt>(length + 4))));
    std::copy(crc.begin(), crc.end(), file.begin() + static_cast<std::ptrdiff_t>(at + 8 + length));
    at += 12 + length;
  }
  return file;
}

/// Sides below 64, kind and number of colours from the first six bytes; the rest are rows.
Bytes made_of(const Bytes& bytes) {
  if (bytes.size() < 6) return bytes;
  const std::size_t colours = std::min<std::size_t>(bytes[4], bytes.size() - 6) / 3 * 3;
  const Bytes rows(bytes.begin() + 6, bytes.end());
  Bytes out{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, header;
  append_word(header, bytes[0] % 64);
  append_word(header, bytes[1] % 64);
  header.insert(header.end(), {bytes[2], bytes[3], 0, 0, bytes[5]});
  append_chunk(out, "IHDR", header);
  if (colours > 0)
    append_chunk(out, "PLTE", {rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(colours)});
  uLongf size = compressBound(rows.size());
  Bytes packed(size);
  compress2(packed.data(), &size, rows.data(), rows.size(), 1);
  packed.resize(size);
  append_chunk(out, "IDAT", packed);
  append_chunk(out, "IEND", {});
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace edgefront;
  if (size < 1) return 0;
  Bytes file(bytes + 1, bytes + size);
  if (bytes[0] % 4 == 1) file = with_mended_crcs(std::move(file));
  if (bytes[0] % 4 == 2) file = made_of(file);
  if (bytes[0] % 4 == 3) file.insert(file.begin(), {0xff, 0xd8, 0xff});
  DecodedImage image;
  try {
    image = parse_image({"image", file});
  } catch (const InputError&) {
    return 0;
  }
  const auto pixels = std::size_t(image.height) * image.width * image.channels;
  if (pixels == 0 || image.pixels.size() != pixels) __builtin_trap();
  return 0;
}
