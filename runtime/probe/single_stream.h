// One query after another, as an application with one user asks: what throughput, the latency that
// nine of ten queries keep, and energy are read from.
#pragma once

#include <cstdint>
#include <functional>

namespace edgefront {

/// The defaults are MLPerf Inference's rule for the single-stream scenario (Reddi et al. 2020,
/// "MLPerf Inference Benchmark", tables II and IV): at least 1,024 queries and 60 s, judged by the
/// 90th-percentile latency.
struct StreamOptions {
  std::int64_t min_queries = 1024;
  double min_seconds = 60;
};

/// False where the stream may end sooner than the rule wants.
bool follows_mlperf_rule(const StreamOptions& options);

struct StreamResult {
  std::int64_t queries = 0;
  double seconds = 0;  ///< from the first query's beginning to the last one's end
  double mean_us = 0;  ///< of a query's latency
  double p90_us = 0;   ///< the smallest latency that at least nine of ten queries keep
};

/// `query_us` runs one query and returns its latency; `now_s` is a monotonic clock. Ends with the
/// first query after which both limits are reached.
StreamResult run_single_stream(const StreamOptions& options,
                               const std::function<double()>& query_us,
                               const std::function<double()>& now_s);

}  // namespace edgefront
