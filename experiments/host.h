// What commands and pipelines share: Status to exception, folders, numbers for people, kernel set
// and precision arguments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/graph.h"
#include "runtime/kernels/kernel_set.h"
#include "runtime/probe/statistics.h"
#include "runtime/status.h"

namespace edgefront {

/// Throws InputError or EnvironmentError by the status' code; ok does nothing.
void require(const Status& status);

/// With its parents, unless it exists. Throws EnvironmentError.
void make_folder(const std::string& folder);

/// `count` values: "1,234,567".
std::string with_separators(std::int64_t value);
/// Fixed decimals, independent of locale.
std::string fixed(double value, int decimals);

/// "int8" and "fp32"; throws InputError with `option` in the message.
Precision parse_precision(const std::string& text, const std::string& option);
std::vector<Precision> parse_precisions(const std::vector<std::string>& texts,
                                        const std::string& option);
/// Threads of one network, 1 to 1024; whether this machine has as many CPUs is asked when one runs.
std::vector<int> parse_thread_counts(const std::vector<std::string>& texts,
                                     const std::string& option);
/// "1 thread", "2 threads".
std::string thread_text(int threads);

/// The set that this machine uses now: `name`, else EDGEFRONT_KERNELS, else the best available.
const KernelSet& resolve_kernel_set(const std::string& name);

/// "12.3 us (p50 12.1, p95 13.0, p99 15.2; 95 % interval 12.2 to 12.4; 300 samples, 2 rejected)"
std::string describe(const LatencyStatistics& statistics);

}  // namespace edgefront
