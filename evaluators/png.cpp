#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

#include "evaluators/image_formats.h"
#include "space/error.h"

namespace edgefront {

namespace {

constexpr std::size_t kSignatureBytes = 8;

/// The types of colour, by their numbers in the file.
enum ColourType { kGrey = 0, kColour = 2, kPalette = 3, kGreyAlpha = 4, kColourAlpha = 6 };

struct Png {
  int height = 0, width = 0, bits = 0, type = 0;
  std::vector<std::uint8_t> palette;  ///< three bytes a colour
  std::vector<std::uint8_t> packed;   ///< zlib stream of the rows

  int samples() const {  ///< of a pixel, as stored
    constexpr std::array<int, 7> kSamples{1, 0, 3, 1, 2, 0, 4};
    return kSamples[static_cast<std::size_t>(type)];
  }
  std::size_t row_bytes() const {  ///< without the byte of the filter
    return (std::size_t(width) * samples() * bits + 7) / 8;
  }
};

struct Chunk {
  std::size_t at = 0;  ///< byte of its length
  std::string_view type;
  std::span<const std::uint8_t> data;
};

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

/// The chunk at byte `at`: length, type, data and CRC.
Chunk read_chunk(const NamedBytes& file, std::size_t at) {
  constexpr std::size_t kFrame = 12;
  const auto came = static_cast<std::int64_t>(at);
  if (file.bytes.size() - at < kFrame) refuse_at(file, came, "the end of the file", "a PNG chunk");
  const std::uint8_t* bytes = file.bytes.data() + at;
  const std::size_t length = big_endian(bytes);
  const std::size_t left = file.bytes.size() - at - kFrame;
  if (length > left)
    refuse_at(file, came, "a chunk of " + std::to_string(length) + " bytes",
              "at most " + std::to_string(left) + ", which are left");
  const auto checked = static_cast<uInt>(length + 4);
  if (crc32(0, bytes + 4, checked) != big_endian(bytes + 8 + length))
    refuse_at(file, came, "a chunk with a wrong CRC", "an undamaged PNG file");
  return {at, {reinterpret_cast<const char*>(bytes) + 4, 4}, {bytes + 8, length}};
}

void read_header(const NamedBytes& file, const Chunk& chunk, Png& png) {
  const auto at = static_cast<std::int64_t>(chunk.at);
  if (chunk.type != "IHDR" || chunk.data.size() != 13)
    refuse_at(file, at, "another chunk", "IHDR of 13 bytes");
  const std::uint8_t* data = chunk.data.data();
  const std::int64_t width = big_endian(data), height = big_endian(data + 4);
  if (std::min(width, height) < 1 || std::max(width, height) > kMaxImageSide)
    refuse_at(file, at + 8, std::to_string(height) + "x" + std::to_string(width) + " pixels",
              "sides of 1 to 4096");
  png.width = static_cast<int>(width);
  png.height = static_cast<int>(height);
  png.bits = data[8];
  png.type = data[9];
  const bool few_bits = png.bits == 1 || png.bits == 2 || png.bits == 4;
  const bool one_sample = png.type == kGrey || png.type == kPalette;
  const bool known =
      one_sample || png.type == kColour || png.type == kGreyAlpha || png.type == kColourAlpha;
  if (!known || !(png.bits == 8 || (few_bits && one_sample)))
    refuse_at(file, at + 16,
              "colour type " + std::to_string(png.type) + " with " + std::to_string(png.bits) +
                  " bits a sample",
              "8 bits, or fewer of grey and palettes");
  if (data[10] != 0 || data[11] != 0 || data[12] != 0)
    refuse_at(file, at + 18, data[12] == 1 ? "an interlaced image" : "an unknown method",
              "deflate, the five filters, not interlaced (0 0 0)");
}

Png read_chunks(const NamedBytes& file) {
  Png png;
  if (file.bytes.size() < kSignatureBytes ||
      std::string_view(reinterpret_cast<const char*>(file.bytes.data()), kSignatureBytes) !=
          "\x89PNG\r\n\x1a\n")
    refuse_at(file, 0, "another signature", "that of PNG");
  Chunk chunk = read_chunk(file, kSignatureBytes);
  read_header(file, chunk, png);
  while (chunk.type != "IEND") {
    chunk = read_chunk(file, chunk.at + 12 + chunk.data.size());
    const auto at = static_cast<std::int64_t>(chunk.at);
    if (chunk.type == "IDAT") {
      png.packed.insert(png.packed.end(), chunk.data.begin(), chunk.data.end());
    } else if (chunk.type == "PLTE") {
      if (chunk.data.size() % 3 != 0 || chunk.data.size() > 3 * 256 || !png.palette.empty())
        refuse_at(file, at, "a palette of " + std::to_string(chunk.data.size()) + " bytes",
                  "one of at most 256 colours of 3 bytes");
      png.palette.assign(chunk.data.begin(), chunk.data.end());
    } else if (chunk.type == "tRNS") {
      refuse_at(file, at, "transparency (tRNS)", "an image without");
    } else if ((chunk.type[0] & 0x20) == 0 && chunk.type != "IEND") {
      refuse_at(file, at, "an unknown critical chunk", "IHDR, PLTE, IDAT and IEND");
    }
  }
  const std::size_t end = chunk.at + 12 + chunk.data.size();
  if (end != file.bytes.size())
    refuse_at(file, static_cast<std::int64_t>(end), "bytes after the image", "one image");
  return png;
}

/// The filter of clause 9.4: whichever of left, above and upper left is nearest to left + above −
/// upper left.
int paeth(int left, int above, int upper_left) {
  const int p = left + above - upper_left;
  const int a = std::abs(p - left), b = std::abs(p - above), c = std::abs(p - upper_left);
  if (a <= b && a <= c) return left;
  return b <= c ? above : upper_left;
}

/// Takes the filter `kind` off a row; `above` is the row before, already without.
void unfilter(int kind, std::size_t pixel_bytes, std::span<const std::uint8_t> above,
              std::span<std::uint8_t> row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int left = i < pixel_bytes ? 0 : row[i - pixel_bytes];
    const int upper_left = i < pixel_bytes ? 0 : above[i - pixel_bytes];
    int guess = 0;
    if (kind == 1) guess = left;
    if (kind == 2) guess = above[i];
    if (kind == 3) guess = (left + above[i]) / 2;
    if (kind == 4) guess = paeth(left, above[i], upper_left);
    row[i] = static_cast<std::uint8_t>(row[i] + guess);
  }
}

/// All rows without their filters.
std::vector<std::uint8_t> unpack_rows(const NamedBytes& file, const Png& png) {
  const std::size_t bytes = png.row_bytes();
  std::vector<std::uint8_t> filtered(png.height * (1 + bytes));
  uLongf size = filtered.size();
  uLong used = png.packed.size();
  const int result = uncompress2(filtered.data(), &size, png.packed.data(), &used);
  if (result != Z_OK || size != filtered.size() || used != png.packed.size())
    throw InputError(file.name + ": the pixels are damaged; accepted are " +
                     std::to_string(filtered.size()) + " packed bytes (" +
                     std::to_string(png.height) + " rows)");
  const std::size_t pixel_bytes = std::max(1, png.samples() * png.bits / 8);
  std::vector<std::uint8_t> rows(png.height * bytes), above(bytes);
  for (int y = 0; y < png.height; ++y) {
    const std::uint8_t* from = filtered.data() + y * (1 + bytes);
    const std::span<std::uint8_t> row(rows.data() + y * bytes, bytes);
    if (*from > 4)
      throw InputError(file.name + ": row " + std::to_string(y) + ": came filter " +
                       std::to_string(*from) + ", accepted is 0 to 4");
    std::copy_n(from + 1, bytes, row.begin());
    unfilter(*from, pixel_bytes, above, row);
    std::copy(row.begin(), row.end(), above.begin());
  }
  return rows;
}

}  // namespace

DecodedImage parse_png(const NamedBytes& file) {
  const Png png = read_chunks(file);
  const std::vector<std::uint8_t> rows = unpack_rows(file, png);
  const bool grey = png.type == kGrey || png.type == kGreyAlpha;
  const bool alpha = png.type == kGreyAlpha || png.type == kColourAlpha;
  DecodedImage image{png.height, png.width, grey ? 1 : 3, {}};
  image.pixels.reserve(std::size_t(png.height) * png.width * image.channels);
  const int samples = png.samples(), largest = (1 << png.bits) - 1;
  for (int y = 0; y < png.height; ++y) {
    const std::uint8_t* row = rows.data() + y * png.row_bytes();
    for (int i = 0; i < png.width * samples; ++i) {
      const int shift = 8 - png.bits - i * png.bits % 8;
      const int value = row[std::size_t(i) * png.bits / 8] >> shift & largest;
      if (png.type == kPalette) {
        if (std::size_t(value) * 3 >= png.palette.size())
          throw InputError(file.name + ": row " + std::to_string(y) + ": came colour " +
                           std::to_string(value) + ", accepted are those of the palette, " +
                           std::to_string(png.palette.size() / 3));
        const auto colour = png.palette.begin() + 3 * value;
        image.pixels.insert(image.pixels.end(), colour, colour + 3);
      } else if (!alpha || i % samples < samples - 1) {
        image.pixels.push_back(static_cast<std::uint8_t>(value * 255 / largest));
      } else if (value != 255) {
        throw InputError(file.name + ": row " + std::to_string(y) + ": came alpha " +
                         std::to_string(value) + ", accepted is 255: no transparency");
      }
    }
  }
  return image;
}

}  // namespace edgefront
