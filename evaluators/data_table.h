// A table of texts with named columns: what CSV holds, or the columns of an HDF5 file. Published
// benchmarks come as such tables.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace edgefront {

/// Plain value; cells refer into `text`.
struct DataTable {
  std::string name;  ///< the file, for messages
  std::vector<std::string> header;
  std::vector<std::string_view> cells;  ///< row after row
  std::vector<std::int32_t> lines;      ///< in the file, from 1, per row; empty: has no lines
  std::shared_ptr<const std::string> text;

  int rows() const;
  std::string_view cell(int row, int column) const {
    return cells[static_cast<std::size_t>(row) * header.size() + static_cast<std::size_t>(column)];
  }
  /// "file.csv:12", or "file.h5: row 10" (from 0).
  std::string where(int row) const;
  /// Index of a column, −1 where there is none. Throws InputError for a name that stands twice.
  int find_column(std::string_view column) const;
  /// The same; throws InputError that lists the columns where there is none.
  int column(std::string_view column) const;
};

/// RFC 4180 with what occurs in practice: a header line; fields divided by comma, semicolon or tab
/// (what the header has most of); quoted fields with doubled quotes and line ends inside; LF or
/// CRLF; a byte order mark; blank lines, which are skipped. Throws InputError with file and line
/// for a row of another length, a quote that does not end or stands within a field, and for no
/// rows.
DataTable parse_csv(std::string text, const std::string& name);

/// The same from a file, unpacked first where its name ends in .gz.
DataTable load_csv(const std::string& path);

/// A column of numbers, e.g. "latency", "100-accuracy" (so that more is worse) or "1000*lat_ms":
/// a number, an operator and a column, or the column alone. A column of the whole name is meant
/// first. Cells that are empty, "nan", "inf" or no value of a benchmark's making ("NA", "null",
/// "none", any case) are NaN; so is −1 where `minus_one_is_missing`. Throws InputError (file, line,
/// column, what came) for other texts.
struct NumberColumn {
  std::string expression;
  bool minus_one_is_missing = false;
};
std::vector<double> numbers(const DataTable& table, const NumberColumn& column);

}  // namespace edgefront
