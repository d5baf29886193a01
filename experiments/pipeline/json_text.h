// Writing JSON with exactly our bytes: shortest round-trip numbers, keys in the order of writing.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace edgefront {

/// Shortest text that reads back as the same double; whole numbers up to 2^53 without exponent.
/// `value` is finite.
std::string json_number(double value);
std::string json_string(const std::string& text);  ///< with quotes and escapes
std::string json_numbers(const std::vector<double>& values);
std::string json_strings(const std::vector<std::string>& values);
std::string json_object(const std::map<std::string, double>& values);
std::string json_object(const std::map<std::string, std::string>& values);

}  // namespace edgefront
