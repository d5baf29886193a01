#include "experiments/units.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <vector>

#include "space/error.h"
#include "space/toml_reader.h"

namespace edgefront {
namespace {

struct Suffix {
  const char* text;
  double factor;
  bool printed;  ///< chosen by print_quantity; the others are only read
};

/// Ascending; the one with factor 1 is the base unit.
const std::vector<Suffix>& suffixes(Unit unit) {
  static const std::vector<Suffix> none{
      {"", 1, true}, {"k", 1e3, true}, {"M", 1e6, true}, {"G", 1e9, true}};
  static const std::vector<Suffix> percent{{"%", 1, true}};
  static const std::vector<Suffix> time{
      {"ns", 1e-3, true}, {"us", 1, true}, {"ms", 1e3, true}, {"s", 1e6, true}};
  static const std::vector<Suffix> energy{
      {"nJ", 1e-3, true}, {"uJ", 1, true}, {"mJ", 1e3, true}, {"J", 1e6, true}};
  static const std::vector<Suffix> bytes{
      {"B", 1, true},         {"kB", 1e3, false}, {"KiB", 1024, true},      {"MB", 1e6, false},
      {"MiB", 1048576, true}, {"GB", 1e9, false}, {"GiB", 1073741824, true}};
  static const std::vector<Suffix> wait{
      {"ms", 1e-3, true}, {"s", 1, true}, {"min", 60, true}, {"h", 3600, true}, {"d", 86400, true}};
  switch (unit) {
    case Unit::kNone:
      return none;
    case Unit::kPercent:
      return percent;
    case Unit::kMicroseconds:
      return time;
    case Unit::kMicrojoules:
      return energy;
    case Unit::kBytes:
      return bytes;
    case Unit::kSeconds:
      return wait;
  }
  return none;
}

std::string accepted(Unit unit) {
  std::string list;
  for (const Suffix& suffix : suffixes(unit)) {
    if (*suffix.text) list += (list.empty() ? "" : ", ") + std::string(suffix.text);
  }
  return "a number that is not negative, alone or with one of " + list;
}

}  // namespace

double parse_quantity(const std::string& text, Unit unit) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  const auto refuse = [&] {
    throw InputError("came \"" + text + "\"; accepted is " + accepted(unit));
  };
  if (read.ec != std::errc() || !std::isfinite(number) || number < 0) refuse();
  std::string rest(read.ptr, end);
  if (!rest.empty() && rest[0] == ' ') rest.erase(0, 1);
  if (rest.empty()) return number;
  for (const Suffix& suffix : suffixes(unit)) {
    if (rest != suffix.text) continue;
    // Division by 1000 rounds better than multiplication with 0.001, which is not exact.
    const double value = suffix.factor < 1 ? number / (1 / suffix.factor) : number * suffix.factor;
    if (std::isfinite(value)) return value;
  }
  refuse();
  return 0;
}

std::string print_quantity(double value, Unit unit) {
  const std::vector<Suffix>& all = suffixes(unit);
  const Suffix* best = nullptr;
  for (const Suffix& suffix : all) {
    if (!suffix.printed) continue;
    // 999.5 would be printed as 1e+03.
    const bool fits = std::fabs(value) >= 0.9995 * suffix.factor;
    if (!best || fits || (suffix.factor == 1 && value == 0)) best = &suffix;
  }
  char buffer[64];
  const double scaled = value / best->factor;
  std::snprintf(buffer, sizeof buffer, std::fabs(scaled) >= 999.5 ? "%.0f" : "%.3g", scaled);
  return std::string(buffer) + best->text;
}

std::string exact_quantity(double value, Unit unit) {
  const std::vector<Suffix>& all = suffixes(unit);
  const Suffix* best = nullptr;
  for (const Suffix& suffix : all) {
    if (suffix.factor == 1) best = &suffix;
    const bool divides = (unit == Unit::kBytes || unit == Unit::kSeconds) && suffix.factor >= 1 &&
                         suffix.printed && value > 0 && std::fmod(value, suffix.factor) == 0;
    if (divides) best = &suffix;
  }
  return number_text(value / best->factor) + best->text;
}

}  // namespace edgefront
