// What `edgefront bench` says, for people and for scripts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "experiments/pipeline/bench_run.h"

namespace edgefront {

struct BenchReport {
  BenchResult result;
  std::string name;
  std::string device = "this machine";
  std::string kernels, notice;
  std::int64_t arena_bytes = 0, packed_bytes = 0;
  std::int64_t scratch_bytes = -1;  ///< of the arena; −1: not told
  double read_us = 0;               ///< of the model file; 0 where there is none
  std::int64_t weights_bytes = 0;
  int threads = 1;
  std::optional<StreamOptions> mlperf;  ///< where the stream was asked for by this rule
};

/// Lines on standard output.
void print(const BenchReport& report);

/// One JSON object; its keys stand in docs/performance.md.
std::string json_text(const BenchReport& report);

}  // namespace edgefront
