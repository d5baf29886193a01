// Reading and writing the rows and attributes of profile tables with every value checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hwprofiles/hdf5_tables.h"
#include "runtime/graph.h"
#include "runtime/probe/statistics.h"

namespace edgefront {

using Reals = std::vector<double>;
using Integers = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

/// Throws InputError "file: table[row]: what".
[[noreturn]] void fail_row(const std::string& file, const std::string& table, std::size_t row,
                           const std::string& what);

/// Appends one value to a column that exists.
void append(Hdf5Table& table, const char* column, double value);
void append(Hdf5Table& table, const char* column, std::int64_t value);
void append(Hdf5Table& table, const char* column, const std::string& value);
void append_statistics(Hdf5Table& table, const LatencyStatistics& statistics);
void append_setting(Hdf5Table& table, const std::string& space_digest, Precision precision,
                    int threads, const std::string& kernel_set);

/// Rows of a table that has this column of texts.
std::size_t rows_of(const Hdf5Table& table, const char* text_column);

/// One row of a table; a value that is not finite or out of range is an InputError.
struct TableRow {
  const Hdf5Table& table;
  const std::string& file;
  const char* name;
  std::size_t index;

  [[noreturn]] void fail(const std::string& what) const { fail_row(file, name, index, what); }
  double real(const char* column) const;
  double positive(const char* column) const;
  double non_negative(const char* column) const;
  double positive_or_unknown(const char* column) const;  ///< −1: unknown
  double at_least_zero_or_unknown(const char* column) const;
  int integer(const char* column) const;        ///< 0 … INT_MAX
  int threads() const;                          ///< at least 1
  std::int64_t time(const char* column) const;  ///< seconds, −1: unknown
  const std::string& text(const char* column) const;
  Precision precision() const;
  LatencyStatistics statistics(int fewest_samples) const;
  /// What append_setting() wrote.
  template <class Entry>
  void read_setting(Entry& entry) const {
    entry.space_digest = text("space_digest");
    entry.precision = precision();
    entry.threads = threads();
    entry.kernel_set = text("kernel_set");
  }
};

/// Attributes of one table.
struct TableAttributes {
  const Hdf5Table& table;
  const std::string& file;

  double real(const char* name) const;  ///< finite
  double non_negative(const char* name) const;
  std::int64_t integer(const char* name) const;
  const std::string& text(const char* name) const;
};

}  // namespace edgefront
