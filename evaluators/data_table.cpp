#include "evaluators/data_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "evaluators/dataset_formats.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::int64_t kMaxBytes = std::int64_t{1} << 31;
constexpr std::size_t kMaxRows = 50'000'000;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Text from the file for a one-line message.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 60));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out + (text.size() > 60 ? "…" : "");
}

std::string in_quotes(std::string_view text) { return '"' + shown(text) + '"'; }

/// What the first line has most of, outside quotes.
char separator_of(std::string_view text) {
  const char candidates[] = {',', ';', '\t'};
  std::size_t counts[3] = {};
  bool inside = false;
  for (const char c : text) {
    if (c == '"') inside = !inside;
    if (inside) continue;
    if (c == '\n' || c == '\r') break;
    for (int i = 0; i < 3; ++i) counts[i] += c == candidates[i];
  }
  return candidates[std::max_element(counts, counts + 3) - counts];
}

/// Steps through the fields of a text and takes doubled quotes out in place.
class CsvReader {
 public:
  CsvReader(std::string& text, const std::string& name) : text_(text), name_(name) {
    if (text_.rfind("\xEF\xBB\xBF", 0) == 0) at_ = 3;
    separator_ = separator_of(std::string_view(text_).substr(at_));
  }

  /// The fields of the next line that is not blank; false at the end.
  bool next_row(std::vector<std::string_view>& fields) {
    while (at_ < text_.size() && ends_line(at_)) take_line_end();
    if (at_ >= text_.size()) return false;
    fields.clear();
    row_line_ = line_;
    while (true) {
      fields.push_back(text_[at_] == '"' ? quoted_field() : plain_field());
      if (at_ >= text_.size()) return true;
      if (ends_line(at_)) {
        take_line_end();
        return true;
      }
      ++at_;  // the separator
      if (at_ >= text_.size()) {
        fields.push_back({});  // "a," without a line end
        return true;
      }
    }
  }

  std::int32_t row_line() const { return row_line_; }

  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(name_ + ":" + std::to_string(row_line_) + ": " + what);
  }

 private:
  bool ends_line(std::size_t at) const { return text_[at] == '\n' || text_[at] == '\r'; }
  void take_line_end() {
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++line_;
  }

  std::string_view plain_field() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != separator_ && !ends_line(at_)) ++at_;
    return trimmed(std::string_view(text_).substr(begin, at_ - begin));
  }

  std::string_view quoted_field() {
    const std::size_t begin = ++at_;
    std::size_t put = begin;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      }
      line_ += text_[at_] == '\n';
      text_[put++] = text_[at_];
    }
    if (at_ >= text_.size()) fail("a quote does not end");
    ++at_;
    if (at_ < text_.size() && text_[at_] != separator_ && !ends_line(at_)) {
      fail("a quote ends within a field; accepted is a doubled quote inside quotes");
    }
    return std::string_view(text_).substr(begin, put - begin);
  }

  std::string& text_;
  const std::string& name_;
  char separator_ = ',';
  std::size_t at_ = 0;
  std::int32_t line_ = 1, row_line_ = 1;
};

std::optional<double> parse_number(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::numeric_limits<double>::quiet_NaN();
  if (error != std::errc()) return std::nullopt;
  return value;
}

bool is_no_value(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower.empty() || lower == "na" || lower == "n/a" || lower == "null" || lower == "none";
}

/// What a NumberColumn says to do with a column.
struct Expression {
  int column = -1;
  char operation = 0;  ///< '-' or '*'; 0: the column alone
  double number = 0;
};

Expression parse_expression(const DataTable& table, const std::string& text) {
  Expression expression;
  expression.column = table.find_column(text);
  if (expression.column >= 0) return expression;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::size_t used = static_cast<std::size_t>(end - text.data());
  const bool begins = error == std::errc() && std::isfinite(number) && used + 1 < text.size();
  if (begins && (text[used] == '-' || text[used] == '*')) {
    expression.operation = text[used];
    expression.number = number;
    expression.column = table.column(trimmed(std::string_view(text).substr(used + 1)));
    return expression;
  }
  expression.column = table.column(text);  // which says what there is
  return expression;
}

}  // namespace

int DataTable::rows() const {
  return header.empty() ? 0 : static_cast<int>(cells.size() / header.size());
}

std::string DataTable::where(int row) const {
  if (lines.empty()) return name + ": row " + std::to_string(row);
  return name + ":" + std::to_string(lines[static_cast<std::size_t>(row)]);
}

int DataTable::find_column(std::string_view wanted) const {
  const auto found = std::find(header.begin(), header.end(), wanted);
  if (found == header.end()) return -1;
  if (std::find(found + 1, header.end(), wanted) != header.end()) {
    throw InputError(name + ": column " + in_quotes(wanted) + " stands twice in the header");
  }
  return static_cast<int>(found - header.begin());
}

int DataTable::column(std::string_view wanted) const {
  const int found = find_column(wanted);
  if (found >= 0) return found;
  std::string names;
  for (const std::string& column : header) {
    if (names.size() > 1000) {
      names += ", …";
      break;
    }
    names += (names.empty() ? "" : ", ") + shown(column);
  }
  throw InputError(name + ": has no column " + in_quotes(wanted) + "; its columns are: " + names);
}

DataTable parse_csv(std::string text, const std::string& name) {
  auto owned = std::make_shared<std::string>(std::move(text));
  DataTable table;
  table.name = name;
  CsvReader reader(*owned, name);
  std::vector<std::string_view> fields;
  if (!reader.next_row(fields)) {
    throw InputError(name + ": is empty; accepted is a header line and rows");
  }
  for (const std::string_view field : fields) table.header.emplace_back(trimmed(field));
  while (reader.next_row(fields)) {
    if (fields.size() != table.header.size()) {
      reader.fail("has " + std::to_string(fields.size()) + " fields, the header has " +
                  std::to_string(table.header.size()));
    }
    if (table.lines.size() >= kMaxRows) reader.fail("more rows than 50 million");
    table.lines.push_back(reader.row_line());
    table.cells.insert(table.cells.end(), fields.begin(), fields.end());
  }
  if (table.lines.empty()) throw InputError(name + ": has a header line and no rows");
  table.text = std::move(owned);
  return table;
}

DataTable load_csv(const std::string& path) {
  std::vector<std::uint8_t> bytes = read_whole(path);
  if (path.size() > 3 && path.compare(path.size() - 3, 3, ".gz") == 0) {
    bytes = gunzip({path, bytes}, kMaxBytes);
  }
  return parse_csv(std::string(bytes.begin(), bytes.end()), path);
}

std::vector<double> numbers(const DataTable& table, const NumberColumn& column) {
  const Expression expression = parse_expression(table, column.expression);
  std::vector<double> values(static_cast<std::size_t>(table.rows()));
  for (int row = 0; row < table.rows(); ++row) {
    const std::string_view text = trimmed(table.cell(row, expression.column));
    double& value = values[static_cast<std::size_t>(row)];
    value = std::numeric_limits<double>::quiet_NaN();
    if (is_no_value(text)) continue;
    const std::optional<double> number = parse_number(text);
    if (!number) {
      throw InputError(table.where(row) + ": column " +
                       in_quotes(table.header[static_cast<std::size_t>(expression.column)]) +
                       ": came " + in_quotes(text) + "; accepted is a number, or nothing");
    }
    if (!std::isfinite(*number)) continue;
    if (column.minus_one_is_missing && *number == -1) continue;
    if (expression.operation == '-') {
      value = expression.number - *number;
    } else {
      value = expression.operation == '*' ? expression.number * *number : *number;
    }
    if (!std::isfinite(value)) value = std::numeric_limits<double>::quiet_NaN();
  }
  return values;
}

}  // namespace edgefront
