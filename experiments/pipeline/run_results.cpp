#include "experiments/pipeline/run_results.h"

#include <algorithm>
#include <filesystem>

#include "experiments/host.h"
#include "experiments/pipeline/run_audit.h"
#include "experiments/pipeline/run_folder.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

/// The front that stands in the folder; an empty one where there is none that can be read.
Front known_front(const std::string& folder,
                  const std::function<void(const std::string&)>& notice) {
  if (!std::filesystem::exists(folder + "/front.json")) return {};
  try {
    return read_front(folder);
  } catch (const InputError& error) {
    if (notice) notice(std::string(error.what()) + "; it is written anew from the journal");
    return {};
  }
}

}  // namespace

Front write_results(const std::string& folder, const std::vector<std::string>& objectives,
                    const Problem& problem, const std::vector<EvaluationRecord>& told,
                    const std::function<void(const std::string&)>& notice) {
  const Front known = known_front(folder, notice);
  Front front = build_front(objectives, told, known.dropped);
  keep_measured_facts(known, front);
  write_audit(folder, audit_run(problem, told), notice);
  const std::string curve = hypervolume_csv(hypervolume_curve(told, front.reference));
  require(write_file_atomic(folder + "/hypervolume.csv", curve.data(), curve.size()));
  write_front_files(folder, front);
  return front;
}

std::string no_feasible_result(const EvaluationSource& source,
                               const std::vector<EvaluationRecord>& told) {
  const EvaluationRecord* nearest = nullptr;
  std::size_t failed = 0;
  for (const EvaluationRecord& record : told) {
    if (record.status != EvaluationStatus::kOk) {
      ++failed;
    } else if (!nearest || record.violation < nearest->violation) {
      nearest = &record;
    }
  }
  const std::string counts = "no feasible result: of " + std::to_string(told.size()) +
                             " candidates " + std::to_string(failed) + " failed";
  if (!nearest) {
    return counts + ", the last with: " + (told.empty() ? "none was asked" : told.back().reason);
  }
  return counts + "; the nearest is " + nearest->genotype + " (candidate " +
         std::to_string(nearest->index) + ") with " + source.binding_constraint(*nearest);
}

}  // namespace edgefront
