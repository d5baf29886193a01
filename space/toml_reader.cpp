#include "space/toml_reader.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "space/error.h"

namespace {

/// toml++ 3.3 states as fact some things that a wrong file can break (a table header whose key
/// begins with a stray character); compiled without assertions that is undefined behaviour.
[[noreturn]] void refuse_syntax() { throw edgefront::InputError("unexpected character"); }

}  // namespace

#include <toml++/impl/preprocessor.h>
#undef TOML_ASSERT
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT(expr) ((expr) ? static_cast<void>(0) : refuse_syntax())
#define TOML_ASSERT_ASSUME(expr) TOML_ASSERT(expr)
#include <toml++/toml.h>

namespace edgefront {

/// The parsed file and, per table, the keys that were asked for (also in vain, for messages).
struct TomlTable::Document {
  toml::table root;
  std::string name;
  std::map<std::string, std::set<std::string>> asked;  ///< by the table's path
  struct Opened {
    const void* table;
    std::string path;
    int line;
  };
  std::vector<Opened> opened;  ///< sub-tables handed out
};

namespace {

constexpr std::int64_t kMaxFileBytes = std::int64_t{16} << 20;

const toml::node& as_node(const void* node) { return *static_cast<const toml::node*>(node); }

int line_of(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

/// Text from the file for a one-line message: control characters replaced, long ones cut.
std::string one_line(std::string text) {
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

/// What came, as a person would write it.
std::string shown(const toml::node& node) {
  if (const auto* value = node.as_string()) return '"' + one_line(value->get()) + '"';
  if (const auto* value = node.as_integer()) return std::to_string(value->get());
  if (const auto* value = node.as_floating_point()) return number_text(value->get());
  if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
  if (node.is_table()) return "a table";
  if (node.is_array()) return "a list";
  return "a date or time";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

template <typename Number>
std::string range_text(const char* kind, Number low, Number high, Number lowest, Number highest) {
  const auto text = [](Number n) {
    if constexpr (std::is_floating_point_v<Number>)
      return number_text(n);
    else
      return std::to_string(n);
  };
  if (low <= lowest && high >= highest) return kind;
  if (high >= highest) return std::string(kind) + " from " + text(low);
  if (low <= lowest) return std::string(kind) + " up to " + text(high);
  return std::string(kind) + " from " + text(low) + " to " + text(high);
}

std::string integer_kind(std::int64_t low, std::int64_t high) {
  return range_text("an integer", low, high, std::numeric_limits<std::int64_t>::min(),
                    TomlTable::kMaxInteger);
}

std::string number_kind(double low, double high) {
  return range_text("a number", low, high, -TomlTable::kMaxNumber, TomlTable::kMaxNumber);
}

// Scalars: nothing where the node is of another type or out of range; the caller says what is
// accepted.
std::optional<std::string> as_string(const toml::node& node) {
  const auto* value = node.as_string();
  return value ? std::optional(value->get()) : std::nullopt;
}

std::optional<std::int64_t> as_integer(const toml::node& node, std::int64_t low,
                                       std::int64_t high) {
  const auto* value = node.as_integer();
  if (!value || value->get() < low || value->get() > high) return std::nullopt;
  return value->get();
}

std::optional<double> as_number(const toml::node& node, double low, double high) {
  double value;
  if (const auto* integer = node.as_integer())
    value = static_cast<double>(integer->get());
  else if (const auto* floating = node.as_floating_point())
    value = floating->get();
  else
    return std::nullopt;
  return value >= low && value <= high ? std::optional(value) : std::nullopt;
}

[[noreturn]] void refuse(const TomlTable& table, const std::string& key, const toml::node& node,
                         const std::string& accepted) {
  table.fail(key, "came " + shown(node) + ", accepted is " + accepted);
}

/// Every element of a list, or the scalar itself, through `read`.
template <typename T, typename Read>
std::vector<T> read_list(const TomlTable& table, const std::string& key, const toml::node& node,
                         const std::string& accepted, Read read) {
  std::vector<T> values;
  const auto take = [&](const toml::node& element) {
    const auto value = read(element);
    if (!value) refuse(table, key, element, accepted + ", or a list of them");
    values.push_back(*value);
  };
  if (const auto* array = node.as_array()) {
    for (const auto& element : *array) take(element);
    if (array->empty()) table.fail(key, "came an empty list, accepted is at least one entry");
  } else {
    take(node);
  }
  return values;
}

}  // namespace

std::string number_text(double value) {
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, result.ptr);
}

TomlTable::TomlTable(std::shared_ptr<Document> document, const void* table, std::string path,
                     int line)
    : document_(std::move(document)), table_(table), path_(std::move(path)), line_(line) {}

std::string TomlTable::path_of(const std::string& key) const {
  return path_.empty() ? key : path_ + "." + key;
}

const void* TomlTable::find(const std::string& key) const {
  document_->asked[path_].insert(key);
  return table_ ? as_node(table_).as_table()->get(key) : nullptr;
}

const void* TomlTable::demand(const std::string& key) const {
  const void* node = find(key);
  if (!node) fail(key, "is missing");
  return node;
}

bool TomlTable::has(const std::string& key) const {
  return table_ && as_node(table_).as_table()->contains(key);
}

std::vector<std::string> TomlTable::keys() const {
  // toml++ sorts its tables by name: the file's order is that of the source positions.
  std::vector<std::pair<std::pair<std::uint32_t, std::uint32_t>, std::string>> ordered;
  if (table_)
    for (const auto& [key, node] : *as_node(table_).as_table()) {
      const auto at = key.source().begin;
      ordered.push_back({{at.line, at.column}, std::string(key.str())});
    }
  std::sort(ordered.begin(), ordered.end());
  std::vector<std::string> keys;
  for (auto& entry : ordered) keys.push_back(std::move(entry.second));
  return keys;
}

std::string TomlTable::string(const std::string& key) const {
  const toml::node& node = as_node(demand(key));
  const auto value = as_string(node);
  if (!value) refuse(*this, key, node, "a string");
  return *value;
}

std::string TomlTable::string(const std::string& key, const std::string& fallback) const {
  return find(key) ? string(key) : fallback;
}

std::string TomlTable::one_of(const std::string& key,
                              const std::vector<std::string>& accepted) const {
  const std::string value = string(key);
  for (const std::string& word : accepted)
    if (value == word) return value;
  fail(key, "came \"" + one_line(value) + "\", accepted are " + joined(accepted));
}

std::string TomlTable::one_of(const std::string& key, const std::vector<std::string>& accepted,
                              const std::string& fallback) const {
  return find(key) ? one_of(key, accepted) : fallback;
}

bool TomlTable::boolean(const std::string& key) const {
  const toml::node& node = as_node(demand(key));
  const auto* value = node.as_boolean();
  if (!value) refuse(*this, key, node, "true or false");
  return value->get();
}

bool TomlTable::boolean(const std::string& key, bool fallback) const {
  return find(key) ? boolean(key) : fallback;
}

std::int64_t TomlTable::integer_in(const std::string& key, std::int64_t low,
                                   std::int64_t high) const {
  const toml::node& node = as_node(demand(key));
  const auto value = as_integer(node, low, high);
  if (!value) refuse(*this, key, node, integer_kind(low, high));
  return *value;
}

std::int64_t TomlTable::integer(const std::string& key) const {
  return integer_in(key, std::numeric_limits<std::int64_t>::min(), kMaxInteger);
}

std::int64_t TomlTable::integer(const std::string& key, std::int64_t fallback, std::int64_t low,
                                std::int64_t high) const {
  return find(key) ? integer_in(key, low, high) : fallback;
}

double TomlTable::number_in(const std::string& key, double low, double high) const {
  const toml::node& node = as_node(demand(key));
  const auto value = as_number(node, low, high);
  if (!value) refuse(*this, key, node, number_kind(low, high));
  return *value;
}

double TomlTable::number(const std::string& key) const {
  return number_in(key, -kMaxNumber, kMaxNumber);
}

double TomlTable::number(const std::string& key, double fallback, double low, double high) const {
  return find(key) ? number_in(key, low, high) : fallback;
}

std::vector<std::string> TomlTable::strings(const std::string& key) const {
  return read_list<std::string>(*this, key, as_node(demand(key)), "a string", as_string);
}

std::vector<std::string> TomlTable::strings(const std::string& key,
                                            const std::vector<std::string>& fallback) const {
  return find(key) ? strings(key) : fallback;
}

std::vector<std::int64_t> TomlTable::integers_in(const std::string& key, std::int64_t low,
                                                 std::int64_t high) const {
  return read_list<std::int64_t>(
      *this, key, as_node(demand(key)), integer_kind(low, high),
      [&](const toml::node& node) { return as_integer(node, low, high); });
}

std::vector<std::int64_t> TomlTable::integers(const std::string& key,
                                              const std::vector<std::int64_t>& fallback,
                                              std::int64_t low, std::int64_t high) const {
  return find(key) ? integers_in(key, low, high) : fallback;
}

std::vector<double> TomlTable::numbers_in(const std::string& key, double low, double high) const {
  return read_list<double>(*this, key, as_node(demand(key)), number_kind(low, high),
                           [&](const toml::node& node) { return as_number(node, low, high); });
}

std::vector<double> TomlTable::numbers(const std::string& key, const std::vector<double>& fallback,
                                       double low, double high) const {
  return find(key) ? numbers_in(key, low, high) : fallback;
}

bool TomlTable::is_table(const std::string& key) const {
  return has(key) && as_node(table_).as_table()->get(key)->is_table();
}

TomlTable TomlTable::table(const std::string& key) const {
  const void* found = find(key);
  if (found && !as_node(found).is_table()) refuse(*this, key, as_node(found), "a table");
  TomlTable opened(document_, found, path_of(key), found ? line_of(as_node(found)) : line_);
  if (found) document_->opened.push_back({found, opened.path_, opened.line_});
  return opened;
}

std::vector<TomlTable> TomlTable::tables(const std::string& key) const {
  const void* found = find(key);
  if (!found) return {};
  const toml::node& node = as_node(found);
  if (node.is_table()) return {table(key)};
  std::vector<TomlTable> tables;
  if (!node.is_array()) refuse(*this, key, node, "a list of tables");
  int number = 0;
  for (const auto& element : *node.as_array()) {
    if (!element.is_table()) refuse(*this, key, element, "a list of tables");
    tables.push_back(TomlTable(document_, &element,
                               path_of(key) + "[" + std::to_string(++number) + "]",
                               line_of(element)));
    document_->opened.push_back({&element, tables.back().path_, tables.back().line_});
  }
  return tables;
}

std::string TomlTable::scalar_text(const std::string& key) const {
  const toml::node& node = as_node(demand(key));
  if (const auto* value = node.as_string()) return value->get();
  if (!node.is_integer() && !node.is_floating_point())
    refuse(*this, key, node, "a string or a number");
  return shown(node);
}

std::string TomlTable::where() const {
  std::string text = document_->name;
  if (line_ > 0) text += ":" + std::to_string(line_);
  return path_.empty() ? text : text + ": " + one_line(path_);
}

std::string TomlTable::where(const std::string& key) const {
  const toml::node* node = table_ ? as_node(table_).as_table()->get(key) : nullptr;
  const int line = node ? line_of(*node) : path_.empty() ? 0 : line_;
  std::string text = document_->name;
  if (line > 0) text += ":" + std::to_string(line);
  return text + ": " + one_line(path_of(key));
}

void TomlTable::fail(const std::string& key, const std::string& message) const {
  throw InputError(where(key) + ": " + message);
}

void TomlTable::finish() const {
  const auto check = [](const TomlTable& table) {
    const std::set<std::string>& asked = table.document_->asked[table.path_];
    for (const std::string& key : table.keys())
      if (!asked.count(key))
        table.fail(key, "unknown key; accepted here: " +
                            joined(std::vector<std::string>(asked.begin(), asked.end())));
  };
  check(*this);
  for (const Document::Opened& opened : document_->opened) {
    if (opened.path.size() <= path_.size() || opened.path.compare(0, path_.size(), path_) != 0)
      continue;
    const char next = opened.path[path_.size()];
    if (path_.empty() || next == '.' || next == '[')
      check(TomlTable(document_, opened.table, opened.path, opened.line));
  }
}

TomlTable parse_toml(const std::string& text, const std::string& name) {
  auto document = std::make_shared<TomlTable::Document>();
  document->name = name;
  try {
    document->root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw InputError(name + ":" + std::to_string(error.source().begin.line) +
                     ": not valid TOML: " + std::string(error.description()));
  } catch (const InputError& error) {
    throw InputError(name + ": not valid TOML: " + error.what());
  }
  const toml::node* root = &document->root;
  return TomlTable(std::move(document), root, "", 0);
}

TomlTable open_toml(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot open the file");
  std::string text;
  char buffer[65536];
  while (file.read(buffer, sizeof buffer) || file.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(file.gcount()));
    if (static_cast<std::int64_t>(text.size()) > kMaxFileBytes)
      throw InputError(path + ": is over 16 MiB; accepted is a TOML file");
  }
  if (file.bad()) throw InputError(path + ": cannot read the file");
  return parse_toml(text, path);
}

}  // namespace edgefront
