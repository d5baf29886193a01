#include "runtime/probe/frequencies.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "runtime/probe/system_files.h"
#include "tests/runtime/probe/fake_root.h"

using namespace edgefront;

namespace {

const std::string kPolicies = "/sys/devices/system/cpu/cpufreq/";

void write_policy(FakeRoot& root, int number, const std::string& cpus, const std::string& levels) {
  const std::string folder = kPolicies + "policy" + std::to_string(number) + "/";
  root.write(folder + "related_cpus", cpus + "\n");
  root.write(folder + "scaling_governor", "ondemand\n");
  root.write(folder + "cpuinfo_min_freq", "600000\n");
  root.write(folder + "cpuinfo_max_freq", "1800000\n");
  root.write(folder + "scaling_min_freq", "700000\n");
  root.write(folder + "scaling_max_freq", "1500000\n");
  if (!levels.empty()) root.write(folder + "scaling_available_frequencies", levels + "\n");
}

std::string limits_of(const FakeRoot& root, int number = 0) {
  const std::string folder = root.path() + kPolicies + "policy" + std::to_string(number) + "/";
  return first_line(folder + "scaling_governor") + " " + first_line(folder + "scaling_min_freq") +
         " " + first_line(folder + "scaling_max_freq");
}

constexpr const char* kAsFound = "ondemand 700000 1500000";
constexpr const char* kPinned = "ondemand 1200000 1200000";

FakeRoot& board(FakeRoot& root) {
  write_policy(root, 0, "0 1 2 3", "1800000 600000 1200000");
  return root;
}

}  // namespace

TEST_CASE("policies are read with governor, limits and rising levels") {
  FakeRoot root;
  const auto policies = read_frequency_policies(board(root).path());
  REQUIRE(policies.size() == 1);
  CHECK(policies[0].cpus == std::vector<int>{0, 1, 2, 3});
  CHECK(policies[0].governor == "ondemand");
  CHECK(policies[0].min_khz == 700000);
  CHECK(policies[0].max_khz == 1500000);
  CHECK(policies[0].levels_khz == std::vector<std::int64_t>{600000, 1200000, 1800000});
}

TEST_CASE("a driver without a list of levels gets eight steps") {
  FakeRoot root;
  write_policy(root, 0, "0", "");
  const auto policies = read_frequency_policies(root.path());
  REQUIRE(policies.size() == 1);
  CHECK(policies[0].levels_khz.size() == 8);
  CHECK(policies[0].levels_khz.front() == 600000);
  CHECK(policies[0].levels_khz[1] == 700000);
  CHECK(policies[0].levels_khz.back() == 1800000);
}

TEST_CASE("clocks of the same kind are set together, others left alone") {
  FakeRoot root;
  write_policy(root, 0, "0", "600000 1200000");
  write_policy(root, 1, "1", "600000 1200000");
  write_policy(root, 2, "2 3", "600000 1800000");
  const auto policies = read_frequency_policies(root.path());
  CHECK(policies_like(policies, 1).size() == 2);
  CHECK(policies_like(policies, 3).size() == 1);
  CHECK(policies_like(policies, 9).empty());
}

TEST_CASE("a level is pinned, and governor and limits come back at the end") {
  FakeRoot root;
  {
    FrequencyGuard guard;
    REQUIRE(guard.begin(read_frequency_policies(board(root).path())).ok());
    CHECK(limits_of(root) == kAsFound);
    REQUIRE(guard.set(1200000).ok());
    CHECK(limits_of(root) == kPinned);
    CHECK(guard.restore().ok());
    CHECK(limits_of(root) == kAsFound);
    CHECK(guard.set(600000).message() == "the process that restores the clocks is gone");
    CHECK(limits_of(root) == kAsFound);
  }
  {
    FrequencyGuard guard;
    REQUIRE(guard.begin(read_frequency_policies(root.path())).ok());
    REQUIRE(guard.set(600000).ok());
  }
  CHECK(limits_of(root) == kAsFound);
}

TEST_CASE("clocks come back after the process that pinned them was killed") {
  for (const int signal : {SIGKILL, SIGTERM, SIGINT}) {
    FakeRoot root;
    board(root);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      FrequencyGuard guard;
      if (!guard.begin(read_frequency_policies(root.path())).ok() || !guard.set(1200000).ok()) {
        _exit(1);
      }
      if (write(ends[1], "x", 1) != 1) _exit(1);
      for (;;) pause();
    }
    close(ends[1]);
    char byte = 0;
    REQUIRE(read(ends[0], &byte, 1) == 1);
    CHECK(limits_of(root) == kPinned);
    REQUIRE(kill(child, signal) == 0);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    // The watcher holds the pipe as well: its end is the pipe's.
    CHECK(read(ends[0], &byte, 1) == 0);
    close(ends[0]);
    CHECK(limits_of(root) == kAsFound);
  }
}

TEST_CASE("without its watcher nothing is set, and what was set is restored all the same") {
  FakeRoot root;
  FrequencyGuard guard;
  REQUIRE(guard.begin(read_frequency_policies(board(root).path())).ok());
  REQUIRE(guard.set(1200000).ok());
  REQUIRE(kill(guard.watcher(), SIGKILL) == 0);
  siginfo_t info{};
  REQUIRE(waitid(P_PID, static_cast<id_t>(guard.watcher()), &info, WEXITED | WNOWAIT) == 0);
  CHECK(guard.set(600000).code() == StatusCode::kEnvironment);
  CHECK(limits_of(root) == kPinned);
  CHECK(guard.restore().ok());
  CHECK(limits_of(root) == kAsFound);
}

TEST_CASE("a machine without levels, and limits that may not be written, are told apart") {
  FakeRoot root;
  FrequencyGuard none;
  CHECK(none.begin({}).message().find("shows no clock levels") != std::string::npos);
  auto policies = read_frequency_policies(board(root).path());
  policies[0].folder += "/gone";
  FrequencyGuard guard;
  const Status missing = guard.begin(policies);
  CHECK(missing.code() == StatusCode::kEnvironment);
  CHECK(missing.message().find("cannot set clocks") != std::string::npos);
  CHECK(guard.watcher() == -1);
}

TEST_CASE("the voltage of a level is the operating point's, or unknown") {
  FakeRoot root;
  root.write("/sys/kernel/debug/opp/cpu0/opp:1200000000/supply-0/u_volt_target", "975000\n");
  CHECK(level_voltage_v(root.path(), 1200000) == doctest::Approx(0.975));
  CHECK(level_voltage_v(root.path(), 600000) == -1);
}
