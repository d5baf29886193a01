#include "evaluators/image_formats.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>

#include "runtime/file.h"
#include "tests/space/message.h"

using namespace edgefront;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

std::string error_of(const Bytes& bytes) {
  return input_error_of([&] { parse_image({"f", bytes}); });
}
std::string error_of(const std::string& text) { return error_of(bytes_of(text)); }

Bytes fixture(const std::string& name) {
  Bytes bytes;
  REQUIRE(read_file(EDGEFRONT_SOURCE_DIR "/tests/evaluators/fixtures/" + name, &bytes).message() ==
          "");
  return bytes;
}

std::string word(std::uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string checked = type + data;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(checked.data()), uInt(checked.size()));
  return word(static_cast<std::uint32_t>(data.size())) + checked +
         word(static_cast<std::uint32_t>(crc));
}

std::string packed(const std::string& rows) {
  uLongf size = compressBound(rows.size());
  std::string out(size, '\0');
  REQUIRE(compress(reinterpret_cast<Bytef*>(out.data()), &size,
                   reinterpret_cast<const Bytef*>(rows.data()), rows.size()) == Z_OK);
  return out.substr(0, size);
}

const std::string kSignature = "\x89PNG\r\n\x1a\n";

std::string header(std::uint32_t width, std::uint32_t height, const std::string& kind) {
  return kSignature + chunk("IHDR", word(width) + word(height) + kind);
}

/// Bits of a sample, colour type, and the three methods.
const std::string kGrey8("\x08\x00\x00\x00\x00", 5), kPalette8("\x08\x03\x00\x00\x00", 5),
    kGreyAlpha8("\x08\x04\x00\x00\x00", 5);

/// A 2x1 image of this kind with its rows (filter, samples), and chunks before them.
std::string png(const std::string& kind, const std::string& rows, const std::string& before = "") {
  return header(2, 1, kind) + before + chunk("IDAT", packed(rows)) + chunk("IEND", "");
}

}  // namespace

TEST_CASE("PNG files of libpng give the pixels that libpng reads") {
  // Each has rows with all five filters; beside each what libpng 1.6.39 decodes, as PGM or PPM.
  struct Case {
    std::string name, twin;
    int channels;
  };
  for (const Case& c :
       {Case{"grey_2_bits.png", "grey_2_bits.pgm", 1}, Case{"colour.png", "colour.ppm", 3},
        Case{"palette_4_bits.png", "palette_4_bits.ppm", 3},
        Case{"colour_alpha.png", "colour_alpha.ppm", 3}}) {
    CAPTURE(c.name);
    const Bytes packed_bytes = fixture(c.name), plain_bytes = fixture(c.twin);
    const DecodedImage image = parse_image({c.name, packed_bytes});
    const DecodedImage expected = parse_image({c.twin, plain_bytes});
    CHECK(image.height == expected.height);
    CHECK(image.width == expected.width);
    CHECK(image.channels == c.channels);
    CHECK(expected.channels == c.channels);
    CHECK(image.pixels == expected.pixels);
  }
}

TEST_CASE("PGM and PPM give their bytes") {
  const Bytes grey = bytes_of("P5\n# made by hand\n2 3\n255\nabcdef");
  const DecodedImage image = parse_image({"f", grey});
  CHECK(image.height == 3);
  CHECK(image.width == 2);
  CHECK(image.channels == 1);
  CHECK(image.pixels == bytes_of("abcdef"));
  const Bytes colour = bytes_of("P6 1 2 255 abcdef");
  CHECK(parse_image({"f", colour}).channels == 3);
  CHECK(parse_image({"f", colour}).height == 2);
}

TEST_CASE("PGM and PPM are checked before their sizes are used") {
  CHECK(error_of("P5 2 3 255 abcde") ==
        "f: came 5 bytes of pixels, accepted are 6 (one image of 3x2x1)");
  CHECK(error_of("P5 2 3 255 abcdefg") ==
        "f: came 7 bytes of pixels, accepted are 6 (one image of 3x2x1)");
  CHECK(error_of("P6 999999999 999999999 255 a") ==
        "f: came 999999999x999999999 pixels, accepted are sides of 1 to 4096");
  CHECK(error_of("P5 0 3 255 ") == "f: came 3x0 pixels, accepted are sides of 1 to 4096");
  CHECK(error_of("P5 2 3 65535 abcdef") == "f: PGM/PPM with maximum 65535, accepted is 255");
  CHECK(error_of("P5 2 3") == "f: truncated PGM/PPM header");
}

TEST_CASE("other files are named") {
  CHECK(error_of("") ==
        "f: came no image that is known, accepted are PGM and PPM (P5, P6) and PNG");
  CHECK(error_of("\xff\xd8\xff\xe0") == "f: came JPEG, accepted are PGM and PPM (P5, P6) and PNG");
  CHECK(error_of("P3 1 1 255 7 7 7").find("no image that is known") != std::string::npos);
}

TEST_CASE("no truncation and no flipped bit of a PNG file gives an image") {
  const Bytes whole = fixture("palette_4_bits.png");
  REQUIRE(error_of(whole) == "");
  int taken = 0;
  for (std::size_t size = 0; size < whole.size(); ++size)
    taken += error_of(Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(size))).empty();
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    taken += error_of(flipped).empty();
  }
  CHECK(taken == 0);
}

TEST_CASE("what is wrong in a PNG file is named with its byte") {
  const std::string rows("\0ab", 3), good = png(kGrey8, rows);
  CHECK(error_of(good) == "");
  CHECK(error_of(good + "x") == "f: byte 68: came bytes after the image, accepted is one image");
  CHECK(error_of(header(2, 5000, kGrey8)) ==
        "f: byte 16: came 5000x2 pixels, accepted is sides of 1 to 4096");
  CHECK(error_of(header(0, 1, kGrey8)) ==
        "f: byte 16: came 1x0 pixels, accepted is sides of 1 to 4096");
  CHECK(
      error_of(header(2, 1, {"\x10\x02\0\0\0", 5})) ==
      "f: byte 24: came colour type 2 with 16 bits a sample, accepted is 8 bits, or fewer of grey "
      "and palettes");
  CHECK(error_of(header(2, 1, {"\x08\xff\0\0\0", 5})).find("colour type 255") != std::string::npos);
  CHECK(error_of(header(2, 1, {"\x08\x02\0\0\1", 5})).find("byte 26: came an interlaced image") !=
        std::string::npos);
  CHECK(error_of(kSignature + chunk("IDAT", "")) ==
        "f: byte 8: came another chunk, accepted is IHDR of 13 bytes");
  CHECK(error_of(header(2, 1, kGrey8) + word(0xfffffff0) + "IDAT\1\2\3\4") ==
        "f: byte 33: came a chunk of 4294967280 bytes, accepted is at most 0, which are left");
  CHECK(error_of(header(2, 1, kGrey8)) ==
        "f: byte 33: came the end of the file, accepted is a PNG chunk");
  CHECK(error_of(header(2, 1, kGrey8) + chunk("IEND", "")) ==
        "f: the pixels are damaged; accepted are 3 packed bytes (1 rows)");
  CHECK(error_of(png(kGrey8, rows + "c")).find("the pixels are damaged") != std::string::npos);
  CHECK(error_of(png(kGrey8, "\0a")).find("the pixels are damaged") != std::string::npos);
  CHECK(error_of(png(kGrey8, "\5ab")) == "f: row 0: came filter 5, accepted is 0 to 4");
  CHECK(error_of(png(kGrey8, rows, chunk("tRNS", "ab"))).find("transparency (tRNS)") !=
        std::string::npos);
  CHECK(error_of(png(kGrey8, rows, chunk("CgBI", ""))).find("an unknown critical chunk") !=
        std::string::npos);
  CHECK(error_of(png(kGrey8, rows, chunk("teXt", "a comment"))) == "");
  CHECK(error_of(png(kGreyAlpha8, {"\0a\xff\x62\xfe", 5})) ==
        "f: row 0: came alpha 254, accepted is 255: no transparency");
  CHECK(error_of(png(kPalette8, {"\0\0\1", 3}, chunk("PLTE", "rgb"))) ==
        "f: row 0: came colour 1, accepted are those of the palette, 1");
  CHECK(error_of(png(kPalette8, {"\0\0\1", 3})).find("of the palette, 0") != std::string::npos);
  CHECK(
      error_of(png(kPalette8, {"\0\0\1", 3}, chunk("PLTE", "rgbr"))).find("a palette of 4 bytes") !=
      std::string::npos);
}
