// Tables and attributes in an HDF5 file image in memory: all that a profile needs of HDF5, without
// its headers. A table is a group; each of its columns is a one-dimensional data set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace edgefront {

using Hdf5Value = std::variant<double, std::int64_t, std::string>;
using Hdf5Column =
    std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>>;

struct Hdf5Table {
  std::map<std::string, Hdf5Value> attributes;
  std::map<std::string, Hdf5Column> columns;  ///< all of one length
};

/// "" holds the attributes of the root group.
using Hdf5Tables = std::map<std::string, Hdf5Table>;

/// A whole HDF5 file whose first `user_block_bytes` (512 or a higher power of two) are zero. Equal
/// tables give equal bytes: nothing in the file depends on time or place. Strings are stored with
/// fixed length (the longest of the column), zero-padded UTF-8; they hold no zero bytes. Throws
/// InputError for such a string or an attribute over 32 KiB.
std::vector<std::uint8_t> write_hdf5(const Hdf5Tables& tables, std::size_t user_block_bytes);

/// Reads exactly the tables, attributes and columns that `schema` has, of its kinds; its values do
/// not matter. The bytes must be trusted (checked by a digest): the HDF5 library crashes on some
/// corrupt ones. Throws InputError that names what is missing or of another kind.
Hdf5Tables read_hdf5(std::span<const std::uint8_t> bytes, const Hdf5Tables& schema);

}  // namespace edgefront
