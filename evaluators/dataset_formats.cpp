#include "evaluators/dataset_formats.h"

#include <zlib.h>

#include <algorithm>

#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {

namespace {

std::int64_t big_endian(const NamedBytes& file, std::size_t at) {
  if (file.bytes.size() < at + 4)
    refuse_at(file, static_cast<std::int64_t>(file.bytes.size()), "the end of the file",
              "an IDX header");
  std::int64_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value * 256 + file.bytes[i];
  return value;
}

void check_magic(const NamedBytes& file, std::int64_t magic, const std::string& accepted) {
  const std::int64_t came = big_endian(file, 0);
  if (came != magic) refuse_at(file, 0, "magic number " + std::to_string(came), accepted);
}

void check_size(const NamedBytes& file, std::int64_t wanted, const std::string& because) {
  const auto came = static_cast<std::int64_t>(file.bytes.size());
  if (came != wanted)
    throw InputError(file.name + ": came " + std::to_string(came) + " bytes, accepted are " +
                     std::to_string(wanted) + " (" + because + ")");
}

int checked_side(const NamedBytes& file, std::size_t at, const std::string& what) {
  const std::int64_t side = big_endian(file, at);
  if (side < 1 || side > kMaxImageSide)
    refuse_at(file, static_cast<std::int64_t>(at), what + " " + std::to_string(side), "1 to 4096");
  return static_cast<int>(side);
}

/// Frees the zlib state on every way out.
struct Inflater {
  z_stream stream{};
  explicit Inflater(const NamedBytes& file) {
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
      throw EnvironmentError(file.name + ": zlib cannot start");
  }
  ~Inflater() { inflateEnd(&stream); }
};

}  // namespace

std::vector<std::uint8_t> read_whole(const std::string& path) {
  std::vector<std::uint8_t> bytes;
  const Status status = read_file(path, &bytes);
  if (status.code() == StatusCode::kInvalid) throw InputError(status.message());
  if (!status.ok()) throw EnvironmentError(status.message());
  return bytes;
}

void refuse_at(const NamedBytes& file, std::int64_t byte, const std::string& came,
               const std::string& accepted) {
  throw InputError(file.name + ": byte " + std::to_string(byte) + ": came " + came +
                   ", accepted is " + accepted);
}

std::vector<std::uint8_t> gunzip(const NamedBytes& file, std::int64_t limit) {
  Inflater inflater(file);
  z_stream& stream = inflater.stream;
  stream.next_in = const_cast<Bytef*>(file.bytes.data());
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(file.bytes.size(), 1u << 31));
  std::vector<std::uint8_t> out;
  std::vector<std::uint8_t> chunk(1 << 18);
  for (;;) {
    stream.next_out = chunk.data();
    stream.avail_out = static_cast<uInt>(chunk.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    const auto at = static_cast<std::int64_t>(stream.total_in);
    if (result != Z_OK && result != Z_STREAM_END)
      refuse_at(file, at, stream.avail_in == 0 ? "the end of the file" : "corrupt data",
                "a whole gzip stream");
    out.insert(out.end(), chunk.begin(), chunk.end() - stream.avail_out);
    if (static_cast<std::int64_t>(out.size()) > limit)
      refuse_at(file, at, "more than " + std::to_string(limit) + " unpacked bytes",
                "a stream of at most that many");
    if (result != Z_STREAM_END) continue;
    if (stream.avail_in > 0) refuse_at(file, at, "bytes after the gzip stream", "one stream");
    return out;
  }
}

ImageSet parse_idx(const NamedBytes& images, const NamedBytes& labels) {
  check_magic(images, 0x803, "2051 (IDX, unsigned bytes, three dimensions)");
  const std::int64_t count = big_endian(images, 4);
  ImageSet set;
  set.height = checked_side(images, 8, "height");
  set.width = checked_side(images, 12, "width");
  set.channels = 1;
  // count < 2^32 and sides ≤ 4096: no overflow
  check_size(images, 16 + count * set.height * set.width,
             std::to_string(count) + " images of " + std::to_string(set.height) + "x" +
                 std::to_string(set.width));
  check_magic(labels, 0x801, "2049 (IDX, unsigned bytes, one dimension)");
  const std::int64_t label_count = big_endian(labels, 4);
  check_size(labels, 8 + label_count, std::to_string(label_count) + " labels");
  if (count < 1 || label_count != count)
    refuse_at(labels, 4,
              std::to_string(label_count) + " labels for " + std::to_string(count) + " images",
              "one label for each of at least one image");
  set.pixels.assign(images.bytes.begin() + 16, images.bytes.end());
  set.labels.assign(labels.bytes.begin() + 8, labels.bytes.end());
  return set;
}

void append_cifar(const NamedBytes& rows, const CifarFormat& format, ImageSet& set) {
  constexpr std::size_t kPlane = 32 * 32;
  const std::size_t row = format.label_bytes + 3 * kPlane;
  if (rows.bytes.empty() || rows.bytes.size() % row != 0)
    throw InputError(rows.name + ": came " + std::to_string(rows.bytes.size()) +
                     " bytes, accepted is a positive multiple of " + std::to_string(row) +
                     " (one image of the binary version)");
  set.height = set.width = 32;
  set.channels = 3;
  set.pixels.reserve(set.pixels.size() + rows.bytes.size() / row * 3 * kPlane);
  for (std::size_t at = 0; at < rows.bytes.size(); at += row) {
    const std::size_t label_at = at + format.label_bytes - 1;
    const int label = rows.bytes[label_at];
    if (label >= format.classes)
      refuse_at(rows, static_cast<std::int64_t>(label_at), "label " + std::to_string(label),
                "0 to " + std::to_string(format.classes - 1));
    set.labels.push_back(static_cast<std::uint8_t>(label));
    const std::uint8_t* planes = rows.bytes.data() + label_at + 1;
    for (std::size_t pixel = 0; pixel < kPlane; ++pixel)
      for (std::size_t channel = 0; channel < 3; ++channel)
        set.pixels.push_back(planes[channel * kPlane + pixel]);
  }
}

}  // namespace edgefront
