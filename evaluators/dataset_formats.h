// The file formats of labelled images, from bytes in memory to an ImageSet. Any bytes may come:
// sizes are checked before they are used, and every error is an InputError that names file, byte,
// what came and what is accepted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evaluators/dataset.h"

namespace edgefront {

/// Bytes with the file name for messages.
struct NamedBytes {
  std::string name;
  std::span<const std::uint8_t> bytes;
};

constexpr std::int64_t kMaxImageSide = 4096;  ///< height and width

/// The bytes of a file of at most 2 GiB. Throws InputError, or EnvironmentError where the disk
/// fails.
std::vector<std::uint8_t> read_whole(const std::string& path);

/// Throws the InputError of a wrong byte.
[[noreturn]] void refuse_at(const NamedBytes& file, std::int64_t byte, const std::string& came,
                            const std::string& accepted);

/// Unpacks one gzip stream of at most `limit` bytes.
std::vector<std::uint8_t> gunzip(const NamedBytes& file, std::int64_t limit);

/// IDX of unsigned bytes: images (magic 00 00 08 03; count, height, width) and labels (magic
/// 00 00 08 01; count), big-endian, one channel.
ImageSet parse_idx(const NamedBytes& images, const NamedBytes& labels);

/// CIFAR binary version: rows of label bytes (the last one counts) and 3x32x32 planar pixels,
/// appended to `set`.
struct CifarFormat {
  int label_bytes = 1;
  int classes = 10;
};
void append_cifar(const NamedBytes& rows, const CifarFormat& format, ImageSet& set);

}  // namespace edgefront
