// From the names in an experiment to the parts that a search is made of: space, cost models from
// profiles, accuracy evaluator.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "evaluators/predictor_evaluator.h"
#include "evaluators/trainer.h"
#include "experiments/pipeline/search_run.h"
#include "experiments/search_experiment.h"

namespace edgefront {

/// SearchParts and what they refer to.
struct OpenedExperiment {
  SearchParts parts;
  std::unique_ptr<Trainer> trainer;     ///< null for the proxy evaluator
  std::shared_ptr<const Dataset> data;  ///< null for the proxy evaluator
};

/// The layers of a predictor: arrays layer0/weight (outputs × inputs), layer0/bias, layer1/weight,
/// … in an HDF5 file.
std::vector<DenseLayer> load_dense_layers(const std::string& path);

/// The space of an experiment, which may be the rows of a table.
SearchSpace open_space(const SearchExperiment& experiment);

/// Throws InputError or EnvironmentError. `note` receives lines for people: the training library,
/// and a warning where it is slow.
OpenedExperiment open_experiment(const SearchExperiment& experiment,
                                 const std::function<void(const std::string&)>& note);

/// Limits of a described device as constraints of a search: peak memory, weights, and power where
/// its energy is modelled. `name` is empty for the experiment's first device.
std::map<std::string, double> limits_of(const DeviceDescription& description,
                                        const std::string& name);

/// One device's cost model, on `kernel_set` where the experiment names none and the profile holds
/// it; `digests` receives "profile.NAME" or "description.NAME".
std::shared_ptr<const CostModel> open_device(const DeviceChoice& device, const SearchSpace& space,
                                             const std::string& space_path,
                                             std::map<std::string, std::string>* digests,
                                             std::string* kernel_set);

}  // namespace edgefront
