// A strict reader for the TOML files that a person writes: spaces, experiments, batches, device
// descriptions. Every key that is asked for is marked; finish() refuses the rest, so that a typing
// error never becomes a default. Every message is one line with file, line, full key path, what
// came and what is accepted. toml++ stays in the .cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace edgefront {

/// One table of a document. Cheap to copy; copies share the document and its marks. A table that
/// the file does not have is an empty one, so its defaults apply. Not thread-safe.
///
/// Getters with a `fallback` return it where the key is absent; those without throw. Ranges are
/// inclusive; NaN is in no range. An integer is accepted where a number is asked for, never the
/// other way round. All errors are InputError.
class TomlTable {
 public:
  static constexpr std::int64_t kMaxInteger = std::numeric_limits<std::int64_t>::max();
  static constexpr double kMaxNumber = std::numeric_limits<double>::max();

  bool has(const std::string& key) const;
  /// Keys in the order of the file; marks nothing.
  std::vector<std::string> keys() const;

  std::string string(const std::string& key) const;
  std::string string(const std::string& key, const std::string& fallback) const;
  /// One of `accepted`; the message lists them.
  std::string one_of(const std::string& key, const std::vector<std::string>& accepted) const;
  std::string one_of(const std::string& key, const std::vector<std::string>& accepted,
                     const std::string& fallback) const;
  bool boolean(const std::string& key) const;
  bool boolean(const std::string& key, bool fallback) const;
  std::int64_t integer(const std::string& key) const;
  std::int64_t integer(const std::string& key, std::int64_t fallback, std::int64_t low = 0,
                       std::int64_t high = kMaxInteger) const;
  /// As integer(), for a key without default.
  std::int64_t integer_in(const std::string& key, std::int64_t low, std::int64_t high) const;
  double number(const std::string& key) const;
  double number(const std::string& key, double fallback, double low = -kMaxNumber,
                double high = kMaxNumber) const;
  double number_in(const std::string& key, double low, double high) const;

  // Lists: a scalar counts as a list of one; an empty list is an error unless it is the fallback
  // of an absent key. Values may repeat; the caller refuses that where it matters.
  std::vector<std::string> strings(const std::string& key) const;
  std::vector<std::string> strings(const std::string& key,
                                   const std::vector<std::string>& fallback) const;
  std::vector<std::int64_t> integers_in(const std::string& key, std::int64_t low,
                                        std::int64_t high) const;
  std::vector<std::int64_t> integers(const std::string& key,
                                     const std::vector<std::int64_t>& fallback,
                                     std::int64_t low = 0, std::int64_t high = kMaxInteger) const;
  std::vector<double> numbers_in(const std::string& key, double low, double high) const;
  std::vector<double> numbers(const std::string& key, const std::vector<double>& fallback,
                              double low = -kMaxNumber, double high = kMaxNumber) const;

  /// A sub-table ([key] or inline); empty where absent. Anything else under the key is an error.
  TomlTable table(const std::string& key) const;
  /// True where the key stands there and is a table; marks nothing.
  bool is_table(const std::string& key) const;
  /// Tables of an array ([[key]], or inline); one table counts as an array of one; empty where
  /// absent.
  std::vector<TomlTable> tables(const std::string& key) const;
  /// The scalar under `key` as it would stand in a list of choices: "3", "0.25", "relu6".
  std::string scalar_text(const std::string& key) const;

  /// "file.toml:12: stages[2].width" (the line of the key, or of the table where it is absent).
  std::string where(const std::string& key) const;
  /// "file.toml:12: stages[2]".
  std::string where() const;
  /// Throws InputError(where(key) + ": " + message).
  [[noreturn]] void fail(const std::string& key, const std::string& message) const;

  /// Throws for the first key of this table, or of one below that was opened, that nobody asked
  /// for; lists the keys that were asked for.
  void finish() const;

 private:
  friend TomlTable parse_toml(const std::string&, const std::string&);
  struct Document;
  TomlTable(std::shared_ptr<Document> document, const void* table, std::string path, int line);
  const void* find(const std::string& key) const;    ///< toml::node, or null; marks the key
  const void* demand(const std::string& key) const;  ///< the same, absent is an error
  std::string path_of(const std::string& key) const;

  std::shared_ptr<Document> document_;
  const void* table_;  ///< toml::table inside document_, or null: absent
  std::string path_;   ///< "" for the root
  int line_;           ///< where the table begins; 0 unknown
};

/// `name` stands for the file in messages.
TomlTable parse_toml(const std::string& text, const std::string& name);
/// A missing or unreadable file, or one over 16 MiB, is an InputError.
TomlTable open_toml(const std::string& path);

/// Shortest decimal text that reads back as the same value: "6", "0.25".
std::string number_text(double value);

}  // namespace edgefront
