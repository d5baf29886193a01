// Whole files, atomically, and their digests: for everything that this project writes or trusts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/status.h"

namespace edgefront {

/// XXH3-128 as 32 lower-case hexadecimal digits (canonical byte order).
std::string digest_hex(const void* bytes, std::size_t size);

/// Reads a regular file of at most `limit` bytes. Missing or too large: invalid; read error:
/// environment.
Status read_file(const std::string& path, std::vector<std::uint8_t>* out,
                 std::int64_t limit = std::int64_t{1} << 31);

/// Writes to `path`.tmp.<pid> in the same folder, fsyncs, renames, fsyncs the folder. On failure
/// the old file stands and the temporary one is gone; a full disk is an environment Status.
Status write_file_atomic(const std::string& path, const void* bytes, std::size_t size);

}  // namespace edgefront
