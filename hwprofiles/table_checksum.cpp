#include "hwprofiles/table_checksum.h"

#include <cstring>

#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr char kChecksum[] = "checksum";

/// Numbers as 8 bytes, little-endian; texts as their length and their bytes.
class CanonicalBytes {
 public:
  void add(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
  }
  void add(std::int64_t value) { add(static_cast<std::uint64_t>(value)); }
  void add(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    add(bits);
  }
  void add(const std::string& text) {
    add(std::uint64_t{text.size()});
    bytes_ += text;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace

std::string table_checksum(const Hdf5Table& table) {
  CanonicalBytes out;
  for (const auto& [name, value] : table.attributes) {
    if (name == kChecksum) continue;
    out.add(name);
    std::visit([&](const auto& one) { out.add(one); }, value);
  }
  for (const auto& [name, column] : table.columns) {
    out.add(name);
    std::visit(
        [&](const auto& values) {
          out.add(std::uint64_t{values.size()});
          for (const auto& value : values) out.add(value);
        },
        column);
  }
  return digest_hex(out.bytes().data(), out.bytes().size());
}

void add_checksums(Hdf5Tables& tables) {
  for (auto& [name, table] : tables) table.attributes[kChecksum] = table_checksum(table);
}

void check_checksums(const Hdf5Tables& tables) {
  for (const auto& [name, table] : tables) {
    const auto stored = table.attributes.find(kChecksum);
    const auto* text =
        stored == table.attributes.end() ? nullptr : std::get_if<std::string>(&stored->second);
    if (text == nullptr || *text != table_checksum(table)) {
      throw InputError("group /" + name + " is corrupt: its checksum is not that of its contents");
    }
  }
}

}  // namespace edgefront
