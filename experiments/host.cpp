#include "experiments/host.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "space/error.h"

namespace edgefront {
namespace {

constexpr int kMaxNetworkThreads = 1024;

}  // namespace

void require(const Status& status) {
  if (status.ok()) return;
  if (status.code() == StatusCode::kEnvironment) throw EnvironmentError(status.message());
  throw InputError(status.message());
}

void make_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw EnvironmentError(folder + ": cannot be created: " + error.message());
}

std::string with_separators(std::int64_t value) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  for (int i = int(digits.size()) - 3; i > 0; i -= 3) digits.insert(std::size_t(i), 1, ',');
  return value < 0 ? "-" + digits : digits;
}

std::string fixed(double value, int decimals) {
  char buffer[400];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals);
  return {buffer, end.ptr};
}

Precision parse_precision(const std::string& text, const std::string& option) {
  if (text == "int8") return Precision::kInt8;
  if (text == "fp32") return Precision::kFloat32;
  throw InputError(option + " is '" + text + "'; accepted are int8 and fp32");
}

std::vector<Precision> parse_precisions(const std::vector<std::string>& texts,
                                        const std::string& option) {
  std::vector<Precision> result;
  for (const auto& text : texts) {
    const Precision one = parse_precision(text, option);
    if (std::find(result.begin(), result.end(), one) != result.end()) {
      throw InputError(option + " has " + text + " twice");
    }
    result.push_back(one);
  }
  if (result.empty()) throw InputError(option + " is empty; accepted are int8 and fp32");
  return result;
}

std::vector<int> parse_thread_counts(const std::vector<std::string>& texts,
                                     const std::string& option) {
  std::vector<int> counts;
  for (const auto& text : texts) {
    int count = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool number = end.ec == std::errc() && end.ptr == text.data() + text.size();
    if (!number || count < 1 || count > kMaxNetworkThreads) {
      throw InputError(option + " is '" + text + "'; accepted are whole numbers from 1 to " +
                       std::to_string(kMaxNetworkThreads));
    }
    if (std::find(counts.begin(), counts.end(), count) != counts.end()) {
      throw InputError(option + " has " + text + " twice");
    }
    counts.push_back(count);
  }
  if (counts.empty()) throw InputError(option + " is empty; accepted are whole numbers from 1");
  return counts;
}

std::string thread_text(int threads) {
  return std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

const KernelSet& resolve_kernel_set(const std::string& name) {
  const KernelSet* set = nullptr;
  require(choose_kernel_set(name.empty() ? forced_kernel_set() : name, &set));
  return *set;
}

std::string describe(const LatencyStatistics& s) {
  return fixed(s.latency_us, 2) + " us (p50 " + fixed(s.p50_us, 2) + ", p95 " + fixed(s.p95_us, 2) +
         ", p99 " + fixed(s.p99_us, 2) + "; 95 % interval " + fixed(s.latency_low_us, 2) + " to " +
         fixed(s.latency_high_us, 2) + "; " + std::to_string(s.samples) + " samples, " +
         std::to_string(s.rejected) + " rejected)";
}

}  // namespace edgefront
