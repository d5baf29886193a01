#include "experiments/pipeline/export_run.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "costmodels/path_choice.h"
#include "costmodels/precision_choice.h"
#include "experiments/host.h"
#include "experiments/pipeline/export_measurement.h"
#include "experiments/pipeline/pooled_records.h"
#include "experiments/pipeline/run_folder.h"
#include "experiments/pipeline/search_parts.h"
#include "experiments/pipeline/select.h"
#include "hwprofiles/layer_listing.h"
#include "hwprofiles/profile_store.h"
#include "runtime/export/c_writer.h"
#include "runtime/export/onnx_writer.h"
#include "runtime/model_file.h"
#include "search/parallel.h"
#include "space/error.h"
#include "space/lower.h"

namespace edgefront {
namespace {

/// What a run's export works on, opened once.
struct Opened {
  RunState run;
  SearchSpace space;
  std::shared_ptr<const Dataset> data;
  std::shared_ptr<const CostModel> cost;
  std::string kernel_set;
  std::unique_ptr<AccuracyEvaluator> supernet;  ///< weights to start from; null: from scratch
};

Opened open(const std::string& run_folder, const ExportRunOptions& options, Trainer& trainer,
            const EvaluatorProgress& progress) {
  Opened o{load_run(run_folder), {}, {}, {}, {}, {}};
  const SearchExperiment& experiment = o.run.experiment;
  if (!experiment.space_decisions.empty()) {
    throw InputError(run_folder + ": searched the rows of a table, which have no layers to export");
  }
  o.space = load_space(experiment.space_file);
  const std::string data = options.data.empty() ? experiment.evaluator.data : options.data;
  if (data.empty()) {
    throw InputError(run_folder +
                     ": its evaluator has no data set; name one with --data, e.g. fashion-mnist");
  }
  o.data = std::make_shared<const Dataset>(load_dataset(data));
  std::map<std::string, std::string> digests;
  o.cost = open_device(experiment.devices.front(), o.space, experiment.space_file, &digests,
                       &o.kernel_set);
  const EvaluatorChoice* supernet = supernet_of(experiment);
  if (experiment.export_choice.inherit && supernet) {
    o.supernet =
        trainer.make_supernet_evaluator(o.space, o.data, supernet->supernet, experiment.seed);
    o.supernet->prepare(run_folder, progress);
  }
  return o;
}

std::vector<Evaluation> evaluations_of(const Opened& o) {
  std::vector<Evaluation> all;
  for (const auto& record : pooled_networks(o.run.evaluations)) {
    all.push_back(to_evaluation(o.space, record));
  }
  return all;
}

std::vector<Evaluation> front_of(const Opened& o, const std::vector<Evaluation>& evaluations) {
  std::vector<Evaluation> front;
  for (const auto& member : o.run.front.members) {
    for (const auto& e : evaluations) {
      if (e.index == member.index) front.push_back(e);
    }
  }
  return front;
}

std::function<std::vector<bool>(const LayerGraph&)> float_layer_choice(const Opened& o,
                                                                       const ExportNote& note) {
  const DeviceChoice device = o.run.experiment.devices.front();
  if (device.profile.empty()) {
    throw InputError("--precision fastest needs a device profile, which the experiment lacks");
  }
  const auto profile = std::make_shared<const DeviceProfile>(load_profile(device.profile));
  const KernelSet* set = &find_kernel_set(o.kernel_set);
  const std::string space_file = o.run.experiment.space_file;
  return [profile, set, device, space_file, note](const LayerGraph& graph) {
    const PrecisionChoice choice = cheapest_precisions(graph, *profile, *set, device.threads);
    note(std::to_string(choice.float_steps) + " of " + std::to_string(choice.steps) +
         " layers stay fp32: by the profile " + fixed(choice.chosen_us, 1) + " us, all in int8 " +
         fixed(choice.int8_us, 1) + " us");
    if (!choice.missing.empty()) {
      note("warning: " + device.profile + " lacks " + std::to_string(choice.missing.size()) +
           " entries that would be compared, e.g. \"" + choice.missing.front() +
           "\"; measure them with: edgefront profile --space " + space_file + " --out " +
           device.profile + " --precision int8,fp32");
    }
    return choice.float_layers;
  };
}

/// None without a profile: the models then follow the rule of the kernel set that runs them.
std::function<std::vector<PathChoice>(const LayerGraph&)> path_choice(const Opened& o) {
  const DeviceChoice device = o.run.experiment.devices.front();
  if (device.profile.empty()) return nullptr;
  const auto profile = std::make_shared<const DeviceProfile>(load_profile(device.profile));
  const KernelSet* set = &find_kernel_set(o.kernel_set);
  return [profile, set, threads = device.threads](const LayerGraph& graph) {
    return cheapest_paths(graph, *profile, *set, threads);
  };
}

DeployOptions deploy_options(const Opened& o, const ExportRunOptions& options,
                             const ExportNote& note) {
  const ExportChoice& choice = o.run.experiment.export_choice;
  DeployOptions deploy;
  deploy.train = choice.train;
  if (options.epochs) deploy.train.epochs = *options.epochs;
  deploy.train.threads = 1;
  deploy.calibration_images = choice.calibration_images;
  deploy.quantize = choice.quantize;
  deploy.max_loss_percent = choice.max_loss_percent;
  deploy.kernel_set = o.kernel_set;
  deploy.precision = options.precision;
  deploy.patch_wise = options.patch_wise;
  deploy.choose_paths = path_choice(o);
  if (options.precision == ExportPrecision::kFastest) {
    deploy.choose_float_layers = float_layer_choice(o, note);
  }
  return deploy;
}

PredictedCost predicted_cost(const CostModel& model, const SearchSpace& space,
                             const Genotype& genotype) {
  const NetworkCost cost = model.estimate(lower(decode(space, genotype)));
  return {cost.latency_us,  cost.latency_low_us, cost.latency_high_us,
          cost.arena_bytes, cost.packed_bytes,   cost.weights_bytes};
}

std::int64_t macs_of(const SearchSpace& space, const Genotype& genotype) {
  return total_macs(lower(decode(space, genotype)));
}

void write_models(const std::string& folder, const ExportFormats& formats,
                  const std::vector<Deployment>& deployments,
                  std::vector<ExportedNetwork>& networks) {
  make_folder(folder);
  std::error_code error;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const std::string stem = export_stem(networks[i].index);
    const std::string path = folder + "/" + stem;
    const Model& model = deployments[i].model;
    std::vector<std::string>& files = networks[i].files;
    if (networks[i].dropped.empty()) {
      require(write_model_file(model, path + ".efm"));
      files = {stem + ".efm"};
      if (formats.onnx) {
        write_onnx(model, path + ".onnx");
        files.push_back(stem + ".onnx");
      }
      if (formats.c) {
        write_c(model, path + ".c");
        files.push_back(stem + ".c");
      }
    }
    // An earlier export may have left files of a network that is no winner any more, or of other
    // weights in a format that is not asked for today.
    for (const char* suffix : {".efm", ".onnx", ".c"}) {
      if (std::find(files.begin(), files.end(), stem + suffix) == files.end()) {
        std::filesystem::remove(path + suffix, error);
      }
    }
  }
}

/// Adds this call's networks to what was exported before, and the winners' part to front.json.
void record(const std::string& run_folder, const Opened& o,
            const std::vector<ExportedNetwork>& networks) {
  std::vector<ExportedNetwork> all = read_exports(run_folder);
  Front front = o.run.front;
  for (const auto& n : networks) {
    std::erase_if(all, [&](const auto& old) { return old.index == n.index; });
    all.push_back(n);
    for (auto& member : front.members) {
      if (member.genotype != n.genotype) continue;
      member.exported.reset();
      if (!n.dropped.empty()) continue;
      ExportedFacts facts;
      if (n.measured) {
        facts.measured = {{"latency_us", n.measured->latency_us},
                          {"latency_low_us", n.measured->low_us},
                          {"latency_high_us", n.measured->high_us},
                          {"latency_p95_us", n.measured->p95_us}};
      }
      facts.float_top1 = n.float_top1;
      facts.int8_top1 = n.int8_top1;
      facts.files = n.files;
      member.exported = facts;
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  write_exports(run_folder, all);
  write_front_files(run_folder, front);
}

std::string number(double value) { return fixed(value, 2); }

/// Empty where the network may become a winner.
std::string why_no_winner(const Deployment& d, const ExportChoice& choice) {
  if (!d.failure.empty()) return "training failed: " + d.failure;
  if (const double loss = d.float_top1 - d.int8_top1; loss > choice.max_loss_percent) {
    return d.precision + " loses " + number(loss) + " points, allowed are " +
           number(choice.max_loss_percent);
  }
  if (d.int8_top1 < choice.min_top1_percent) {
    return d.precision + " top-1 is " + number(d.int8_top1) + " %, wanted are " +
           number(choice.min_top1_percent) + " %";
  }
  return "";
}

}  // namespace

ExportPrecision parse_export_precision(const std::string& name) {
  if (name == "int8") return ExportPrecision::kInt8;
  if (name == "fp32") return ExportPrecision::kFloat32;
  if (name == "fastest") return ExportPrecision::kFastest;
  throw InputError("precision is '" + name + "'; accepted are int8, fp32 and fastest");
}

ExportFormats parse_export_formats(const std::vector<std::string>& names) {
  const std::string accepted = "; accepted are efm, onnx, c, separated by commas";
  if (names.empty()) throw InputError("no format is named" + accepted);
  ExportFormats formats{false, false};
  for (const std::string& name : names) {
    if (name == "onnx") {
      formats.onnx = true;
    } else if (name == "c") {
      formats.c = true;
    } else if (name != "efm") {
      throw InputError("format is '" + name + "'" + accepted);
    }
  }
  return formats;
}

void drop_dominated(std::vector<ExportedNetwork>& networks) {
  const auto judged = [](const ExportedNetwork& n) { return n.dropped.empty() && n.measured; };
  std::vector<std::string> reasons(networks.size());
  for (std::size_t i = 0; i < networks.size(); ++i) {
    if (!judged(networks[i])) continue;
    const ExportedNetwork& b = networks[i];
    for (const ExportedNetwork& a : networks) {
      if (!judged(a) || &a == &b) continue;
      const bool no_worse =
          a.measured->latency_us <= b.measured->latency_us && a.int8_top1 >= b.int8_top1;
      const bool better =
          a.measured->latency_us < b.measured->latency_us || a.int8_top1 > b.int8_top1;
      if (no_worse && better) {
        reasons[i] = "dominated as measured by " + std::to_string(a.index) + " (" +
                     number(a.measured->latency_us) + " us, " + number(a.int8_top1) + " %)";
      }
    }
  }
  for (std::size_t i = 0; i < networks.size(); ++i) {
    if (!reasons[i].empty()) networks[i].dropped = reasons[i];
  }
}

std::vector<ExportedNetwork> export_run(const std::string& run_folder,
                                        const ExportRunOptions& options, Trainer& trainer,
                                        const EvaluatorProgress& progress, const ExportNote& note) {
  const Opened o = open(run_folder, options, trainer, progress);
  require_export_device(o.run.experiment, options.on);
  const std::vector<Evaluation> evaluations = evaluations_of(o);
  std::vector<Evaluation> chosen = select_networks(options.select, o.run.experiment.objectives,
                                                   front_of(o, evaluations), evaluations);
  // The longest trainings begin first, so that no thread is left alone with one at the end.
  std::stable_sort(chosen.begin(), chosen.end(), [&](const auto& a, const auto& b) {
    return macs_of(o.space, a.genotype) > macs_of(o.space, b.genotype);
  });
  const DeployOptions deploy_with = deploy_options(o, options, note);
  make_folder(options.out);  // where it cannot be made, say so before minutes of training

  std::vector<ExportedNetwork> networks(chosen.size());
  std::vector<Deployment> deployments(chosen.size());
  parallel_for(std::int64_t(chosen.size()), options.threads, [&](std::int64_t k) {
    const std::size_t i = std::size_t(k);
    ExportedNetwork& n = networks[i];
    n.index = chosen[i].index;
    n.genotype = to_text(o.space, chosen[i].genotype);
    n.predicted = predicted_cost(*o.cost, o.space, chosen[i].genotype);
    const std::string name = "network " + std::to_string(n.index);
    deployments[i] =
        deploy(trainer, o.space, chosen[i].genotype, o.data, deploy_with, o.supernet.get(),
               candidate_seed(o.run.experiment.seed, n.genotype, 0, 0),
               [&](const std::string& what, std::int64_t done, std::int64_t total, double rate) {
                 progress(name + " " + what, done, total, rate);
               });
    const Deployment& d = deployments[i];
    n.float_top1 = d.float_top1;
    n.int8_top1 = d.int8_top1;
    n.precision = d.precision.empty() ? n.precision : d.precision;
    n.range_method = d.range_method;
    n.dropped = why_no_winner(d, o.run.experiment.export_choice);
    note(name + ": float " + number(n.float_top1) + " %, " + n.precision + " " +
         number(n.int8_top1) + " %" + (n.dropped.empty() ? "" : ", dropped: " + n.dropped));
  });
  measure_exports(o.run.experiment, {options.on, o.kernel_set, options.out}, deployments, networks,
                  note);
  drop_dominated(networks);
  write_models(options.out, options.formats, deployments, networks);
  record(run_folder, o, networks);
  return networks;
}

}  // namespace edgefront
