// Quantities as people write them: "256KiB", "40us", "2ms", "5mJ". Inside, everything is in the
// base unit that stands in the metric's name: bytes, µs, µJ; seconds for what people wait for.
#pragma once

#include <string>

namespace edgefront {

enum class Unit { kNone, kPercent, kMicroseconds, kMicrojoules, kBytes, kSeconds };

/// Reads "<number><suffix>", with or without a space between; a number alone is in the base unit.
/// Suffixes: kPercent %; kMicroseconds ns, us, ms, s; kSeconds ms, s, min, h, d; kMicrojoules nJ,
/// uJ, mJ, J; kBytes B, KiB, MiB, GiB, and kB, MB, GB as powers of 1000; kNone k, M, G. Throws
/// InputError with what came and the accepted suffixes; the value is finite and not negative.
double parse_quantity(const std::string& text, Unit unit);

/// For people: the suffix that leaves 1 to 999 before it and three significant digits, "2.35ms".
std::string print_quantity(double value, Unit unit);

/// Reads back as the same value, "262144B", "40us"; bytes in the largest suffix that divides them.
std::string exact_quantity(double value, Unit unit);

}  // namespace edgefront
