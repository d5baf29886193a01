// One self-contained HTML file from a run: front, hypervolume, chosen networks, gains over the
// references, and where it all came from. Viewed without network or script.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/pipeline/exports_file.h"
#include "experiments/pipeline/front_files.h"
#include "search/search_algorithm.h"

namespace edgefront {

/// A named network of the space that was evaluated first.
struct ReportReference {
  std::string name;
  Evaluation evaluation;
};

struct ReportData {
  std::string name;
  std::string error_label;              ///< what "error" is here, e.g. "held-out error, %"
  std::vector<std::string> objectives;  ///< as in the experiment; the first two are drawn
  std::vector<Evaluation> evaluations;  ///< a network each: its mean, by index
  std::vector<Evaluation> front;
  std::vector<DeviceFront> fronts = {};      ///< of several devices: drawn in place of `front`
  std::vector<std::string> front_genotypes;  ///< text forms, in the order of `front`
  std::vector<double> hypervolume;           ///< after each evaluation, by index
  std::vector<ReportReference> references;
  std::vector<ExportedNetwork> exported;
  std::vector<DroppedMember> dropped;  ///< feasible as predicted, over a budget as measured
  std::vector<std::pair<std::string, std::string>> provenance;  ///< what, value
};

/// What the front offers over a reference; a null member where the front has nothing as good.
struct ReferenceGain {
  const Evaluation* at_equal_first = nullptr;   ///< first objective no worse, second smallest
  const Evaluation* at_equal_second = nullptr;  ///< second objective no worse, first smallest
};
ReferenceGain gain_over(const Evaluation& reference, const std::vector<Evaluation>& front);

std::string report_html(const ReportData& data);

}  // namespace edgefront
