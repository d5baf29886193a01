// How well a profile predicts fresh networks, as one self-contained HTML file.
#pragma once

#include <string>
#include <vector>

#include "costmodels/cost_model.h"

namespace edgefront {

/// One precision and number of threads.
struct ValidatedSetting {
  std::string name;  ///< "int8, 1 thread, avx2"
  ValidationSummary summary;
  std::vector<PredictionRow> rows;
  std::vector<std::string> genotypes;  ///< of the rows
};

struct ValidationReport {
  std::string profile, space;  ///< as the user names them
  std::string device;          ///< what was measured on
  std::vector<ValidatedSetting> settings;
};

/// For each setting: predicted against measured, the error of each network with the interval, and
/// the worst ones in numbers.
std::string validation_html(const ValidationReport& report);

}  // namespace edgefront
