#include "evaluators/image_formats.h"

#include <doctest/doctest.h>
#include <turbojpeg.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
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
const std::string kGrey8("\x08\x00\x00\x00\x00", 5), kGrey16("\x10\x00\x00\x00\x00", 5),
    kPalette8("\x08\x03\x00\x00\x00", 5), kGreyAlpha8("\x08\x04\x00\x00\x00", 5),
    kInterlaced8("\x08\x00\x00\x00\x01", 5);

/// A 2x1 image of this kind with its rows (filter, samples), and chunks before them.
std::string png(const std::string& kind, const std::string& rows, const std::string& before = "") {
  return header(2, 1, kind) + before + chunk("IDAT", packed(rows)) + chunk("IEND", "");
}

/// A JPEG of `pixels`, of the finest quality and without subsampling.
Bytes jpeg_of(const Bytes& pixels, int width, int height, int channels) {
  const tjhandle encoder = tjInitCompress();
  unsigned char* out = nullptr;
  unsigned long size = 0;
  const int format = channels == 1 ? TJPF_GRAY : channels == 3 ? TJPF_RGB : TJPF_CMYK;
  const int sampling = channels == 1 ? TJSAMP_GRAY : TJSAMP_444;
  REQUIRE(tjCompress2(encoder, pixels.data(), width, 0, height, format, &out, &size, sampling, 100,
                      TJFLAG_ACCURATEDCT) == 0);
  const Bytes bytes(out, out + size);
  tjFree(out);
  tjDestroy(encoder);
  return bytes;
}

/// A slope along both sides, other in each channel.
Bytes slope(int width, int height, int channels) {
  Bytes pixels;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c)
        pixels.push_back(static_cast<std::uint8_t>(20 + 3 * x + 5 * y + 30 * c));
  return pixels;
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
  const std::string known =
      "f: came no image that is known, accepted are PGM and PPM (P5, P6), PNG and JPEG";
  CHECK(error_of("") == known);
  CHECK(error_of("GIF89a") == known);
  CHECK(error_of("P3 1 1 255 7 7 7") == known);
}

TEST_CASE("no truncation and no flipped bit of a PNG file gives another image") {
  const Bytes whole = fixture("palette_4_bits.png");
  const std::vector<std::uint8_t> pixels = parse_image({"f", whole}).pixels;
  int taken = 0;  // the reader stops before the last chunk's CRC, which is of no data
  for (std::size_t size = 0; size + 4 < whole.size(); ++size)
    taken += error_of(Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(size))).empty();
  CHECK(taken == 0);
  int other = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    if (error_of(flipped).empty()) other += parse_image({"f", flipped}).pixels != pixels;
  }
  CHECK(other == 0);
}

TEST_CASE("what is wrong in a PNG file is named") {
  const std::string rows("\0ab", 3), good = png(kGrey8, rows);
  CHECK(error_of(good) == "");
  CHECK(error_of(png(kGrey8, rows, chunk("teXt", "a comment"))) == "");
  CHECK(error_of(header(2, 5000, kGrey8)) ==
        "f: came 5000x2 pixels, accepted are sides of 1 to 4096");
  CHECK(error_of(header(2'000'000'000, 2'000'000'000, kGrey8)) ==
        "f: came 2000000000x2000000000 pixels, accepted are sides of 1 to 4096");
  for (const std::string& damaged :
       {header(0, 1, kGrey8), header(2, 1, {"\x03\x00\0\0\0", 5}),
        header(2, 1, {"\x08\xff\0\0\0", 5}), kSignature + chunk("IDAT", ""),
        header(2, 1, kGrey8) + word(0xfffffff0) + "IDAT\1\2\3\4", header(2, 1, kGrey8),
        header(2, 1, kGrey8) + chunk("IEND", ""), png(kGrey8, {"\0a", 2}), png(kGrey8, "\5ab"),
        png(kGrey8, rows, chunk("CgBI", "")), png(kPalette8, {"\0\0\0", 3}),
        png(kPalette8, {"\0\0\0", 3}, chunk("PLTE", "rgbr")), good.substr(0, good.size() - 12)}) {
    const std::string error = error_of(damaged);
    CAPTURE(error);
    CHECK(error.starts_with("f: came a damaged PNG ("));
    CHECK(error.ends_with("), accepted is a whole one"));
  }
  CHECK(error_of(png(kGreyAlpha8, {"\0a\xff\x62\xfe", 5})) ==
        "f: row 0: came alpha 254, accepted is 255: no transparency");
  CHECK(error_of(png(kGrey8, rows, chunk("tRNS", {"\0a", 2}))) ==
        "f: row 0: came alpha 0, accepted is 255: no transparency");
}

TEST_CASE("16 bits a sample become 8, and interlaced files are read") {
  const Bytes deep = bytes_of(png(kGrey16, {"\0\x12\x34\xff\xfe", 5}));
  CHECK(parse_image({"f", deep}).pixels == Bytes{0x12, 0xff});
  // Two columns of one row are passes 1 and 6, each with its filter.
  const Bytes interlaced = bytes_of(png(kInterlaced8, {"\0a\0b", 4}));
  CHECK(parse_image({"f", interlaced}).pixels == bytes_of("ab"));
}

TEST_CASE("a JPEG gives its pixels up to the rounding of its transform") {
  for (const int channels : {1, 3}) {
    CAPTURE(channels);
    const Bytes pixels = slope(21, 13, channels), packed_bytes = jpeg_of(pixels, 21, 13, channels);
    const DecodedImage image = parse_image({"f", packed_bytes});
    CHECK(image.width == 21);
    CHECK(image.height == 13);
    REQUIRE(image.channels == channels);
    REQUIRE(image.pixels.size() == pixels.size());
    int largest = 0;
    for (std::size_t i = 0; i < pixels.size(); ++i)
      largest = std::max(largest, std::abs(int{image.pixels[i]} - int{pixels[i]}));
    CHECK(largest <= 2);
  }
}

TEST_CASE("what is wrong in a JPEG file is named") {
  const Bytes whole = jpeg_of(slope(21, 13, 3), 21, 13, 3);
  REQUIRE(error_of(whole) == "");
  int taken = 0;
  for (std::size_t size = 0; size + 2 < whole.size(); ++size)  // without its end
    taken += error_of(Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(size))).empty();
  CHECK(taken == 0);
  const Bytes cut(whole.begin(), whole.begin() + std::ptrdiff_t(whole.size() / 2));
  const std::string error = error_of(cut);
  CHECK(error.starts_with("f: came a damaged JPEG ("));
  CHECK(error.ends_with("), accepted is a whole one"));
  CHECK(error_of(jpeg_of(slope(8, 8, 4), 8, 8, 4)) ==
        "f: came a JPEG in CMYK, accepted are grey and RGB");
  CHECK(error_of(jpeg_of(Bytes(5000), 5000, 1, 1)) ==
        "f: came 1x5000 pixels, accepted are sides of 1 to 4096");
}
