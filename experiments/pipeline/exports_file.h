// exports.json of a run folder: every network that was exported from it, kept or dropped, with what
// was predicted and what was measured. The report reads it; front.json holds the winners' part.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace edgefront {

/// Latency of the exported model on the machine that exported it.
struct MeasuredLatency {
  double latency_us = 0, low_us = 0, high_us = 0;  ///< trimmed mean and its 95 % interval
  double p50_us = 0, p95_us = 0, p99_us = 0;
  std::string kernel_set;
};

struct PredictedCost {
  double latency_us = 0, latency_low_us = 0, latency_high_us = 0;  ///< 90 % interval
  std::int64_t arena_bytes = 0, packed_bytes = 0, weights_bytes = 0;
};

struct ExportedNetwork {
  std::int64_t index = 0;  ///< of its evaluation
  std::string genotype;
  PredictedCost predicted;                  ///< on the experiment's first device
  std::optional<MeasuredLatency> measured;  ///< absent: predicted only
  double float_top1 = 0, int8_top1 = 0;     ///< percent of the test images
  std::string precision = "int8";           ///< of the model: "int8", "fp32" or "mixed"
  std::string range_method;                 ///< of the int8 ranges; empty for fp32
  std::vector<std::string> files;           ///< names within the export folder
  std::string dropped;                      ///< why it is no winner after all; then it has no files
};

/// Name of a network's files without their ending: "0042".
std::string export_stem(std::int64_t index);

/// Sorted by index; empty where nothing was exported. Throws InputError for a damaged file.
std::vector<ExportedNetwork> read_exports(const std::string& run_folder);

/// Atomically. Throws EnvironmentError.
void write_exports(const std::string& run_folder, const std::vector<ExportedNetwork>& networks);

}  // namespace edgefront
