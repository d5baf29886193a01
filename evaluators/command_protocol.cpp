#include "evaluators/command_protocol.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "runtime/graph_json.h"
#include "space/architecture.h"
#include "space/lower.h"

namespace edgefront {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxNameBytes = 200;    ///< of the handshake's texts
constexpr std::size_t kMaxColumnBytes = 64;   ///< of the name of an extra column
constexpr std::size_t kMaxReasonBytes = 400;  ///< of a failure

/// The choices that build this network, by the names of their decisions.
Json decisions_of(const SearchSpace& space, const Genotype& genotype) {
  Json json = Json::object();
  const std::vector<bool> active = active_decisions(space, genotype);
  for (std::size_t i = 0; i < space.decisions.size(); ++i) {
    if (active[i]) json[space.decisions[i].name] = space.decisions[i].choices[genotype.choices[i]];
  }
  return json;
}

/// An object, or what came instead.
std::optional<Json> object_of(const std::string& line, std::string* problem) {
  Json json = Json::parse(line, nullptr, false);
  if (json.is_object()) return json;
  *problem = "wrote \"" + shown_text(line) + "\", which is no JSON object" +
             (json.is_discarded() ? " (neither NaN nor Infinity is JSON)" : "") +
             "; what is no answer belongs on standard error";
  return std::nullopt;
}

std::optional<double> finite_number(const Json& json) {
  if (!json.is_number()) return std::nullopt;
  const double value = json.get<double>();
  return std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
}

bool is_column_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= kMaxColumnBytes && letter(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

/// Fills one field of an accuracy; returns what is wrong with it.
std::string read_field(const std::string& key, const Json& value, Accuracy& accuracy) {
  const std::optional<double> number = finite_number(value);
  const auto wrong = [&](const char* accepted) {
    return "answered with \"" + shown_text(key) +
           "\" = " + shown_text(value.dump(-1, ' ', true, Json::error_handler_t::replace)) +
           "; accepted is " + accepted;
  };
  if (key == "error") {
    if (!number) return wrong("a finite number");
    accuracy.error_percent = *number;
  } else if (key == "standard_error") {
    if (!number || *number < 0) return wrong("a finite number that is not negative");
    accuracy.standard_error = *number;
  } else {
    if (!is_column_name(key)) return wrong("a column named with at most 64 of a-z, A-Z, 0-9, _");
    if (!number) return wrong("a finite number");
    if (accuracy.extra.size() >= kMaxExtraColumns) return wrong("at most 64 columns");
    accuracy.extra[key] = *number;
  }
  return "";
}

}  // namespace

std::string shown_text(const std::string& text, std::size_t most) {
  std::string shown;
  for (const char c : text.substr(0, most)) shown += c >= ' ' && c <= '~' ? c : '?';
  return text.size() > most ? shown + "..." : shown;
}

std::string command_request_line(const SearchSpace& space, const AccuracyRequest& request,
                                 std::int64_t id, double budget) {
  const Genotype genotype = canonical(space, request.genotype);
  Json json;
  json["id"] = id;
  json["genotype"] = to_text(space, genotype);
  json["decisions"] = decisions_of(space, genotype);
  json["fidelity"] = request.fidelity;
  json["budget"] = budget;
  json["replicate"] = request.replicate;
  json["seed"] = request.seed >> 11;  // below 2^53: exact in every language's numbers
  json["classes"] = space.classes;
  json["graph"] = graph_json<Json>(lower(decode(space, genotype)));
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

CommandHandshake parse_command_handshake(const std::string& line) {
  CommandHandshake handshake;
  const std::optional<Json> json = object_of(line, &handshake.problem);
  if (!json) return handshake;
  const auto text = [&](const char* key, std::string* out) {
    const auto found = json->find(key);
    const bool good = found != json->end() && found->is_string() &&
                      !found->get_ref<const std::string&>().empty() &&
                      found->get_ref<const std::string&>().size() <= kMaxNameBytes;
    if (good) *out = found->get<std::string>();
    return good;
  };
  const auto version = json->find("edgefront_evaluator");
  if (version == json->end() || !version->is_number_integer() ||
      *version != kCommandProtocolVersion) {
    handshake.problem = "wrote \"" + shown_text(line) + "\"; accepted as the first line is " +
                        "{\"edgefront_evaluator\":" + std::to_string(kCommandProtocolVersion) +
                        ",\"name\":\"...\",\"version\":\"...\"}";
  } else if (json->size() != 3 || !text("name", &handshake.name) ||
             !text("version", &handshake.version)) {
    handshake.problem = "wrote \"" + shown_text(line) +
                        "\"; beside its version of the protocol a name and a version are "
                        "accepted, texts of 1 to 200 bytes";
  }
  return handshake;
}

CommandAnswer parse_command_answer(const std::string& line, std::int64_t id) {
  CommandAnswer answer;
  const std::optional<Json> json = object_of(line, &answer.problem);
  if (!json) return answer;
  const auto came = json->find("id");
  if (came == json->end() || !came->is_number_integer() || *came != id) {
    answer.problem =
        "answered \"" + shown_text(line) + "\", but was asked with \"id\":" + std::to_string(id);
    return answer;
  }
  const auto failed = json->find("failed");
  if (failed != json->end()) {
    if (json->size() != 2 || !failed->is_string()) {
      answer.problem = "answered \"" + shown_text(line) +
                       "\"; beside \"failed\", a text, nothing but the id is accepted";
    } else {
      answer.accuracy.failure =
          "the evaluator: " + shown_text(failed->get<std::string>(), kMaxReasonBytes);
    }
    return answer;
  }
  if (!json->contains("error")) {
    answer.problem = "answered \"" + shown_text(line) + "\" without \"error\" or \"failed\"";
    return answer;
  }
  for (const auto& [key, value] : json->items()) {
    if (key == "id") continue;
    answer.problem = read_field(key, value, answer.accuracy);
    if (!answer.problem.empty()) return answer;
  }
  answer.accuracy.ok = true;
  return answer;
}

}  // namespace edgefront
