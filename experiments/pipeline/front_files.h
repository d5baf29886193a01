// The front of a run as front.json and front.csv, and the hypervolume over evaluations; both are
// functions of the journal and of what was measured afterwards. No times and no paths of this
// machine: same run, same bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/pipeline/device_fronts.h"
#include "experiments/pipeline/journal.h"

namespace edgefront {

/// What `export` adds to a member.
struct ExportedFacts {
  std::map<std::string, double> measured;  ///< e.g. latency_us; empty: "predicted only"
  double float_top1 = 0, int8_top1 = 0;    ///< percent
  std::vector<std::string> files;          ///< names inside the export folder
  bool operator==(const ExportedFacts&) const = default;
};

struct FrontMember {
  std::int64_t index = 0;
  std::string genotype;
  std::vector<double> objectives;
  std::map<std::string, double> metrics;
  /// Of a search under a latency budget: what the re-measurement gave (budget_check.h), empty where
  /// it was not possible. Gives way to `exported`.
  std::optional<std::map<std::string, double>> measured{};
  std::optional<ExportedFacts> exported{};
  /// Where the noise of an evaluation is known (pooled_records.h): that no network is better, from
  /// how many evaluations, and the standard errors of the objectives.
  std::optional<double> front_probability{};
  int replicates = 1;
  std::vector<double> standard_error{};
  bool operator==(const FrontMember&) const = default;
};

/// Feasible by its prediction, but no winner when it was measured.
struct DroppedMember {
  std::int64_t index = 0;
  std::string genotype, reason;
  std::map<std::string, double> measured;
  bool operator==(const DroppedMember&) const = default;
};

struct Front {
  std::vector<std::string> objectives;  ///< names
  std::vector<double> reference;        ///< empty where nothing is feasible
  std::optional<double> hypervolume;    ///< nothing with more than three objectives
  std::int64_t evaluations = 0;         ///< answered, failed ones included
  std::vector<FrontMember> members;     ///< by the first objective, then the others, then index
  std::vector<DroppedMember> dropped;   ///< in the order in which they were measured
  std::vector<DeviceFront> fronts{};    ///< per device, where the objectives name several
  std::optional<std::int64_t> knee{};   ///< index of the member (search/knee.h); nothing of none
  bool operator==(const Front&) const = default;
};

/// The hypervolume's reference point: per objective the largest value over the feasible
/// evaluations, times 1.1 (1 where that is 0). It depends on the run, so hypervolumes of two runs
/// are comparable only against a common reference.
std::vector<double> reference_point(const std::vector<EvaluationRecord>& records);

/// `records` in order of index. The members are the best of those that are not in `dropped`, by the
/// means of their replicates at the highest fidelity that was answered; reference and hypervolume
/// are of all, as predicted.
Front build_front(const std::vector<std::string>& objectives,
                  const std::vector<EvaluationRecord>& records,
                  std::vector<DroppedMember> dropped = {});

/// Element i: hypervolume of the first i + 1 records against `reference`, of replicates by their
/// mean so far, and of the highest fidelity alone. Empty with more than
/// three objectives or an empty reference.
std::vector<double> hypervolume_curve(const std::vector<EvaluationRecord>& records,
                                      const std::vector<double>& reference);

std::string front_json(const Front& front);
std::string front_csv(const Front& front);
/// "evaluation,hypervolume", a line per element of a curve; the first evaluation is 1.
std::string hypervolume_csv(const std::vector<double>& curve);

/// Both files, atomically, into the run folder. Throws EnvironmentError.
void write_front_files(const std::string& folder, const Front& front);

/// front.json of a run folder. Throws InputError where it is missing or damaged.
Front read_front(const std::string& folder);

}  // namespace edgefront
