#include "runtime/probe/base64.h"

namespace edgefront {
namespace {

constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char digit) {
  if (digit >= 'A' && digit <= 'Z') return digit - 'A';
  if (digit >= 'a' && digit <= 'z') return digit - 'a' + 26;
  if (digit >= '0' && digit <= '9') return digit - '0' + 52;
  if (digit == '+') return 62;
  return digit == '/' ? 63 : -1;
}

}  // namespace

std::string base64_text(const std::uint8_t* bytes, std::size_t size) {
  std::string text;
  text.reserve((size + 2) / 3 * 4);
  for (std::size_t i = 0; i < size; i += 3) {
    const std::uint32_t second = i + 1 < size ? bytes[i + 1] : 0u;
    const std::uint32_t third = i + 2 < size ? bytes[i + 2] : 0u;
    const std::uint32_t group = std::uint32_t{bytes[i]} << 16 | second << 8 | third;
    text += kDigits[group >> 18];
    text += kDigits[group >> 12 & 63];
    text += i + 1 < size ? kDigits[group >> 6 & 63] : '=';
    text += i + 2 < size ? kDigits[group & 63] : '=';
  }
  return text;
}

bool base64_bytes(const std::string& text, std::vector<std::uint8_t>* out) {
  out->clear();
  if (text.size() % 4 != 0) return false;
  out->reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    std::size_t digits = 4;
    if (last && text[i + 3] == '=') digits = text[i + 2] == '=' ? 2 : 3;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int value = k < digits ? value_of(text[i + k]) : 0;
      if (value < 0) return false;
      group = group << 6 | static_cast<std::uint32_t>(value);
    }
    // Bits that belong to no byte are zero.
    const std::uint32_t unused = digits == 4 ? 0u : digits == 3 ? 0xffu : 0xffffu;
    if ((group & unused) != 0) return false;
    for (std::size_t k = 0; k + 1 < digits; ++k) {
      out->push_back(static_cast<std::uint8_t>(group >> (16 - 8 * k)));
    }
  }
  return true;
}

}  // namespace edgefront
