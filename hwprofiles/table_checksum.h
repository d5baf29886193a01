// A checksum per table of a profile file: whoever reads the file with another program can tell that
// a table is as it was written, and which one is not (docs/profile_format.md).
#pragma once

#include <string>

#include "hwprofiles/hdf5_tables.h"

namespace edgefront {

/// XXH3-128 of a table's attributes and columns in the canonical order of the format, without the
/// attribute `checksum`; 32 hexadecimal digits.
std::string table_checksum(const Hdf5Table& table);

/// Sets the attribute `checksum` of every table.
void add_checksums(Hdf5Tables& tables);
/// Throws InputError that names the first group whose checksum is not that of its contents.
void check_checksums(const Hdf5Tables& tables);

}  // namespace edgefront
