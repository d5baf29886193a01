// One line of JSON from outside, taken apart field by field. What is wrong first becomes the
// Status, and all that is asked afterwards does nothing; so readers are straight lists of fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/status.h"

namespace edgefront {

/// One parsed line; owns the values that Fields look at.
class JsonLine {
 public:
  JsonLine();
  ~JsonLine();
  /// Invalid for more than `limit` bytes, and for anything but one JSON object.
  Status parse(const std::string& line, std::size_t limit);

 private:
  friend class Fields;
  struct Value;
  std::unique_ptr<Value> value_;
};

/// Takes fields out of one object. Every field of the object must have been taken when finish() is
/// called, so that a misspelt one is not ignored.
class Fields {
 public:
  static constexpr std::size_t kMaxTextBytes = 4096;  ///< of a key, a name, a message

  /// `what` begins the messages: "job", "tensor". `status` is ok, and outlives this.
  Fields(const JsonLine& line, std::string what, Status* status);

  bool has(const char* name) const;
  void text(const char* name, std::string* out, std::size_t limit = kMaxTextBytes);
  void integer(const char* name, std::int64_t low, std::int64_t high, std::int64_t* out);
  void integer(const char* name, std::int64_t low, std::int64_t high, std::int32_t* out);
  void seed(const char* name, std::uint64_t* out);
  void number(const char* name, double low, double high, double* out);

  // Arrays; elements are appended to `out`.
  void texts(const char* name, std::size_t limit, std::vector<std::string>* out);
  void ids(const char* name, std::size_t limit, std::vector<std::int32_t>* out);
  /// Numbers above zero, at most `high`.
  void positive_numbers(const char* name, std::size_t limit, double high, std::vector<double>* out);

  /// An object within, called `what` in messages: read() takes its fields.
  using Reader = std::function<void(Fields*)>;
  void object(const char* name, const char* what, const Reader& read);
  void objects(const char* name, std::size_t limit, const char* what, const Reader& read);

  void finish();
  void fail(const std::string& problem);
  bool ok() const { return status_->ok(); }
  /// For readers of parts that have a Status of their own.
  Status* status() { return status_; }

 private:
  Fields(const void* object, std::string what, Status* status);
  const void* take(const char* name);
  template <class Integer>
  void take_integer(const char* name, std::int64_t low, std::int64_t high, Integer* out);
  template <class Element>
  void take_array(const char* name, std::size_t limit, const char* elements,
                  const Element& element);

  const void* object_;  // a JSON value
  std::string what_;
  Status* status_;
  std::vector<std::string> taken_;
};

}  // namespace edgefront
