#include "hwprofiles/profile_lock.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <functional>

#include "hwprofiles/profile_store.h"
#include "space/error.h"
#include "tests/hwprofiles/example_profile.h"
#include "tests/temporary_folder.h"

namespace edgefront {
namespace {

/// A process of its own that runs `work` and ends.
pid_t start(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      work();
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  return child;
}

int exit_code_of(pid_t child) {
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_CASE("a second process is refused by the name of the first, until that ends") {
  const TemporaryFolder folder;
  const std::string path = folder.path("dev.h5");
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = start([&] {
    const ProfileLock lock(path);
    if (::write(ready[1], "x", 1) == 1) ::pause();
  });
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  const std::string holder = "dev.h5: process " + std::to_string(child);
  CHECK_THROWS_WITH_AS(ProfileLock{path}, doctest::Contains(holder.c_str()), EnvironmentError);
  CHECK_THROWS_WITH_AS(ProfileLock{path}, doctest::Contains("is writing this profile"),
                       EnvironmentError);
  const ProfileLock other(folder.path("other.h5"));
  ::kill(child, SIGKILL);  // leaves its lock file behind
  CHECK(exit_code_of(child) == -1);
  CHECK(std::filesystem::exists(path + ".lock"));
  { const ProfileLock lock(path); }
  CHECK_FALSE(std::filesystem::exists(path + ".lock"));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("of many processes that add an entry each, none loses another's") {
  const TemporaryFolder folder;
  const std::string path = folder.path("dev.h5");
  DeviceProfile empty;
  save_profile(empty, path);
  constexpr int kProcesses = 4, kRounds = 8;
  pid_t children[kProcesses];
  for (int c = 0; c < kProcesses; ++c) {
    children[c] = start([&] {
      for (int round = 0; round < kRounds;) {
        try {
          const ProfileLock lock(path);
          DeviceProfile profile = load_profile(path);
          profile.networks.push_back(example_profile().networks[0]);
          profile.networks.back().genotype = std::to_string(c) + "." + std::to_string(round);
          save_profile(profile, path);
          ++round;
        } catch (const EnvironmentError& error) {
          if (std::strstr(error.what(), "is writing") == nullptr) throw;
          ::usleep(200);
        }
      }
    });
  }
  for (const pid_t child : children) CHECK(exit_code_of(child) == 0);
  CHECK(load_profile(path).networks.size() == kProcesses * kRounds);
}

TEST_CASE("two writers without a lock never leave a file that is neither's") {
  const TemporaryFolder folder;
  const std::string path = folder.path("dev.h5");
  DeviceProfile profiles[2] = {example_profile(), example_profile()};
  profiles[1].networks.clear();
  profiles[1].energy.clear();
  save_profile(profiles[0], path);
  pid_t children[2];
  for (int c = 0; c < 2; ++c) {
    children[c] = start([&] {
      for (int round = 0; round < 20; ++round) save_profile(profiles[c], path);
    });
  }
  for (int look = 0; look < 20; ++look) {
    const DeviceProfile seen = load_profile(path);
    CHECK(seen.networks.size() == seen.energy.size() / 2);
  }
  for (const pid_t child : children) CHECK(exit_code_of(child) == 0);
  CHECK(folder.files() == 1);
}

TEST_CASE("a lock that cannot be made says so") {
  CHECK_THROWS_WITH_AS(ProfileLock{"/proc/nowhere/dev.h5"},
                       doctest::Contains("dev.h5.lock: cannot be made"), EnvironmentError);
}

}  // namespace
}  // namespace edgefront
