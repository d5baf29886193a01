// The config of one search experiment (EXPERIMENT.toml): each table is one options struct, every
// key has a default or is named in the error. This is the only list of defaults.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "costmodels/cost_model.h"
#include "evaluators/command_evaluator.h"
#include "evaluators/trainer.h"
#include "evaluators/zero_cost.h"
#include "runtime/export/quantize.h"
#include "search/feasible_start.h"
#include "search/variation.h"

namespace edgefront {

/// [[device]]: where the networks shall run. One of `profile` and `description` at least.
struct DeviceChoice {
  std::string name = "host";
  std::string profile = {};      ///< device profile (.h5): look-up table
  std::string description = {};  ///< device description (.toml): roofline alone, without a profile
  Precision precision = Precision::kInt8;
  int threads = 1;
  OnMiss on_miss = OnMiss::kError;
  std::string kernel_set = {};  ///< empty: the profile's
};

enum class EvaluatorKind { kProxy, kSupernet, kTrain, kCommand, kTable, kPredictor };

/// kind = "table", whose file is the space. Columns are expressions (evaluators/data_table.h).
struct TableEvaluatorOptions {
  std::map<std::string, std::string> columns;  ///< of metrics, e.g. error = "100-accuracy"
  std::map<std::string, std::string> signal;   ///< what the search sees in place of a metric
  std::vector<std::string> features;           ///< columns that a surrogate may use
};

/// [evaluator]. The keys of `supernet`, `train`, `command` or `table` stand in the table itself, by
/// their names.
struct EvaluatorChoice {
  EvaluatorKind kind = EvaluatorKind::kProxy;
  std::string data;  ///< e.g. "fashion-mnist"; for what trains here
  SupernetOptions supernet;
  TrainEvaluatorOptions train;
  CommandOptions command;
  TableEvaluatorOptions table;
  std::string weights;  ///< kind = "predictor": HDF5 file of the Once-for-All accuracy predictor
};

enum class AlgorithmKind {
  kEhvi,
  kNsga2,
  kNsga3,
  kSmsEmoa,
  kRegularizedEvolution,
  kParetoLocalSearch,
  kRandom
};

/// [search].
struct SearchChoice {
  AlgorithmKind algorithm = AlgorithmKind::kEhvi;
  int population = 0;     ///< 0 = the algorithm's own; else ≥ 4
  int evaluations = 400;  ///< the budget; a finished run may be given more
  int in_flight = 8;  ///< candidates asked and not told yet; part of the result, unlike `threads`
  double wall_clock_s = 0;  ///< then nothing more is asked; of all processes of the run; 0 = none
  std::int64_t stagnation_evaluations = 0;  ///< ends where the hypervolume does not grow over so
                                            ///< many evaluations; 0 = never
  double stagnation_growth = 0.001;         ///< by more than this share of it
  int offspring = 0;  ///< nsga2, nsga3: told between two selections; 0 = its own
  int sample = 0;     ///< regularized_evolution; 0 = population / 4
  int initial = 10;   ///< pareto_local_search: networks before neighbours
  InitialDesign initial_design = InitialDesign::kStratified;  ///< of all but random
  VariationOptions variation;         ///< of all that breed; its keys stand in the table itself
  std::vector<std::string> include;   ///< genotypes or names of references, evaluated first
  int threads = 0;                    ///< candidates side by side; 0 = one per core
  int max_consecutive_failures = 10;  ///< then the run stops
  double noise = 0;            ///< standard deviation of one evaluation's error, points; 0: unknown
  double replicate_share = 0;  ///< of the evaluations that repeat networks at most; 0: none
  int max_replicates = 10;     ///< evaluations of one network at most
  int fidelities = 1;          ///< from a short training to all of it; > 1: the best are promoted
  double eta = 3;              ///< one network of eta is; each fidelity trains eta times as long
  ZeroCost zero_cost = ZeroCost::kNone;  ///< fidelity 0 is this score of the untrained network
  /// Scores of untrained networks that `ehvi`'s model may use; all others have them audited only.
  std::vector<ZeroCost> features = {};
};

/// [export]. The keys of `train` and `quantize` stand in the table itself, by their names.
struct ExportChoice {
  TrainOptions train;            ///< fine-tuning of a chosen network
  bool inherit = false;          ///< start from the supernet's weights; kind = "supernet" only
  int calibration_images = 512;  ///< training images that set the ranges
  QuantizeOptions quantize;
  double min_top1_percent = 0;    ///< a winner's int8 model is at least this accurate
  double max_loss_percent = 0.5;  ///< largest loss of accuracy from float to int8, points
};

struct SearchExperiment {
  std::string name;
  std::uint64_t seed = 0;
  std::string space_file;                    ///< a space, or a table where it has decisions:
  std::vector<std::string> space_decisions;  ///< its columns that are decided, see docs/tables.md
  std::vector<DeviceChoice> devices;
  std::vector<std::string> objectives;        ///< of the first device, or name@DEVICE
  std::map<std::string, double> constraints;  ///< limits in base units, same names
  EvaluatorChoice evaluator;
  /// [[fidelity]]: evaluators of lower fidelities than [evaluator]'s, from quick and rough to dear.
  std::vector<EvaluatorChoice> lower = {};
  SearchChoice search;
  ExportChoice export_choice;
  std::optional<DeploymentOptions> deployment = {};  ///< [deployment], where there is one
};

/// Throws InputError (file, line, key, what came, what is accepted). A relative path in the file is
/// taken from the current directory, or, where nothing is there, from the file's own folder.
SearchExperiment load_experiment(const std::string& path);
/// The [deployment] table of a file that may hold other tables too, which are not looked at.
DeploymentOptions load_deployment(const std::string& path);
/// The same from text; `name` stands for the file in messages, `folder` is where it lies.
SearchExperiment parse_experiment(const std::string& toml, const std::string& name,
                                  const std::string& folder);

/// TOML with every key written out; loads again to the same experiment.
std::string write_resolved(const SearchExperiment& experiment);

/// The same as a map from key ("search.population", "device.host.precision") to its text.
std::map<std::string, std::string> resolved_keys(const SearchExperiment& experiment);

/// True for keys that a resumed run may change: they do not change what is computed (threads), or
/// a digest in the manifest speaks for the file they name, or they add budget.
bool may_change_on_resume(const std::string& key);

const char* algorithm_name(AlgorithmKind kind);
const char* evaluator_name(EvaluatorKind kind);
const char* zero_cost_name(ZeroCost kind);
/// Whether an evaluator of this kind has a data set.
bool trains_here(EvaluatorKind kind);
/// The options of the experiment's supernet, at whatever fidelity it is; null: it has none.
const EvaluatorChoice* supernet_of(const SearchExperiment& experiment);

}  // namespace edgefront
