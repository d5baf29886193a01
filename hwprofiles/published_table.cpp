#include "hwprofiles/published_table.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <sstream>

#include "space/error.h"
#include "space/toml_reader.h"

namespace edgefront {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Without quotes around all of it.
std::string unquoted(const std::string& text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                      text.front() == text.back();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

/// Numbers as the table's author wrote them, locale or not.
double number_of(const PublishedRow& row, const std::string& name, const std::string& text) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{} || result.ptr != text.data() + text.size() ||
      !std::isfinite(value)) {
    row.fail(name + " is \"" + text + "\", not a number");
  }
  return value;
}

/// By the names of both kinds of file; others are no business of ours.
void set_value(PublishedRow& row, const std::string& name, const std::string& text) {
  const double value = number_of(row, name, text);
  const bool whole = name == "count" || name == "resolution";
  if (whole || name == "std" || name == "var") {
    const double most = name == "resolution" ? 65536 : 1e9;
    if (value > most) row.fail(name + " is " + text + "; accepted is at most " + number_text(most));
    if (value < 0 && whole) row.fail(name + " is negative");
  }
  if (name == "mean") row.mean_ms = value;
  if (name == "std") row.deviation_ms = value;
  if (name == "var") row.deviation_ms = std::sqrt(std::max(value, 0.0));
  if (name == "count") row.count = std::llround(value);
  if (name == "resolution") row.resolution = static_cast<std::int32_t>(value);
}

// ---- CSV --------------------------------------------------------------------------------------

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line + ",");
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(unquoted(trimmed(cell)));
  return cells;
}

std::vector<PublishedRow> read_csv(std::istringstream& in, const std::vector<std::string>& header,
                                   const std::string& name, const std::string& column) {
  std::map<std::string, std::size_t> index;
  std::string times;
  for (std::size_t i = 0; i < header.size(); ++i) {
    index.emplace(header[i], i);
    if (header[i].ends_with("_ms")) times += (times.empty() ? "" : ", ") + header[i];
  }
  if (index.count(column) == 0) {
    throw InputError(name + ": there is no column \"" + column + "\"; columns of times: " + times);
  }
  std::vector<PublishedRow> rows;
  int line_number = 1;
  for (std::string line; std::getline(in, line);) {
    ++line_number;
    if (trimmed(line).empty()) continue;
    const std::vector<std::string> cells = cells_of(line);
    PublishedRow row;
    row.where = name + ":" + std::to_string(line_number);
    if (cells.size() != header.size()) {
      throw InputError(row.where + ": " + std::to_string(cells.size()) + " cells, the header has " +
                       std::to_string(header.size()));
    }
    row.key = cells[index.at("key")];
    const std::string& latency = cells[index.at(column)];
    if (latency.empty()) continue;
    row.mean_ms = number_of(row, column, latency);
    for (const char* other : {"std", "var", "count", "resolution"}) {
      const auto at = index.find(other);
      if (at != index.end() && !cells[at->second].empty()) set_value(row, other, cells[at->second]);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

// ---- YAML -------------------------------------------------------------------------------------

class YamlReader {
 public:
  YamlReader(const std::string& text, std::string name) : in_(text), name_(std::move(name)) {}

  std::vector<PublishedRow> read() {
    while (next()) {
      const std::string text = trimmed(line_);
      if (text == "---" || text == "...") continue;
      const bool indented = line_.front() == ' ' || line_.front() == '\t';
      if (!indented) {
        begin_row(text);
      } else if (rows_.empty()) {
        fail("a value before the first key");
      } else if (text.front() == '{') {
        read_flow(text);
      } else {
        read_pair(text);
      }
    }
    for (const PublishedRow& row : rows_) {
      if (std::isnan(row.mean_ms)) row.fail("it has no mean");
    }
    return std::move(rows_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(name_ + ":" + std::to_string(number_) + ": " + what);
  }

  /// The next line that says something.
  bool next() {
    while (std::getline(in_, line_)) {
      ++number_;
      const std::string text = trimmed(line_);
      if (!text.empty() && text.front() != '#') return true;
    }
    return false;
  }

  /// "key: {…}", "key:" with pairs on the next lines, or "? key" and ": {…}" for long keys.
  void begin_row(const std::string& text) {
    if (text.starts_with("? ")) {
      rows_.push_back(row_of(text.substr(2)));
      return;
    }
    std::string value;
    if (text.front() == ':' && !rows_.empty()) {
      value = trimmed(text.substr(1));
    } else {
      // Colons inside a key have no blank behind them.
      const std::size_t colon = text.find(": ");
      if (colon == std::string::npos && text.back() != ':') {
        fail("neither a key nor a value; accepted is KEY: {mean: 1.5}, or CSV with the column key");
      }
      const std::size_t end = colon == std::string::npos ? text.size() - 1 : colon;
      rows_.push_back(row_of(text.substr(0, end)));
      value = trimmed(text.substr(std::min(end + 1, text.size())));
    }
    if (!value.empty()) read_flow(value);
  }

  PublishedRow row_of(const std::string& key) const {
    PublishedRow row;
    row.key = unquoted(trimmed(key));
    row.mean_ms = std::numeric_limits<double>::quiet_NaN();
    row.where = name_ + ":" + std::to_string(number_);
    return row;
  }

  /// "{a: 1, b: 2}", perhaps over several lines.
  void read_flow(std::string value) {
    if (value.front() != '{') fail("a mapping is expected, as in {mean: 1.5, count: 100}");
    while (value.find('}') == std::string::npos) {
      if (!next()) fail("the mapping does not end");
      value += " " + trimmed(line_);
    }
    if (value.back() != '}') fail("something stands behind the mapping");
    std::istringstream pairs(value.substr(1, value.size() - 2));
    for (std::string pair; std::getline(pairs, pair, ',');) read_pair(trimmed(pair));
  }

  void read_pair(const std::string& text) {
    const std::size_t colon = text.find(": ");
    if (colon == std::string::npos) fail("\"" + text + "\" is no pair of a name and a number");
    set_value(rows_.back(), unquoted(trimmed(text.substr(0, colon))),
              trimmed(text.substr(colon + 2)));
  }

  std::istringstream in_;
  std::string name_, line_;
  int number_ = 0;
  std::vector<PublishedRow> rows_;
};

}  // namespace

void PublishedRow::fail(const std::string& what) const {
  throw InputError(where + ": " + key + ": " + what);
}

std::vector<PublishedRow> read_published_rows(const std::string& text, const std::string& name,
                                              const std::string& column) {
  std::istringstream in(text);
  std::string first;
  std::getline(in, first);
  const std::vector<std::string> header = cells_of(first);
  if (header.size() > 1) {
    for (const std::string& cell : header) {
      if (cell == "key") return read_csv(in, header, name, column);
    }
  }
  return YamlReader(text, name).read();
}

}  // namespace edgefront
