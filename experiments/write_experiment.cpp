// The writing half of experiments/search_experiment.h.
#include <utility>

#include "experiments/experiment_fields.h"
#include "experiments/pipeline/json_text.h"
#include "experiments/pipeline/metrics.h"
#include "experiments/search_experiment.h"
#include "experiments/units.h"
#include "space/toml_reader.h"

namespace edgefront {
namespace {

/// A basic string of TOML has the escapes of a JSON string.
std::string toml_string(const std::string& text) { return json_string(text); }

std::string list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + toml_string(text);
  return out + "]";
}

using Entries = std::vector<std::pair<std::string, std::string>>;

/// Collects key and TOML text of each field.
class FieldWriter {
 public:
  explicit FieldWriter(Entries& out) : out_(out) {}

  void operator()(const char* key, int field, int, int) const { put(key, std::to_string(field)); }
  void operator()(const char* key, std::int64_t field, std::int64_t, std::int64_t) const {
    put(key, std::to_string(field));
  }
  void operator()(const char* key, double field, double, double) const {
    put(key, number_text(field));
  }
  void operator()(const char* key, double field, Unit unit) const {
    put(key, toml_string(exact_quantity(field, unit)));
  }
  void operator()(const char* key, bool field) const { put(key, field ? "true" : "false"); }
  void operator()(const char* key, const std::string& field) const { put(key, toml_string(field)); }
  void operator()(const char* key, const std::vector<std::string>& field) const {
    put(key, list(field));
  }
  void operator()(const char* key, const std::map<std::string, std::string>& field) const {
    std::string text;
    for (const auto& [name, value] : field) {
      text += (text.empty() ? " " : ", ") + toml_string(name) + " = " + toml_string(value);
    }
    put(key, "{" + text + (text.empty() ? "}" : " }"));
  }
  template <typename Enum>
  void operator()(const char* key, Enum field, const EnumNames<Enum>& names) const {
    put(key, toml_string(enum_text(field, names)));
  }
  template <typename Enum>
  void operator()(const char* key, const std::vector<Enum>& field,
                  const EnumNames<Enum>& names) const {
    std::vector<std::string> texts;
    for (const Enum value : field) texts.push_back(enum_text(value, names));
    put(key, list(texts));
  }

 private:
  void put(const char* key, std::string text) const { out_.emplace_back(key, std::move(text)); }
  Entries& out_;
};

struct Table {
  std::string header;  ///< "[search]"; "" for the root
  std::string prefix;  ///< of its keys in resolved_keys: "search."
  Entries entries;
};

template <typename Options>
Table table(const std::string& header, const std::string& prefix, Options options) {
  Table out{header, prefix, {}};
  visit(FieldWriter(out.entries), options);
  return out;
}

Table evaluator_table(const std::string& header, const std::string& prefix,
                      const EvaluatorChoice& choice) {
  Table out = table(header, prefix, choice);
  out.entries.insert(out.entries.begin(), {"kind", toml_string(evaluator_name(choice.kind))});
  return out;
}

/// The whole experiment in the order of the file.
std::vector<Table> tables(const SearchExperiment& experiment) {
  std::vector<Table> out;
  out.push_back({"",
                 "",
                 {{"name", toml_string(experiment.name)},
                  {"seed", std::to_string(experiment.seed)},
                  {"objectives", list(experiment.objectives)}}});
  Table space{"[space]", "space.", {{"file", toml_string(experiment.space_file)}}};
  if (!experiment.space_decisions.empty()) {
    space.entries.emplace_back("decisions", list(experiment.space_decisions));
  }
  out.push_back(std::move(space));
  std::vector<std::string> names;
  for (const DeviceChoice& device : experiment.devices) {
    out.push_back(table("[[device]]", "device." + device.name + ".", device));
    names.push_back(device.name);
  }
  Table constraints{"[constraints]", "constraints.", {}};
  for (const auto& [name, limit] : experiment.constraints) {
    const Unit unit = find_metric(name, names).metric->unit;
    const std::string key = name.find('@') == std::string::npos ? name : toml_string(name);
    constraints.entries.emplace_back(key, toml_string(exact_quantity(limit, unit)));
  }
  out.push_back(std::move(constraints));
  for (std::size_t f = 0; f < experiment.lower.size(); ++f) {
    out.push_back(evaluator_table("[[fidelity]]", "fidelity." + std::to_string(f) + ".",
                                  experiment.lower[f]));
  }
  out.push_back(evaluator_table("[evaluator]", "evaluator.", experiment.evaluator));
  out.push_back(table("[search]", "search.", experiment.search));
  out.push_back(table("[export]", "export.", experiment.export_choice));
  if (experiment.deployment) {
    out.push_back(table("[deployment]", "deployment.", *experiment.deployment));
  }
  return out;
}

}  // namespace

std::string write_resolved(const SearchExperiment& experiment) {
  std::string out;
  for (const Table& table : tables(experiment)) {
    if (!table.header.empty()) out += "\n" + table.header + "\n";
    for (const auto& [key, text] : table.entries) {
      // An absent file is an absent key: an empty path would be looked for.
      if (table.header == "[[device]]" && text == "\"\"") continue;
      out += key + " = " + text + "\n";
    }
  }
  return out;
}

std::map<std::string, std::string> resolved_keys(const SearchExperiment& experiment) {
  std::map<std::string, std::string> keys;
  for (const Table& table : tables(experiment)) {
    for (const auto& [key, text] : table.entries) keys[table.prefix + key] = text;
  }
  return keys;
}

bool may_change_on_resume(const std::string& key) {
  const auto ends_with = [&](const std::string& tail) {
    return key.size() > tail.size() &&
           key.compare(key.size() - tail.size(), tail.size(), tail) == 0;
  };
  if (key == "search.evaluations" || key == "search.threads" || key == "space.file") return true;
  if (key == "search.max_consecutive_failures" || key == "search.wall_clock") return true;
  if (key.rfind("search.stagnation_", 0) == 0) return true;
  // Of a command: how it is run. What it computes, it says itself.
  for (const char* how : {".parallel", ".timeout", ".start_timeout", ".retries"}) {
    const bool evaluator = key.rfind("evaluator.", 0) == 0 || key.rfind("fidelity.", 0) == 0;
    if (evaluator && ends_with(how)) return true;
  }
  return key.rfind("device.", 0) == 0 && (ends_with(".profile") || ends_with(".description"));
}

}  // namespace edgefront
