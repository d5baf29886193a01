// Base64 (RFC 4648, section 4): bytes within a line of text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace edgefront {

std::string base64_text(const std::uint8_t* bytes, std::size_t size);

/// False unless `text` is what base64_text gives for some bytes, to the letter.
bool base64_bytes(const std::string& text, std::vector<std::uint8_t>* out);

}  // namespace edgefront
