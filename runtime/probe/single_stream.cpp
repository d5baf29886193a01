#include "runtime/probe/single_stream.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace edgefront {
namespace {

// Nearest rank: the ⌈share·n⌉-th smallest value.
double nearest_rank_90(std::vector<float>* latencies) {
  const std::size_t n = latencies->size();
  const auto place = latencies->begin() + static_cast<std::ptrdiff_t>((9 * n + 9) / 10 - 1);
  std::nth_element(latencies->begin(), place, latencies->end());
  return static_cast<double>(*place);
}

}  // namespace

bool follows_mlperf_rule(const StreamOptions& options) {
  const StreamOptions rule;
  return options.min_queries >= rule.min_queries && options.min_seconds >= rule.min_seconds;
}

StreamResult run_single_stream(const StreamOptions& options,
                               const std::function<double()>& query_us,
                               const std::function<double()>& now_s) {
  std::vector<float> latencies;  // four bytes a query: a minute of a small network is millions
  latencies.reserve(std::size_t{1} << 20);
  StreamResult result;
  double sum = 0;
  const double start = now_s();
  do {
    const double us = query_us();
    sum += us;
    latencies.push_back(static_cast<float>(us));
    result.seconds = now_s() - start;
  } while (static_cast<std::int64_t>(latencies.size()) < options.min_queries ||
           result.seconds < options.min_seconds);
  result.queries = static_cast<std::int64_t>(latencies.size());
  result.mean_us = sum / static_cast<double>(result.queries);
  result.p90_us = nearest_rank_90(&latencies);
  return result;
}

}  // namespace edgefront
