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

/// Version 1 had neither stops nor times, and was asked a batch at a time.
constexpr int kJournalVersion = 2;
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

  std::int64_t count(const char* key) const { return count(get(key), key); }
  std::int64_t count(const Json& value, const char* key) const {
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
                     "; the line is not of a journal of version 1 to " +
                     std::to_string(kJournalVersion));
  }

 private:
  const Json& object_;
  const std::string& where_;
};

/// The list under `key` has one entry per candidate, or is not there: all 0.
void read_counts(const Json& object, const Fields& fields, const char* key,
                 int AskedCandidate::*field, std::vector<AskedCandidate>& candidates) {
  if (!object.contains(key)) return;
  const Json& values = object.at(key);
  if (!values.is_array() || values.size() != candidates.size()) {
    fields.refuse(key, "a list with an entry per candidate");
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    candidates[i].*field = static_cast<int>(fields.count(values[i], key));
  }
}

AskRecord read_ask(const Json& object, const Fields& fields) {
  AskRecord ask;
  ask.first = fields.count("ask");
  const Json& genotypes = fields.get("genotypes");
  if (!genotypes.is_array()) fields.refuse("genotypes", "a list");
  for (const Json& genotype : genotypes) {
    ask.candidates.push_back({.genotype = fields.text(genotype, "genotypes")});
  }
  read_counts(object, fields, "fidelities", &AskedCandidate::fidelity, ask.candidates);
  read_counts(object, fields, "replicates", &AskedCandidate::replicate, ask.candidates);
  if (object.contains("elapsed")) ask.elapsed_s = fields.number("elapsed");
  return ask;
}

AdoptRecord read_adopt(const Json& object, const Fields& fields) {
  AdoptRecord adopt{.at = fields.count("adopt"), .through = fields.count("through")};
  if (object.contains("warm_start")) adopt.warm_start = fields.text("warm_start");
  return adopt;
}

StopRecord read_stop(const Json& object, const Fields& fields) {
  StopRecord stop{.after = fields.count("stop"),
                  .cause = fields.text("cause"),
                  .limit = fields.number("limit")};
  if (object.contains("growth")) stop.growth = fields.number("growth");
  return stop;
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
  std::vector<std::string> genotypes;
  std::vector<double> fidelities, replicates;
  bool lower = false, again = false;
  for (const AskedCandidate& candidate : ask.candidates) {
    genotypes.push_back(candidate.genotype);
    fidelities.push_back(candidate.fidelity);
    replicates.push_back(candidate.replicate);
    lower = lower || candidate.fidelity != 0;
    again = again || candidate.replicate != 0;
  }
  std::string body =
      "{\"ask\":" + std::to_string(ask.first) + ",\"genotypes\":" + json_strings(genotypes);
  if (lower) body += ",\"fidelities\":" + json_numbers(fidelities);
  if (again) body += ",\"replicates\":" + json_numbers(replicates);
  return sealed(body + ",\"elapsed\":" + json_number(ask.elapsed_s));
}

std::string journal_line(const AdoptRecord& adoption) {
  std::string body = "{\"adopt\":" + std::to_string(adoption.at) +
                     ",\"through\":" + std::to_string(adoption.through);
  if (!adoption.warm_start.empty()) body += ",\"warm_start\":" + json_string(adoption.warm_start);
  return sealed(body);
}

std::string journal_line(const StopRecord& stop) {
  std::string body = "{\"stop\":" + std::to_string(stop.after) +
                     ",\"cause\":" + json_string(stop.cause) +
                     ",\"limit\":" + json_number(stop.limit);
  if (stop.growth != 0) body += ",\"growth\":" + json_number(stop.growth);
  return sealed(body);
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
    parsed.ask = read_ask(object, fields);
  } else if (object.contains("adopt")) {
    parsed.kind = JournalLine::Kind::kAdopt;
    parsed.adopt = read_adopt(object, fields);
  } else if (object.contains("stop")) {
    parsed.kind = JournalLine::Kind::kStop;
    parsed.stop = read_stop(object, fields);
  } else {
    const std::int64_t version = fields.count("journal");
    if (version < 1 || version > kJournalVersion) {
      throw InputError(where + ": journal version " + std::to_string(version) +
                       "; this program reads versions 1 to " + std::to_string(kJournalVersion));
    }
    parsed.version = static_cast<int>(version);
  }
  return parsed;
}

}  // namespace edgefront
