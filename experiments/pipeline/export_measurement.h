// Measuring what an export made on the device that it was made for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiments/pipeline/deploy.h"
#include "experiments/pipeline/exports_file.h"
#include "experiments/search_experiment.h"

namespace edgefront {

struct ExportMeasurement {
  std::string on;          ///< a command that reaches the device; empty: this machine
  std::string kernel_set;  ///< that the models run with
  std::string folder;      ///< where model files lie while a probe reads them
};

/// With `on`, refuses before any training what would make all of it useless: throws InputError
/// unless the command reaches the device of the experiment's first profile. The line is closed
/// again: training takes long.
void require_export_device(const SearchExperiment& experiment, const std::string& on);

/// Fills `measured` of every network that is not dropped, where the first device's profile is that
/// of the device at hand; else `note` says why all stay "predicted only". Interleaved, in one go;
/// under a latency budget in several rounds, each in a probe of its own, and who is over it is
/// dropped. `deployments` are of the same networks, in the same order.
void measure_exports(const SearchExperiment& experiment, const ExportMeasurement& how,
                     const std::vector<Deployment>& deployments,
                     std::vector<ExportedNetwork>& networks,
                     const std::function<void(const std::string&)>& note);

}  // namespace edgefront
