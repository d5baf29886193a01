// `.efm`: a Model as FlatBuffers behind a fixed header with magic, version, length and the XXH3-128
// digest of all other bytes (docs/efm_format.md). The digest and the FlatBuffers verifier are
// checked before any field is read; then validate(Model). Readers accept any bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/model.h"
#include "runtime/status.h"

namespace edgefront {

inline constexpr std::uint32_t kModelFileVersion = 1;

/// Serialises a valid model of less than 2^29 bytes; the same model gives the same bytes.
std::vector<std::uint8_t> encode_model(const Model& model);

/// `name` is used in messages only.
Status decode_model(const std::uint8_t* bytes, std::size_t size, const std::string& name,
                    Model* out);

/// Validated, written to a temporary name beside it, fsynced and renamed.
Status write_model_file(const Model& model, const std::string& path);
Status read_model_file(const std::string& path, Model* out);

}  // namespace edgefront
