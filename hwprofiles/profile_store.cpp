#include "hwprofiles/profile_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "hwprofiles/hdf5_tables.h"
#include "hwprofiles/profile_tables.h"
#include "hwprofiles/table_checksum.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

// The user block (docs/profile_format.md); integers are little-endian, the rest is zero.
constexpr std::size_t kUserBlockBytes = 512;
constexpr char kMagic[8] = {'E', 'F', 'P', 'R', 'O', 'F', '\r', '\n'};
constexpr std::size_t kVersionOffset = 8;
constexpr std::size_t kLengthOffset = 16;
constexpr std::size_t kDigestOffset = 24;
constexpr std::size_t kDigestBytes = 32;

void put_little_endian(std::uint8_t* out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t get_little_endian(const std::uint8_t* in, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= std::uint64_t{in[i]} << (8 * i);
  return value;
}

/// Of all bytes, with the digest's own place filled with zeros.
std::string digest_of_file(std::vector<std::uint8_t> bytes) {
  std::fill_n(bytes.begin() + kDigestOffset, kDigestBytes, std::uint8_t{0});
  return digest_hex(bytes.data(), bytes.size());
}

void throw_unless_ok(const Status& status) {
  if (status.ok()) return;
  if (status.code() == StatusCode::kEnvironment) throw EnvironmentError(status.message());
  throw InputError(status.message());
}

/// Returns the version of the file.
int check_user_block(std::span<const std::uint8_t> bytes, const std::string& name) {
  if (bytes.size() < kUserBlockBytes) {
    throw InputError(name + ": truncated: " + std::to_string(bytes.size()) +
                     " bytes, a device profile has more than 512");
  }
  if (std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0) {
    throw InputError(name + ": not a device profile (it does not begin with EFPROF)");
  }
  const std::uint64_t version = get_little_endian(bytes.data() + kVersionOffset, 4);
  if (version < 1 || version > kProfileFileVersion) {
    throw InputError(name + ": device profile of version " + std::to_string(version) +
                     "; this program reads versions 1 to " + std::to_string(kProfileFileVersion));
  }
  const std::uint64_t length = get_little_endian(bytes.data() + kLengthOffset, 8);
  if (length != bytes.size()) {
    throw InputError(name + ": truncated or extended: " + std::to_string(bytes.size()) +
                     " bytes, its header says " + std::to_string(length));
  }
  const std::string digest = digest_of_file({bytes.begin(), bytes.end()});
  if (std::memcmp(bytes.data() + kDigestOffset, digest.data(), kDigestBytes) != 0) {
    throw InputError(name + ": corrupt: the digest in its header is not that of its bytes");
  }
  return static_cast<int>(version);
}

}  // namespace

std::vector<std::uint8_t> encode_profile(const DeviceProfile& profile) {
  Hdf5Tables tables = tables_of(profile);
  add_checksums(tables);
  std::vector<std::uint8_t> bytes = write_hdf5(tables, kUserBlockBytes);
  std::memcpy(bytes.data(), kMagic, sizeof kMagic);
  put_little_endian(bytes.data() + kVersionOffset, kProfileFileVersion, 4);
  put_little_endian(bytes.data() + kLengthOffset, bytes.size(), 8);
  const std::string digest = digest_of_file(bytes);
  std::memcpy(bytes.data() + kDigestOffset, digest.data(), kDigestBytes);
  return bytes;
}

DeviceProfile decode_profile(std::span<const std::uint8_t> bytes, const std::string& name) {
  const int version = check_user_block(bytes, name);
  Hdf5Tables schema = profile_schema(version);
  if (version >= 2) add_checksums(schema);
  try {
    Hdf5Tables tables = read_hdf5(bytes, schema);
    if (version >= 2) check_checksums(tables);
    return profile_of(std::move(tables), name);
  } catch (const InputError& error) {
    const std::string message = error.what();
    throw InputError(message.starts_with(name) ? message : name + ": " + message);
  }
}

DeviceProfile load_profile(const std::string& path) {
  std::vector<std::uint8_t> bytes;
  throw_unless_ok(read_file(path, &bytes));
  return decode_profile(bytes, path);
}

void save_profile(const DeviceProfile& profile, const std::string& path) {
  const std::vector<std::uint8_t> bytes = encode_profile(profile);
  throw_unless_ok(write_file_atomic(path, bytes.data(), bytes.size()));
}

}  // namespace edgefront
