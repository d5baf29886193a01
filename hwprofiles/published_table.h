// The rows of a published latency table, whatever they are about: a small part of YAML, or CSV.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace edgefront {

struct PublishedRow {
  std::string key;
  double mean_ms = 0;
  double deviation_ms = -1;     ///< of one run; −1: not given
  std::int64_t count = -1;      ///< −1: not given
  std::int32_t resolution = 0;  ///< 0: not given
  std::string where;            ///< "file:12"

  /// Throws InputError "file:12: key: what".
  [[noreturn]] void fail(const std::string& what) const;
};

/// A text whose first line holds `key` between commas is CSV: `column` gives the latencies. Other
/// texts are YAML: a mapping of plain or quoted keys to mappings of numbers, in flow style over one
/// or more lines, or in block style; comments and blank lines are skipped. Its `mean` is the
/// latency, `std` or the root of `var` the deviation. Everything else is an InputError with its
/// line. Rows of CSV without latency are left out.
std::vector<PublishedRow> read_published_rows(const std::string& text, const std::string& name,
                                              const std::string& column);

}  // namespace edgefront
