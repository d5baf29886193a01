#include "experiments/search_experiment.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "experiments/experiment_fields.h"
#include "experiments/pipeline/metrics.h"
#include "experiments/units.h"
#include "space/error.h"
#include "space/toml_reader.h"

namespace edgefront {
namespace {

/// Fills fields from a table; a field's default is what it holds before.
class FieldReader {
 public:
  explicit FieldReader(const TomlTable& table) : table_(table) {}

  void operator()(const char* key, int& field, int low, int high) const {
    field = static_cast<int>(table_.integer(key, field, low, high));
  }
  void operator()(const char* key, std::int64_t& field, std::int64_t low, std::int64_t high) const {
    field = table_.integer(key, field, low, high);
  }
  void operator()(const char* key, double& field, double low, double high) const {
    field = table_.number(key, field, low, high);
  }
  /// A quantity above 0, with its unit as a person writes it; 0 too where it is the default.
  void operator()(const char* key, double& field, Unit unit) const {
    if (!table_.has(key)) return;
    const bool may_be_none = field == 0;
    try {
      field = parse_quantity(table_.scalar_text(key), unit);
    } catch (const InputError& error) {
      table_.fail(key, error.what());
    }
    if (!(field > 0) && !may_be_none) table_.fail(key, "came 0; accepted is a quantity above 0");
  }
  void operator()(const char* key, bool& field) const { field = table_.boolean(key, field); }
  void operator()(const char* key, std::string& field) const { field = table_.string(key, field); }
  void operator()(const char* key, std::vector<std::string>& field) const {
    field = is_empty_list(key) ? std::vector<std::string>() : table_.strings(key, field);
  }
  void operator()(const char* key, std::map<std::string, std::string>& field) const {
    const TomlTable table = table_.table(key);
    for (const std::string& name : table.keys()) field[name] = table.string(name);
  }
  template <typename Enum>
  void operator()(const char* key, Enum& field, const EnumNames<Enum>& names) const {
    std::vector<std::string> accepted;
    for (const auto& [name, value] : names) accepted.push_back(name);
    const std::string chosen = table_.one_of(key, accepted, enum_text(field, names));
    for (const auto& [name, value] : names) {
      if (chosen == name) field = value;
    }
  }
  template <typename Enum>
  void operator()(const char* key, std::vector<Enum>& field, const EnumNames<Enum>& names) const {
    std::vector<std::string> texts;
    for (const Enum value : field) texts.push_back(enum_text(value, names));
    (*this)(key, texts);
    field.clear();
    for (const std::string& text : texts) {
      std::string accepted;
      const std::size_t before = field.size();
      for (const auto& [name, value] : names) {
        accepted += (accepted.empty() ? "" : ", ") + std::string(name);
        if (text == name) field.push_back(value);
      }
      if (field.size() == before) {
        table_.fail(key, "came \"" + text + "\"; accepted: " + accepted);
      }
    }
  }

 private:
  /// strings() refuses [], but "include nothing" is a fair wish. [] is the one list that is also a
  /// list of tables.
  bool is_empty_list(const char* key) const {
    if (!table_.has(key) || table_.is_table(key)) return false;
    try {
      return table_.tables(key).empty();
    } catch (const InputError&) {
      return false;
    }
  }

  const TomlTable& table_;
};

/// Where `path` is found: as written, else in the file's folder, else as written (whoever opens it
/// says that it is missing).
std::string resolve_path(const std::string& path, const std::string& folder) {
  namespace fs = std::filesystem;
  if (path.empty() || fs::path(path).is_absolute()) return path;
  std::error_code ignored;
  const fs::path beside = fs::path(folder) / path;
  if (!fs::exists(path, ignored) && fs::exists(beside, ignored)) return beside.string();
  return path;
}

/// "idx:DIR" and the like: the part behind the colon is a path.
std::string resolve_data(const std::string& spec, const std::string& folder) {
  const std::size_t colon = spec.find(':');
  if (colon == std::string::npos) return spec;
  return spec.substr(0, colon + 1) + resolve_path(spec.substr(colon + 1), folder);
}

std::vector<std::string> device_names(const SearchExperiment& experiment) {
  std::vector<std::string> names;
  for (const DeviceChoice& device : experiment.devices) names.push_back(device.name);
  return names;
}

void read_devices(const TomlTable& root, const std::string& folder, SearchExperiment& experiment) {
  std::set<std::string> names;
  for (const TomlTable& table : root.tables("device")) {
    DeviceChoice device;
    visit(FieldReader(table), device);
    if (device.name.empty() || device.name.find_first_of("@\" \t\r\n") != std::string::npos) {
      table.fail("name", "came \"" + device.name + "\"; accepted is a word without spaces and @");
    }
    if (!names.insert(device.name).second) {
      table.fail("name", "\"" + device.name + "\" stands twice; names of devices differ");
    }
    if (device.profile.empty() && device.description.empty()) {
      table.fail("profile",
                 "is missing; accepted is a device profile (.h5), or description = "
                 "\"FILE.toml\" to estimate without measurements");
    }
    device.profile = resolve_path(device.profile, folder);
    device.description = resolve_path(device.description, folder);
    experiment.devices.push_back(std::move(device));
  }
  if (experiment.evaluator.kind == EvaluatorKind::kTable) {
    if (!experiment.devices.empty()) root.fail("device", "has no meaning for rows of a table");
    return;
  }
  if (experiment.devices.empty()) {
    root.fail("device",
              "is missing; accepted is e.g. [{ name = \"host\", profile = \"host.h5\" }]");
  }
}

/// Runs `check` and puts the place in front of what it throws.
template <typename Check>
auto at_key(const TomlTable& table, const std::string& key, const Check& check) {
  try {
    return check();
  } catch (const InputError& error) {
    table.fail(key, error.what());
  }
}

void read_objectives(const TomlTable& root, SearchExperiment& experiment) {
  const std::vector<std::string> devices = device_names(experiment);
  experiment.objectives = root.strings("objectives", {"error", "latency_us"});
  std::set<std::string> seen;
  for (const std::string& name : experiment.objectives) {
    at_key(root, "objectives", [&] { return find_metric(name, devices); });
    if (!seen.insert(name).second) root.fail("objectives", "\"" + name + "\" stands twice");
  }
  const TomlTable constraints = root.table("constraints");
  for (const std::string& name : constraints.keys()) {
    experiment.constraints[name] = at_key(constraints, name, [&] {
      const Unit unit = find_metric(name, devices).metric->unit;
      return parse_quantity(constraints.scalar_text(name), unit);
    });
    if (!(experiment.constraints[name] > 0)) {
      constraints.fail(name, "came 0; accepted is a limit above 0");
    }
  }
}

/// Each metric that is asked for has a column, and what a table cannot say is refused.
void check_table(const TomlTable& root, const SearchExperiment& experiment) {
  const TomlTable table = root.table("evaluator");
  const TableEvaluatorOptions& options = experiment.evaluator.table;
  const auto has_column = [&](const std::string& name) {
    if (options.columns.count(name)) return;
    table.fail("columns",
               "has no column for " + name + "; accepted is e.g. { " + name + " = \"COLUMN\" }");
  };
  for (const std::string& name : experiment.objectives) has_column(name);
  for (const auto& [name, limit] : experiment.constraints) has_column(name);
  for (const auto& [name, column] : options.columns) {
    const Metric& metric = *at_key(table, "columns", [&, &metric_name = name] {
                              return find_metric(metric_name, {});
                            }).metric;
    if (metric.sense == Sense::kMaximised) {
      table.fail("columns", name + " is better when larger; a table gives what is minimised");
    }
  }
  for (const auto& [name, column] : options.signal) {
    has_column(name);
    if (find_metric(name, {}).metric->of_device()) {
      table.fail("signal", name + " is free to look up and has no signal; accepted: error");
    }
  }
}

void read_evaluator(const TomlTable& table, const std::string& folder, EvaluatorChoice& evaluator) {
  const FieldReader reader(table);
  reader("kind", evaluator.kind, kEvaluatorNames);
  visit(reader, evaluator);
  if (trains_here(evaluator.kind) && evaluator.data.empty()) {
    table.fail("data", "is missing; accepted is a data set, e.g. \"fashion-mnist\"");
  }
  if (evaluator.kind == EvaluatorKind::kCommand) {
    std::vector<std::string>& words = evaluator.command.command;
    if (words.empty()) {
      table.fail("command", "is missing; accepted is e.g. [\"python3\", \"train.py\"]");
    }
    for (std::string& word : words) word = resolve_path(word, folder);
  }
  if (evaluator.kind == EvaluatorKind::kPredictor && evaluator.weights.empty()) {
    table.fail("weights", "is missing; accepted is an HDF5 file of the predictor's layers");
  }
  evaluator.weights = resolve_path(evaluator.weights, folder);
  evaluator.data = resolve_data(evaluator.data, folder);
}

DeploymentOptions read_deployment(const TomlTable& root) {
  DeploymentOptions deployment;
  const TomlTable table = root.table("deployment");
  visit(FieldReader(table), deployment);
  try {
    check_deployment(deployment);
  } catch (const InputError& error) {
    throw InputError(table.where() + ": " + error.what());
  }
  return deployment;
}

/// [[fidelity]]: evaluators below that of [evaluator].
void read_lower(const TomlTable& root, const std::string& folder, SearchExperiment& experiment) {
  int supernets = experiment.evaluator.kind == EvaluatorKind::kSupernet ? 1 : 0;
  for (const TomlTable& table : root.tables("fidelity")) {
    EvaluatorChoice choice;
    read_evaluator(table, folder, choice);
    if (choice.kind == EvaluatorKind::kTable ||
        experiment.evaluator.kind == EvaluatorKind::kTable) {
      table.fail("kind", "a table has no evaluators of lower fidelities");
    }
    supernets += choice.kind == EvaluatorKind::kSupernet;
    if (supernets > 1) table.fail("kind", "came \"supernet\" twice; accepted is one supernet");
    choice.command.log_stem += ".fidelity" + std::to_string(experiment.lower.size());
    experiment.lower.push_back(std::move(choice));
  }
}

/// The fidelities that are left to the evaluator behind a zero-cost score and lower evaluators.
void read_fidelities(const TomlTable& table, SearchExperiment& experiment) {
  const SearchChoice& search = experiment.search;
  const int scored = search.zero_cost == ZeroCost::kNone ? 0 : 1;
  const int below = scored + static_cast<int>(experiment.lower.size());
  const int left = search.fidelities - below;
  if (left < 1 && experiment.lower.empty()) {
    table.fail("zero_cost", "needs fidelities = 2 or more: the score is the lowest of them");
  }
  if (left < 1) {
    table.fail("fidelities", "came " + std::to_string(search.fidelities) + "; " +
                                 std::to_string(below) + " stand below that of [evaluator]: " +
                                 "accepted is " + std::to_string(below + 1) + " or more");
  }
  if (left > 1 && experiment.evaluator.kind == EvaluatorKind::kSupernet) {
    table.fail("fidelities", "came " + std::to_string(search.fidelities) +
                                 "; a supernet judges every network in one way: accepted is " +
                                 std::to_string(1 + below));
  }
  experiment.evaluator.train.fidelities = experiment.evaluator.command.fidelities = left;
  experiment.evaluator.train.eta = experiment.evaluator.command.eta = search.eta;
}

/// Scores need layers, which the rows of a table lack.
void check_features(const TomlTable& table, const SearchExperiment& experiment) {
  const std::vector<ZeroCost>& features = experiment.search.features;
  const bool rows = experiment.evaluator.kind == EvaluatorKind::kTable;
  if (rows && !features.empty()) {
    table.fail("features", "need layers; accepted for a table are columns, in evaluator.features");
  }
  if (rows && experiment.search.zero_cost != ZeroCost::kNone) {
    table.fail("zero_cost", "needs layers, which the rows of a table lack");
  }
  for (const ZeroCost feature : features) {
    if (std::count(features.begin(), features.end(), feature) > 1) {
      table.fail("features",
                 std::string("\"") + enum_text(feature, kFeatureNames) + "\" stands twice");
    }
  }
}

SearchExperiment read(const TomlTable& root, const std::string& folder) {
  SearchExperiment experiment;
  experiment.name = root.string("name");
  experiment.seed = static_cast<std::uint64_t>(root.integer("seed", 0));
  const TomlTable space = root.table("space");
  experiment.space_file = resolve_path(space.string("file"), folder);
  experiment.space_decisions = space.strings("decisions", {});
  read_evaluator(root.table("evaluator"), folder, experiment.evaluator);
  read_lower(root, folder, experiment);
  const bool table = experiment.evaluator.kind == EvaluatorKind::kTable;
  if (table == experiment.space_decisions.empty()) {
    space.fail("decisions", table ? "is missing; accepted are columns of the table"
                                  : "is for evaluator.kind = \"table\" alone");
  }
  read_devices(root, folder, experiment);
  read_objectives(root, experiment);
  if (table) check_table(root, experiment);
  const TomlTable search_table = root.table("search");
  visit(FieldReader(search_table), experiment.search);
  read_fidelities(search_table, experiment);
  check_features(search_table, experiment);
  experiment.export_choice.inherit = experiment.evaluator.kind == EvaluatorKind::kSupernet;
  const TomlTable export_table = root.table("export");
  visit(FieldReader(export_table), experiment.export_choice);
  if (experiment.export_choice.inherit && !supernet_of(experiment)) {
    export_table.fail("inherit",
                      "came true; only evaluator.kind = \"supernet\" has weights to "
                      "inherit");
  }
  if (root.has("deployment")) experiment.deployment = read_deployment(root);
  root.finish();
  return experiment;
}

}  // namespace

SearchExperiment load_experiment(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return read(open_toml(path), folder.empty() ? "." : folder);
}

DeploymentOptions load_deployment(const std::string& path) {
  const TomlTable root = open_toml(path);
  if (!root.has("deployment")) throw InputError(path + ": has no [deployment] table");
  const DeploymentOptions deployment = read_deployment(root);
  root.table("deployment").finish();
  return deployment;
}

SearchExperiment parse_experiment(const std::string& toml, const std::string& name,
                                  const std::string& folder) {
  return read(parse_toml(toml, name), folder);
}

const char* algorithm_name(AlgorithmKind kind) { return enum_text(kind, kAlgorithmNames); }
bool trains_here(EvaluatorKind kind) {
  return kind == EvaluatorKind::kSupernet || kind == EvaluatorKind::kTrain;
}
const EvaluatorChoice* supernet_of(const SearchExperiment& experiment) {
  if (experiment.evaluator.kind == EvaluatorKind::kSupernet) return &experiment.evaluator;
  for (const EvaluatorChoice& choice : experiment.lower) {
    if (choice.kind == EvaluatorKind::kSupernet) return &choice;
  }
  return nullptr;
}
const char* evaluator_name(EvaluatorKind kind) { return enum_text(kind, kEvaluatorNames); }
const char* zero_cost_name(ZeroCost kind) { return enum_text(kind, kZeroCostNames); }

}  // namespace edgefront
