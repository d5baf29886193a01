#include "experiments/pipeline/json_text.h"

#include <cassert>
#include <cmath>
#include <cstdio>

#include "space/toml_reader.h"

namespace edgefront {
namespace {

template <typename Values, typename Text>
std::string joined(char open, const Values& values, char close, const Text& text) {
  std::string out(1, open);
  for (const auto& value : values) {
    if (out.size() > 1) out += ",";
    out += text(value);
  }
  return out + close;
}

}  // namespace

std::string json_number(double value) {
  assert(std::isfinite(value));
  if (std::fabs(value) <= 9007199254740992.0 && value == std::floor(value)) {
    return std::to_string(static_cast<std::int64_t>(value));
  }
  return number_text(value);
}

std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_numbers(const std::vector<double>& values) {
  return joined('[', values, ']', json_number);
}

std::string json_strings(const std::vector<std::string>& values) {
  return joined('[', values, ']', json_string);
}

std::string json_object(const std::map<std::string, double>& values) {
  return joined('{', values, '}', [](const auto& entry) {
    return json_string(entry.first) + ":" + json_number(entry.second);
  });
}

std::string json_object(const std::map<std::string, std::string>& values) {
  return joined('{', values, '}', [](const auto& entry) {
    return json_string(entry.first) + ":" + json_string(entry.second);
  });
}

}  // namespace edgefront
