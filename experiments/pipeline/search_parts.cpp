#include "experiments/pipeline/search_parts.h"

#include "costmodels/analytic_time.h"
#include "evaluators/fidelity_chain.h"
#include "experiments/host.h"
#include "experiments/pipeline/table_source.h"
#include "hwprofiles/hdf5_arrays.h"
#include "hwprofiles/profile_store.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

std::string file_digest(const std::string& path) {
  std::vector<std::uint8_t> bytes;
  require(read_file(path, &bytes));
  return digest_hex(bytes.data(), bytes.size());
}

/// The set that costs are looked up for: the experiment's; else the forced one; else, of the sets
/// that the profile was measured with in this precision, the best.
std::string kernel_set_of(const DeviceChoice& device, const DeviceProfile& profile) {
  if (!device.kernel_set.empty()) return device.kernel_set;
  if (const std::string forced = forced_kernel_set(); !forced.empty()) return forced;
  for (const KernelSet* set : kernel_sets()) {
    for (const auto& [text, entry] : profile.layers) {
      if (entry.key.kernel_set == set->name && entry.key.precision == device.precision) {
        return set->name;
      }
    }
  }
  return "";
}

/// Limits of the device's description, and where its costs come from if nothing was measured.
void describe(const DeviceChoice& device, SearchParts& parts,
              const std::function<void(const std::string&)>& note) {
  if (device.description.empty()) return;
  const DeviceDescription description = load_device_description(device.description);
  const bool first = parts.devices.size() == 1;
  const auto limits = limits_of(description, first ? "" : device.name);
  parts.limits.insert(limits.begin(), limits.end());
  if (!note) return;
  if (device.profile.empty()) {
    note("device " + device.name + ": " + analytic_label(description) + ", nothing is measured");
  }
  std::string text;
  for (const auto& [name, limit] : limits) {
    const Unit unit = find_metric(name.substr(0, name.find('@')), {}).metric->unit;
    text += (text.empty() ? "" : ", ") + name + " <= " + print_quantity(limit, unit);
  }
  if (!text.empty()) note("device " + device.name + ": limits of its description: " + text);
}

}  // namespace

std::map<std::string, double> limits_of(const DeviceDescription& description,
                                        const std::string& name) {
  const std::string suffix = name.empty() ? "" : "@" + name;
  std::map<std::string, double> limits;
  const auto add = [&](const char* metric, double limit) {
    if (limit > 0) limits[metric + suffix] = limit;
  };
  add("peak_memory_bytes", static_cast<double>(description.limits.peak_memory_bytes));
  add("weights_bytes", static_cast<double>(description.limits.weights_bytes));
  if (description.energy) add("power_w", description.limits.power_w);
  return limits;
}

std::shared_ptr<const CostModel> open_device(const DeviceChoice& device, const SearchSpace& space,
                                             const std::string& space_path,
                                             std::map<std::string, std::string>* digests,
                                             std::string* kernel_set) {
  CostModelOptions options;
  options.precision = device.precision;
  options.threads = device.threads;
  options.on_miss = device.on_miss;
  options.space_digest = space.digest;
  options.profile_path = device.profile;
  options.space_path = space_path;
  if (device.profile.empty()) {
    options.kernel_set = device.kernel_set;
    (*digests)["description." + device.name] = file_digest(device.description);
    return make_analytic_cost_model(load_device_description(device.description), options);
  }
  auto profile = std::make_shared<DeviceProfile>(load_profile(device.profile));
  if (!device.description.empty()) {
    profile->description = load_device_description(device.description);
    (*digests)["description." + device.name] = file_digest(device.description);
  }
  (*digests)["profile." + device.name] = digest(*profile);
  options.kernel_set = kernel_set_of(device, *profile);
  *kernel_set = options.kernel_set;
  return make_table_cost_model(std::move(profile), options);
}

namespace {

TableChoice table_choice(const SearchExperiment& experiment) {
  const TableEvaluatorOptions& options = experiment.evaluator.table;
  TableChoice choice;
  choice.decisions = experiment.space_decisions;
  choice.objectives = experiment.objectives;
  choice.limits = experiment.constraints;
  choice.features = options.features;
  for (const auto& [name, column] : options.columns) {
    const auto signal = options.signal.find(name);
    choice.metrics.push_back({.name = name,
                              .column = column,
                              .signal = signal == options.signal.end() ? "" : signal->second,
                              .exact = find_metric(name, {}).metric->of_device()});
  }
  return choice;
}

void open_table(const SearchExperiment& experiment, SearchParts& parts,
                const std::function<void(const std::string&)>& note) {
  const auto problem =
      make_table_problem(load_table(experiment.space_file), table_choice(experiment));
  for (const std::string& notice : problem->notices) note(notice);
  parts.space = problem->networks.space;
  parts.source = std::make_shared<const EvaluationSource>(make_table_source(problem));
  parts.digests["table"] = file_digest(experiment.space_file);
}

}  // namespace

std::vector<DenseLayer> load_dense_layers(const std::string& path) {
  const std::vector<Hdf5Array> arrays = load_hdf5_arrays(path);
  std::vector<DenseLayer> layers;
  for (int i = 0; i == 0 || i < static_cast<int>(arrays.size() / 2); ++i) {
    const std::string name = "layer" + std::to_string(i);
    const Hdf5Array& weight = array_named(arrays, name + "/weight", path);
    const Hdf5Array& bias = array_named(arrays, name + "/bias", path);
    if (weight.shape.size() != 2 || bias.shape.size() != 1 || weight.shape[0] != bias.shape[0] ||
        weight.numbers.empty() || bias.numbers.empty()) {
      throw InputError(path + ": " + name + " is no dense layer; accepted are weight (outputs x " +
                       "inputs) and bias (outputs)");
    }
    layers.push_back({static_cast<int>(weight.shape[1]), static_cast<int>(weight.shape[0]),
                      weight.numbers, bias.numbers});
  }
  return layers;
}

SearchSpace open_space(const SearchExperiment& experiment) {
  if (experiment.space_decisions.empty()) return load_space(experiment.space_file);
  return make_table_space(load_table(experiment.space_file), experiment.space_decisions).space;
}

namespace {

/// The evaluator of one choice; `data` is the key of its data set's digest.
std::shared_ptr<AccuracyEvaluator> open_evaluator(
    const SearchExperiment& experiment, const EvaluatorChoice& choice, const std::string& data,
    OpenedExperiment& opened, const std::function<void(const std::string&)>& note) {
  SearchParts& parts = opened.parts;
  if (choice.kind == EvaluatorKind::kProxy) return make_proxy_evaluator(parts.space);
  if (choice.kind == EvaluatorKind::kPredictor) {
    parts.digests["predictor"] = file_digest(choice.weights);
    return make_predictor_evaluator(parts.space, load_dense_layers(choice.weights));
  }
  if (choice.kind == EvaluatorKind::kCommand) {
    return make_command_evaluator(parts.space, choice.command);
  }
  const auto images = std::make_shared<const Dataset>(load_dataset(choice.data));
  parts.digests[data] = images->digest;
  opened.data = images;
  if (!opened.trainer) {
    opened.trainer = load_trainer();
    std::string warning;
    note(opened.trainer->description(&warning));
    if (!warning.empty()) note("warning: " + warning);
  }
  if (choice.kind == EvaluatorKind::kSupernet) {
    return opened.trainer->make_supernet_evaluator(parts.space, images, choice.supernet,
                                                   experiment.seed);
  }
  return opened.trainer->make_train_evaluator(parts.space, images, choice.train);
}

/// All fidelities, from a zero-cost score on.
std::shared_ptr<AccuracyEvaluator> open_evaluators(
    const SearchExperiment& experiment, OpenedExperiment& opened,
    const std::function<void(const std::string&)>& note) {
  std::vector<std::shared_ptr<AccuracyEvaluator>> lower;
  if (experiment.search.zero_cost != ZeroCost::kNone) {
    lower.push_back(make_zero_cost_evaluator(opened.parts.space, experiment.search.zero_cost));
  }
  for (std::size_t f = 0; f < experiment.lower.size(); ++f) {
    lower.push_back(open_evaluator(experiment, experiment.lower[f],
                                   "data.fidelity" + std::to_string(f), opened, note));
  }
  return make_fidelity_chain(
      std::move(lower), open_evaluator(experiment, experiment.evaluator, "data", opened, note));
}

}  // namespace

OpenedExperiment open_experiment(const SearchExperiment& experiment,
                                 const std::function<void(const std::string&)>& note) {
  OpenedExperiment opened;
  SearchParts& parts = opened.parts;
  if (experiment.evaluator.kind == EvaluatorKind::kTable) {
    open_table(experiment, parts, note);
    return opened;
  }
  parts.space = load_space(experiment.space_file);
  for (const DeviceChoice& device : experiment.devices) {
    std::string kernel_set;
    parts.devices.push_back({device.name, open_device(device, parts.space, experiment.space_file,
                                                      &parts.digests, &kernel_set)});
    if (parts.devices.size() == 1) parts.kernel_set = kernel_set;
    describe(device, parts, note);
  }
  parts.accuracy = open_evaluators(experiment, opened, note);
  return opened;
}

}  // namespace edgefront
