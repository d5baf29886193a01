#include "experiments/pipeline/journal_line.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "experiments/pipeline/json_text.h"
#include "space/error.h"

namespace edgefront {
namespace {

using Json = nlohmann::json;

constexpr int kJournalVersion = 1;
constexpr std::size_t kSumBytes = 26;  // ,"sum":"0123456789abcdef"}

std::string checksum_tail(const std::string& body) {
  char tail[kSumBytes + 1];
  std::snprintf(tail, sizeof tail, ",\"sum\":\"%016llx\"}",
                static_cast<unsigned long long>(XXH3_64bits(body.data(), body.size())));
  return tail;
}

/// `body` is an object without its closing brace.
std::string sealed(const std::string& body) { return body + checksum_tail(body); }

/// Typed access to one line's fields; any surprise is an InputError. The checksum has been seen to
/// be right, so a surprise means a file of another kind or version.
class Fields {
 public:
  Fields(const Json& object, const std::string& where) : object_(object), where_(where) {}

  std::int64_t count(const char* key) const {
    const Json& value = get(key);
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0) refuse(key, "an index");
    return value.get<std::int64_t>();
  }
  double number(const Json& value, const char* key) const {
    if (!value.is_number() || !std::isfinite(value.get<double>())) refuse(key, "a number");
    return value.get<double>();
  }
  double number(const char* key) const { return number(get(key), key); }
  std::string text(const Json& value, const char* key) const {
    if (!value.is_string()) refuse(key, "a string");
    return value.get<std::string>();
  }
  std::string text(const char* key) const { return text(get(key), key); }
  const Json& get(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end()) refuse(key, "there");
    return *found;
  }
  [[noreturn]] void refuse(const char* key, const char* accepted) const {
    throw InputError(where_ + ": \"" + key + "\" is not " + accepted +
                     "; the line is not of a journal of version " +
                     std::to_string(kJournalVersion));
  }

 private:
  const Json& object_;
  const std::string& where_;
};

AskRecord read_ask(const Fields& fields) {
  AskRecord ask;
  ask.first = fields.count("ask");
  const Json& genotypes = fields.get("genotypes");
  if (!genotypes.is_array()) fields.refuse("genotypes", "a list");
  for (const Json& genotype : genotypes) {
    ask.genotypes.push_back(fields.text(genotype, "genotypes"));
  }
  return ask;
}

EvaluationRecord read_evaluation(const Json& object, const Fields& fields) {
  EvaluationRecord record;
  record.index = fields.count("evaluation");
  record.genotype = fields.text("genotype");
  if (object.contains("fidelity")) record.fidelity = static_cast<int>(fields.count("fidelity"));
  if (object.contains("replicate")) record.replicate = static_cast<int>(fields.count("replicate"));
  record.seconds = fields.number("seconds");
  if (object.contains("failed")) {
    record.status = EvaluationStatus::kFailed;
    record.reason = fields.text("failed");
    return record;
  }
  const Json& objectives = fields.get("objectives");
  if (!objectives.is_array()) fields.refuse("objectives", "a list");
  for (const Json& value : objectives) {
    record.objectives.push_back(fields.number(value, "objectives"));
  }
  if (object.contains("standard_errors")) {
    const Json& errors = fields.get("standard_errors");
    if (!errors.is_array() || errors.size() != objectives.size()) {
      fields.refuse("standard_errors", "a list with a number for each objective");
    }
    for (const Json& value : errors) {
      record.standard_errors.push_back(fields.number(value, "standard_errors"));
    }
  }
  record.violation = fields.number("violation");
  const Json& metrics = fields.get("metrics");
  if (!metrics.is_object()) fields.refuse("metrics", "an object");
  for (const auto& [name, value] : metrics.items()) {
    record.metrics[name] = fields.number(value, "metrics");
  }
  return record;
}

}  // namespace

std::string journal_header_line() {
  return sealed("{\"journal\":" + std::to_string(kJournalVersion));
}

std::string journal_line(const AskRecord& ask) {
  return sealed("{\"ask\":" + std::to_string(ask.first) +
                ",\"genotypes\":" + json_strings(ask.genotypes));
}

std::string journal_line(const AdoptRecord& adoption) {
  return sealed("{\"adopt\":" + std::to_string(adoption.at) +
                ",\"through\":" + std::to_string(adoption.through));
}

std::string journal_line(const EvaluationRecord& record) {
  std::string body = "{\"evaluation\":" + std::to_string(record.index) +
                     ",\"genotype\":" + json_string(record.genotype);
  if (record.fidelity != 0) body += ",\"fidelity\":" + std::to_string(record.fidelity);
  if (record.replicate != 0) body += ",\"replicate\":" + std::to_string(record.replicate);
  if (record.status == EvaluationStatus::kFailed) {
    body += ",\"failed\":" + json_string(record.reason);
  } else {
    body += ",\"objectives\":" + json_numbers(record.objectives);
    if (!record.standard_errors.empty()) {
      body += ",\"standard_errors\":" + json_numbers(record.standard_errors);
    }
    body += ",\"violation\":" + json_number(record.violation) +
            ",\"metrics\":" + json_object(record.metrics);
  }
  return sealed(body + ",\"seconds\":" + json_number(record.seconds));
}

JournalLine parse_journal_line(const std::string& line, const std::string& where) {
  const bool whole =
      line.size() > kSumBytes && line.substr(line.size() - kSumBytes) ==
                                     checksum_tail(line.substr(0, line.size() - kSumBytes));
  if (!whole) {
    throw InputError(where +
                     ": the line is damaged (its checksum does not fit); restore the file "
                     "from a copy, or cut it off before this line and resume");
  }
  const Json object = Json::parse(line, nullptr, false);
  if (!object.is_object()) throw InputError(where + ": the line is not a JSON object");
  const Fields fields(object, where);
  JournalLine parsed;
  if (object.contains("evaluation")) {
    parsed.kind = JournalLine::Kind::kEvaluation;
    parsed.evaluation = read_evaluation(object, fields);
  } else if (object.contains("ask")) {
    parsed.kind = JournalLine::Kind::kAsk;
    parsed.ask = read_ask(fields);
  } else if (object.contains("adopt")) {
    parsed.kind = JournalLine::Kind::kAdopt;
    parsed.adopt = {fields.count("adopt"), fields.count("through")};
  } else {
    const std::int64_t version = fields.count("journal");
    if (version != kJournalVersion) {
      throw InputError(where + ": journal version " + std::to_string(version) +
                       "; this program reads version " + std::to_string(kJournalVersion));
    }
  }
  return parsed;
}

}  // namespace edgefront
