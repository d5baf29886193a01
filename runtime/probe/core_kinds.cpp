#include "runtime/probe/core_kinds.h"

#include <sched.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <functional>
#include <map>

#include "runtime/probe/system_files.h"

namespace edgefront {
namespace {

// Hybrid Intel processors have one performance monitoring unit per kind.
std::vector<CoreKind> intel_kinds(const std::string& root) {
  std::vector<CoreKind> kinds;
  for (const char* name : {"core", "atom"}) {
    const std::string list = first_line(root + "/sys/devices/cpu_" + name + "/cpus");
    CoreKind kind{name, parse_cpu_list(list)};
    if (!kind.cpus.empty()) kinds.push_back(std::move(kind));
  }
  return kinds;
}

// cpu_capacity: 1024 for the fastest CPU of the system, others in proportion.
std::vector<CoreKind> capacity_kinds(const std::string& root) {
  std::map<int, std::vector<int>, std::greater<int>> by_capacity;
  for (const std::string& folder : entries_in(root + "/sys/devices/system/cpu", "cpu")) {
    const std::string digits = folder.substr(folder.rfind('/') + 4);
    const bool number = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
      return std::isdigit(static_cast<unsigned char>(c)) != 0;
    });
    const double capacity = number ? number_in(folder + "/cpu_capacity") : -1;
    if (capacity > 0 && capacity <= 1e6) {
      by_capacity[static_cast<int>(capacity)].push_back(std::atoi(digits.c_str()));
    }
  }
  std::vector<CoreKind> kinds;
  for (auto& [capacity, cpus] : by_capacity) {
    std::sort(cpus.begin(), cpus.end());
    kinds.push_back({"capacity " + std::to_string(capacity), std::move(cpus)});
  }
  return kinds;
}

}  // namespace

std::vector<int> parse_cpu_list(const std::string& text) {
  constexpr long kMaxCpu = 65'535;
  std::vector<int> cpus;
  const char* at = text.c_str();
  for (;;) {
    char* end = nullptr;
    if (std::isdigit(static_cast<unsigned char>(*at)) == 0) return cpus;
    const long first = std::strtol(at, &end, 10);
    long last = first;
    if (*end == '-' && std::isdigit(static_cast<unsigned char>(end[1])) != 0) {
      last = std::strtol(end + 1, &end, 10);
    }
    if (last > kMaxCpu) return cpus;
    for (long cpu = first; cpu <= last; ++cpu) cpus.push_back(static_cast<int>(cpu));
    if (*end != ',') return cpus;
    at = end + 1;
  }
}

std::vector<CoreKind> core_kinds(const std::string& root) {
  std::vector<CoreKind> kinds = intel_kinds(root);
  if (kinds.size() < 2) kinds = capacity_kinds(root);
  if (kinds.size() < 2) kinds.clear();
  return kinds;
}

const CoreKind* fastest_allowed(const std::vector<CoreKind>& kinds,
                                const std::vector<int>& allowed) {
  for (const CoreKind& kind : kinds) {
    for (const int cpu : kind.cpus) {
      if (std::find(allowed.begin(), allowed.end(), cpu) != allowed.end()) return &kind;
    }
  }
  return nullptr;
}

std::vector<int> cpus_of_this_thread() {
  cpu_set_t mask;
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &mask)) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace edgefront
