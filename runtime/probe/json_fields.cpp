#include "runtime/probe/json_fields.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "runtime/probe/json_namespace.h"

// After json_namespace.h, which must come first.
#include <nlohmann/json.hpp>

namespace edgefront {
namespace {

using Json = nlohmann::json;

const Json& json_at(const void* value) { return *static_cast<const Json*>(value); }

bool is_integer(const Json& json, std::int64_t low, std::int64_t high) {
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > static_cast<std::uint64_t>(high)) {
    return false;
  }
  return json.is_number_integer() && json.get<std::int64_t>() >= low &&
         json.get<std::int64_t>() <= high;
}

std::string plain(double value) { return Json(value).dump(); }

std::string field(const char* name) { return std::string("field '") + name + "'"; }

}  // namespace

struct JsonLine::Value {
  Json json;
};

JsonLine::JsonLine() : value_(new Value) {}
JsonLine::~JsonLine() = default;

Status JsonLine::parse(const std::string& line, std::size_t limit) {
  if (line.size() > limit) {
    return Status::invalid("line has " + std::to_string(line.size()) +
                           " bytes, accepted are at most " + std::to_string(limit));
  }
  value_->json = Json::parse(line, nullptr, false);
  if (value_->json.is_discarded()) return Status::invalid("line is not valid JSON");
  if (!value_->json.is_object()) return Status::invalid("line is not a JSON object");
  return {};
}

Fields::Fields(const JsonLine& line, std::string what, Status* status)
    : Fields(&line.value_->json, std::move(what), status) {}

Fields::Fields(const void* object, std::string what, Status* status)
    : object_(object), what_(std::move(what)), status_(status) {
  if (!json_at(object).is_object()) fail("is not an object");
}

bool Fields::has(const char* name) const {
  return json_at(object_).is_object() && json_at(object_).contains(name);
}

const void* Fields::take(const char* name) {
  if (!status_->ok()) return nullptr;
  if (!has(name)) {
    fail("lacks the " + field(name));
    return nullptr;
  }
  taken_.push_back(name);
  return &json_at(object_).find(name).value();
}

void Fields::text(const char* name, std::string* out, std::size_t limit) {
  const void* value = take(name);
  if (value == nullptr) return;
  const Json& json = json_at(value);
  if (!json.is_string() || json.get_ref<const std::string&>().size() > limit) {
    return fail(field(name) + " must be a string of at most " + std::to_string(limit) + " bytes");
  }
  *out = json.get_ref<const std::string&>();
}

template <class Integer>
void Fields::take_integer(const char* name, std::int64_t low, std::int64_t high, Integer* out) {
  const void* value = take(name);
  if (value == nullptr) return;
  if (!is_integer(json_at(value), low, high)) {
    return fail(field(name) + " must be an integer from " + std::to_string(low) + " to " +
                std::to_string(high));
  }
  *out = static_cast<Integer>(json_at(value).get<std::int64_t>());
}

void Fields::integer(const char* name, std::int64_t low, std::int64_t high, std::int64_t* out) {
  take_integer(name, low, high, out);
}

void Fields::integer(const char* name, std::int64_t low, std::int64_t high, std::int32_t* out) {
  take_integer(name, low, high, out);
}

void Fields::seed(const char* name, std::uint64_t* out) {
  const void* value = take(name);
  if (value == nullptr) return;
  if (!json_at(value).is_number_unsigned()) {
    return fail(field(name) + " must be a non-negative 64-bit integer");
  }
  *out = json_at(value).get<std::uint64_t>();
}

void Fields::number(const char* name, double low, double high, double* out) {
  const void* value = take(name);
  if (value == nullptr) return;
  const Json& json = json_at(value);
  const double number = json.is_number() ? json.get<double>() : std::nan("");
  if (!(number >= low && number <= high)) {
    return fail(field(name) + " must be a number from " + plain(low) + " to " + plain(high));
  }
  *out = number;
}

// Calls `element(json)` for each element; false from it fails the field.
template <class Element>
void Fields::take_array(const char* name, std::size_t limit, const char* elements,
                        const Element& element) {
  const void* value = take(name);
  if (value == nullptr) return;
  const Json& json = json_at(value);
  bool good = json.is_array() && json.size() <= limit;
  if (good) {
    for (const Json& one : json) good = good && element(one);
  }
  if (!good) {
    fail(field(name) + " must be an array of at most " + std::to_string(limit) + " " + elements);
  }
}

void Fields::texts(const char* name, std::size_t limit, std::vector<std::string>* out) {
  take_array(name, limit, "strings", [&](const Json& json) {
    if (!json.is_string()) return false;
    out->push_back(json.get_ref<const std::string&>());
    return out->back().size() <= kMaxTextBytes;
  });
}

void Fields::ids(const char* name, std::size_t limit, std::vector<std::int32_t>* out) {
  take_array(name, limit, "tensor ids", [&](const Json& json) {
    if (!is_integer(json, 0, std::numeric_limits<std::int32_t>::max())) return false;
    out->push_back(json.get<std::int32_t>());
    return true;
  });
}

void Fields::positive_numbers(const char* name, std::size_t limit, double high,
                              std::vector<double>* out) {
  take_array(name, limit, "positive numbers", [&](const Json& json) {
    const double value = json.is_number() ? json.get<double>() : 0;
    out->push_back(value);
    return value > 0 && value <= high;
  });
}

void Fields::object(const char* name, const char* what, const Reader& read) {
  const void* value = take(name);
  if (value == nullptr) return;
  Fields fields(value, what, status_);
  read(&fields);
  fields.finish();
}

void Fields::objects(const char* name, std::size_t limit, const char* what, const Reader& read) {
  const std::string elements = std::string(what) + "s";
  take_array(name, limit, elements.c_str(), [&](const Json& json) {
    Fields fields(&json, what, status_);
    if (status_->ok()) read(&fields);
    fields.finish();
    return status_->ok();
  });
}

void Fields::finish() {
  if (!status_->ok()) return;
  for (const auto& item : json_at(object_).items()) {
    if (std::find(taken_.begin(), taken_.end(), item.key()) == taken_.end()) {
      return fail("has the unknown field '" + item.key().substr(0, 80) + "'");
    }
  }
}

void Fields::fail(const std::string& problem) {
  if (status_->ok()) *status_ = Status::invalid(what_ + " " + problem);
}

}  // namespace edgefront
