// Who this machine is and how it feels, read from /proc and /sys.
#include <sys/utsname.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/kernels/kernel_set.h"
#include "runtime/probe/clock.h"
#include "runtime/probe/core_kinds.h"
#include "runtime/probe/probe.h"
#include "runtime/probe/sensors.h"
#include "runtime/probe/statistics.h"
#include "runtime/probe/system_files.h"
#include "runtime/probe/timed_interpreter.h"

namespace edgefront {
namespace {

// The values of all lines "name<separator>value" of a file.
std::vector<std::string> values_of(const std::string& path, const std::string& name,
                                   char separator) {
  std::vector<std::string> result;
  for (const std::string& line : lines_of(path)) {
    const std::size_t at = line.find(separator);
    if (at != std::string::npos && trimmed(line.substr(0, at)) == name) {
      result.push_back(trimmed(line.substr(at + 1)));
    }
  }
  return result;
}

std::string value_of(const std::string& path, const std::string& name, char separator) {
  const std::vector<std::string> values = values_of(path, name, separator);
  return values.empty() ? "" : values[0];
}

// "48K", "1024K", "2M" as the kernel writes cache sizes; −1 where it is none of these.
std::int64_t parse_size(const std::string& text) {
  char* end = nullptr;
  const long long value = std::strtoll(text.c_str(), &end, 10);
  if (end == text.c_str() || value < 0 || value > (1LL << 40)) return -1;
  switch (*end) {
    case 'K':
      return value << 10;
    case 'M':
      return value << 20;
    case '\0':
      return value;
    default:
      return -1;
  }
}

void read_caches(const std::string& root, DeviceIdentity* identity) {
  for (const std::string& cache :
       entries_in(root + "/sys/devices/system/cpu/cpu0/cache", "index")) {
    const std::string type = first_line(cache + "/type");
    if (type == "Instruction") continue;
    const std::string level = first_line(cache + "/level");
    const std::int64_t bytes = parse_size(first_line(cache + "/size"));
    if (level == "1") identity->l1d_bytes = bytes;
    if (level == "2") identity->l2_bytes = bytes;
    if (level == "3") identity->l3_bytes = bytes;
  }
}

// Of all flags those that kernels are, or may one day be, written for; in this order.
std::vector<std::string> known_features(const std::string& flags) {
  const std::vector<std::string> words = words_of(flags);
  const std::set<std::string> present(words.begin(), words.end());
  std::vector<std::string> result;
  for (const char* name :
       {"avx2",        "fma",         "f16c",        "avx_vnni", "avx512f",  "avx512bw", "avx512vl",
        "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_int8", "amx_bf16", "neon",     "asimd",
        "asimdhp",     "asimddp",     "i8mm",        "bf16",     "sve",      "sve2"}) {
    if (present.count(name) != 0) result.push_back(name);
  }
  return result;
}

std::string cpu_model(const std::string& root) {
  const std::string cpuinfo = root + "/proc/cpuinfo";
  for (const char* name : {"model name", "Model", "Hardware", "cpu model"}) {
    const std::string value = value_of(cpuinfo, name, ':');
    if (!value.empty()) return value;
  }
  return first_line(root + "/proc/device-tree/model");
}

double clock_mhz(const std::string& root) {
  const double khz = number_in(root + "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq");
  if (khz > 0) return khz / 1000;
  const std::string mhz = value_of(root + "/proc/cpuinfo", "cpu MHz", ':');
  const double value = std::strtod(mhz.c_str(), nullptr);
  return value > 0 ? value : -1;
}

/// Median of 51 times, which take 2 ms on a fast core; of fewer, 11 at least, where they take
/// longer than 100 ms: a board is asked for its state each time that it is spoken to.
double reference_kernel_us() {
  constexpr std::size_t kTimes = 51, kFewest = 11;
  constexpr double kLongest_us = 100e3;
  ReferenceKernel kernel;
  if (!kernel.load().ok()) return -1;
  std::vector<double> times;
  const std::uint64_t begun = ticks_now();
  while (times.size() < kFewest ||
         (times.size() < kTimes && elapsed_us(ticks_now() - begun) < kLongest_us)) {
    times.push_back(kernel.time());
  }
  return quantile(std::move(times), 0.5);
}

}  // namespace

std::vector<std::string> kernel_versions(const KernelSet& set) {
  std::vector<std::string> versions;
  const auto add = [&](const char* kernel, std::int32_t version) {
    versions.push_back(std::string(set.name) + ":" + kernel + "@" + std::to_string(version));
  };
  add("pointwise", set.pointwise_version);
  add("conv", set.conv_version);
  add("depthwise", set.depthwise_version);
  add("fully_connected", set.fully_connected_version);
  add("elementwise", set.elementwise_version);
  return versions;
}

DeviceIdentity describe_device(const std::string& root) {
  DeviceIdentity identity;
  const std::string cpuinfo = root + "/proc/cpuinfo";
  identity.cpu_model = cpu_model(root);
  utsname names{};
  if (uname(&names) == 0) identity.architecture = names.machine;
  identity.os = value_of(root + "/etc/os-release", "PRETTY_NAME", '=');
  std::string flags = value_of(cpuinfo, "flags", ':');
  if (flags.empty()) flags = value_of(cpuinfo, "Features", ':');
  identity.features = known_features(flags);
  for (const KernelSet* set : kernel_sets()) {
    if (!set->available()) continue;
    identity.kernel_sets.push_back(set->name);
    for (std::string& version : kernel_versions(*set)) {
      identity.kernel_versions.push_back(std::move(version));
    }
  }
  identity.cores = static_cast<int>(values_of(cpuinfo, "processor", ':').size());
  const std::string memory = value_of(root + "/proc/meminfo", "MemTotal", ':');  // "8016044 kB"
  identity.memory_bytes = std::max(0LL, std::strtoll(memory.c_str(), nullptr, 10)) * 1024;
  read_caches(root, &identity);
  const std::vector<CoreKind> kinds = core_kinds(root);
  const CoreKind* kind = fastest_allowed(kinds, cpus_of_this_thread());
  if (kind != nullptr) identity.core_kind = kind->name;
  return identity;
}

DeviceState describe_state(const std::string& root) {
  DeviceState state;
  state.governor = first_line(root + "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  state.clock_mhz = clock_mhz(root);
  state.temperature_c = read_temperature_c(root);
  state.load_1min = number_in(root + "/proc/loadavg");
  state.reference_kernel_us = reference_kernel_us();
  return state;
}

}  // namespace edgefront
