// The supernet's file, little-endian:
//   8 bytes   "EFSUPER1" (the last character is the version)
//   32 bytes  XXH3-128 of all bytes that follow, hexadecimal
//   u32 + text  identity: digests of the space and of the data
//   u32       number of layers, in the order of their keys; each:
//     u32 + text  key
//     4 arrays    weights, bias, gamma, beta, each u32 count + binary32 values
#include <cstring>

#include "evaluators/torch/shared_weights.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr char kMagic[] = "EFSUPER1";
constexpr std::size_t kMagicBytes = 8, kDigestBytes = 32;

void put_u32(std::vector<std::uint8_t>& out, std::size_t value) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void put_text(std::vector<std::uint8_t>& out, const std::string& text) {
  put_u32(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

void put_array(std::vector<std::uint8_t>& out, const std::vector<float>& values) {
  put_u32(out, values.size());
  const std::size_t at = out.size();
  out.resize(at + 4 * values.size());
  std::memcpy(out.data() + at, values.data(), 4 * values.size());
}

/// Reads forward; every read is checked against the end.
class Reader {
 public:
  Reader(const std::vector<std::uint8_t>& bytes, std::size_t at, const std::string& path)
      : bytes_(bytes), at_(at), path_(path) {}

  std::size_t u32() {
    need(4);
    std::size_t value = 0;
    for (int i = 0; i < 4; ++i) value |= std::size_t{bytes_[at_++]} << (8 * i);
    return value;
  }
  std::string text() {
    const std::size_t size = u32();
    need(size);
    at_ += size;
    return {bytes_.begin() + static_cast<std::ptrdiff_t>(at_ - size),
            bytes_.begin() + static_cast<std::ptrdiff_t>(at_)};
  }
  void array(const std::string& key, std::vector<float>& values) {
    const std::size_t count = u32();
    if (count != values.size()) {
      refuse("layer " + key + " has " + std::to_string(count) + " values, accepted are " +
             std::to_string(values.size()));
    }
    need(4 * count);
    std::memcpy(values.data(), bytes_.data() + at_, 4 * count);
    at_ += 4 * count;
  }
  bool at_end() const { return at_ == bytes_.size(); }

  [[noreturn]] void refuse(const std::string& why) const {
    throw InputError(path_ + ": " + why + "; delete the file to train the supernet again");
  }

 private:
  void need(std::size_t count) const {
    if (bytes_.size() - at_ < count) refuse("ends at byte " + std::to_string(bytes_.size()));
  }
  const std::vector<std::uint8_t>& bytes_;
  std::size_t at_;
  const std::string& path_;
};

}  // namespace

std::vector<std::uint8_t> SharedWeights::serialize(const std::string& identity) const {
  std::vector<std::uint8_t> out(kMagic, kMagic + kMagicBytes);
  out.resize(kMagicBytes + kDigestBytes);
  put_text(out, identity);
  put_u32(out, layers_.size());
  for (const auto& [key, layer] : layers_) {
    put_text(out, key);
    for (const auto* a : {&layer.weights, &layer.bias, &layer.gamma, &layer.beta}) {
      put_array(out, *a);
    }
  }
  const std::size_t begin = kMagicBytes + kDigestBytes;
  const std::string digest = digest_hex(out.data() + begin, out.size() - begin);
  std::memcpy(out.data() + kMagicBytes, digest.data(), kDigestBytes);
  return out;
}

void SharedWeights::parse(const std::vector<std::uint8_t>& bytes, const std::string& identity,
                          const std::string& path) {
  const std::size_t begin = kMagicBytes + kDigestBytes;
  Reader reader(bytes, std::min(begin, bytes.size()), path);
  if (bytes.size() < begin || std::memcmp(bytes.data(), kMagic, kMagicBytes) != 0) {
    reader.refuse("is no supernet file of version 1");
  }
  const std::string digest(bytes.begin() + kMagicBytes, bytes.begin() + begin);
  if (digest != digest_hex(bytes.data() + begin, bytes.size() - begin)) {
    reader.refuse("is corrupt (its digest does not fit its bytes)");
  }
  const std::string came = reader.text();
  if (came != identity) reader.refuse("belongs to " + came + ", wanted is " + identity);
  Sums read = layers_;
  if (reader.u32() != read.size()) reader.refuse("has another number of layers than the space");
  for (auto& [key, layer] : read) {
    const std::string name = reader.text();
    if (name != key) reader.refuse("has layer " + name + " where " + key + " is accepted");
    for (auto* a : {&layer.weights, &layer.bias, &layer.gamma, &layer.beta}) reader.array(key, *a);
  }
  if (!reader.at_end()) reader.refuse("goes on after the last layer");
  layers_ = std::move(read);
}

}  // namespace edgefront
