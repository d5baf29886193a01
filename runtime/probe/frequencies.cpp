#include "runtime/probe/frequencies.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "runtime/probe/system_files.h"

namespace edgefront {
namespace {

constexpr int kSteps = 8;  // where the driver has no list of levels
constexpr std::int64_t kStepUnit_khz = 100'000;

std::int64_t khz_in(const std::string& path) {
  return static_cast<std::int64_t>(std::max(0.0, number_in(path)));
}

std::vector<std::int64_t> levels_of(const FrequencyPolicy& policy) {
  std::vector<std::int64_t> levels;
  for (const char* list : {"/scaling_available_frequencies", "/scaling_boost_frequencies"}) {
    for (const std::string& word : words_of(first_line(policy.folder + list))) {
      const std::int64_t khz = std::strtoll(word.c_str(), nullptr, 10);
      if (khz >= policy.lowest_khz && khz <= policy.highest_khz && khz > 0) levels.push_back(khz);
    }
  }
  if (levels.empty()) {
    const std::int64_t range = policy.highest_khz - policy.lowest_khz;
    for (int i = 0; i < kSteps; ++i) {
      const std::int64_t khz = policy.lowest_khz + range * i / (kSteps - 1);
      const bool end = i == 0 || i == kSteps - 1;
      levels.push_back(end ? khz : khz / kStepUnit_khz * kStepUnit_khz);
    }
  }
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  return levels;
}

// One file and what is to stand in it.
struct Setting {
  std::string path, text;
};

// System calls only: the watcher uses it too.
bool write_setting(const Setting& setting) {
  const int file = open(setting.path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t size = static_cast<ssize_t>(setting.text.size());
  const bool whole = write(file, setting.text.data(), setting.text.size()) == size;
  return close(file) == 0 && whole;
}

// The lower limit first out of the way: the kernel refuses one above the upper limit.
std::vector<Setting> limits(const FrequencyPolicy& policy, std::int64_t min_khz,
                            std::int64_t max_khz) {
  return {{policy.folder + "/scaling_min_freq", std::to_string(policy.lowest_khz)},
          {policy.folder + "/scaling_max_freq", std::to_string(max_khz)},
          {policy.folder + "/scaling_min_freq", std::to_string(min_khz)}};
}

std::vector<Setting> as_found(const std::vector<FrequencyPolicy>& policies) {
  std::vector<Setting> settings;
  for (const FrequencyPolicy& policy : policies) {
    for (Setting& one : limits(policy, policy.min_khz, policy.max_khz)) {
      settings.push_back(std::move(one));
    }
    settings.push_back({policy.folder + "/scaling_governor", policy.governor});
  }
  return settings;
}

// Waits for the end of the other process, then restores. Signals that are sent to the whole group,
// as Ctrl-C is, must not end it.
[[noreturn]] void watch(int other_end, const std::vector<Setting>& settings) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) {
    std::signal(signal, SIG_IGN);
  }
  setpgid(0, 0);
  char byte = 0;
  ssize_t got = 0;
  do {
    got = read(other_end, &byte, 1);
  } while (got > 0 || (got < 0 && errno == EINTR));
  bool restored = true;
  for (const Setting& setting : settings) restored = write_setting(setting) && restored;
  _exit(restored ? 0 : 1);
}

Status not_writable(const std::string& path, int error) {
  std::string text = "cannot set clocks: " + path + ": " + std::strerror(error);
  if (error == EACCES || error == EPERM) text += "; run edgefront-probe --frequencies as root";
  return Status::environment(std::move(text));
}

}  // namespace

std::vector<FrequencyPolicy> read_frequency_policies(const std::string& root) {
  std::vector<FrequencyPolicy> policies;
  for (const std::string& folder : entries_in(root + "/sys/devices/system/cpu/cpufreq", "policy")) {
    FrequencyPolicy policy;
    policy.folder = folder;
    for (const std::string& word : words_of(first_line(folder + "/related_cpus"))) {
      policy.cpus.push_back(static_cast<int>(std::strtol(word.c_str(), nullptr, 10)));
    }
    policy.governor = first_line(folder + "/scaling_governor");
    policy.lowest_khz = khz_in(folder + "/cpuinfo_min_freq");
    policy.highest_khz = khz_in(folder + "/cpuinfo_max_freq");
    policy.min_khz = khz_in(folder + "/scaling_min_freq");
    policy.max_khz = khz_in(folder + "/scaling_max_freq");
    if (policy.lowest_khz <= 0 || policy.highest_khz < policy.lowest_khz) continue;
    policy.levels_khz = levels_of(policy);
    policies.push_back(std::move(policy));
  }
  return policies;
}

std::vector<FrequencyPolicy> policies_like(const std::vector<FrequencyPolicy>& policies, int cpu) {
  const auto has_cpu = [cpu](const FrequencyPolicy& p) {
    return std::find(p.cpus.begin(), p.cpus.end(), cpu) != p.cpus.end();
  };
  std::vector<FrequencyPolicy> result;
  const auto own = std::find_if(policies.begin(), policies.end(), has_cpu);
  if (own == policies.end()) return result;
  for (const FrequencyPolicy& policy : policies) {
    if (policy.levels_khz == own->levels_khz) result.push_back(policy);
  }
  return result;
}

double level_voltage_v(const std::string& root, std::int64_t level_khz) {
  // Operating points as the kernel shows them where debugfs is mounted: one folder per frequency.
  const std::string hz = std::to_string(level_khz * 1000);
  for (const std::string& device : entries_in(root + "/sys/kernel/debug/opp", "cpu")) {
    const std::string supply = device + "/opp:" + hz + "/supply-0/u_volt_target";
    if (const double uv = number_in(supply); uv > 0) return uv * 1e-6;
  }
  return -1;
}

Status FrequencyGuard::begin(std::vector<FrequencyPolicy> policies) {
  if (policies.empty()) {
    return Status::environment(
        "this machine shows no clock levels (/sys/devices/system/cpu/cpufreq); a virtual machine "
        "has none");
  }
  for (const FrequencyPolicy& policy : policies) {
    const std::string path = policy.folder + "/scaling_max_freq";
    if (access(path.c_str(), W_OK) != 0) return not_writable(path, errno);
  }
  const std::vector<Setting> settings = as_found(policies);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return Status::environment(std::string("no watcher for the clocks: ") + std::strerror(errno));
  }
  const pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    watch(ends[0], settings);
  }
  close(ends[0]);
  if (child < 0) {
    close(ends[1]);
    return Status::environment(std::string("no watcher for the clocks: ") + std::strerror(errno));
  }
  policies_ = std::move(policies);
  watcher_ = child;
  alive_ = ends[1];
  return {};
}

Status FrequencyGuard::set(std::int64_t level_khz) {
  // Without its watcher nothing may be changed.
  int unused = 0;
  if (watcher_ < 0 || waitpid(watcher_, &unused, WNOHANG) != 0) {
    watcher_ = -1;
    return Status::environment("the process that restores the clocks is gone");
  }
  for (const FrequencyPolicy& policy : policies_) {
    for (const Setting& setting : limits(policy, level_khz, level_khz)) {
      if (!write_setting(setting)) return not_writable(setting.path, errno);
    }
  }
  return {};
}

Status FrequencyGuard::restore() {
  if (alive_ < 0) return {};
  close(alive_);
  alive_ = -1;
  int status = 1;
  const bool by_watcher = watcher_ >= 0 && waitpid(watcher_, &status, 0) == watcher_ &&
                          WIFEXITED(status) && WEXITSTATUS(status) == 0;
  watcher_ = -1;
  if (by_watcher) return {};
  // The watcher was killed, or failed: once more from here.
  bool restored = true;
  for (const Setting& setting : as_found(policies_)) {
    restored = write_setting(setting) && restored;
  }
  if (restored) return {};
  return Status::environment(
      "the clocks could not be restored; see scaling_min_freq, "
      "scaling_max_freq and scaling_governor in " +
      policies_[0].folder);
}

}  // namespace edgefront
