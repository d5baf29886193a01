// A batch as one self-contained HTML page: hypervolume against evaluations with quartiles, who
// differs from whom, and what every run came to.
#pragma once

#include <string>
#include <vector>

#include "experiments/pipeline/batch_summary.h"

namespace edgefront {

std::string batch_report_html(const std::string& name, const std::vector<BatchRun>& runs,
                              const std::vector<ExperimentQuality>& qualities);

}  // namespace edgefront
