#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "runtime/kernels/kernel_set.h"
#include "runtime/probe/probe.h"
#include "tests/runtime/probe/fake_root.h"

using namespace edgefront;

namespace {

constexpr const char* kX86 =
    "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) 2.0GHz\n"
    "cpu MHz\t\t: 2000.170\nflags\t\t: fpu sse2 fma avx2 avx512f avx512bw avx512_vnni\n\n"
    "processor\t: 1\nmodel name\t: Intel(R) Xeon(R) 2.0GHz\ncpu MHz\t\t: 1990\n"
    "flags\t\t: fpu sse2 fma avx2 avx512f avx512bw avx512_vnni\n";

constexpr const char* kArm =
    "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd crc32 asimddp\n\n"
    "processor\t: 1\nFeatures\t: fp asimd crc32 asimddp\n\nModel\t\t: Raspberry Pi 5 Model B\n";

}  // namespace

TEST_CASE("an x86 machine is described from its proc and sys files") {
  FakeRoot root;
  root.write("/proc/cpuinfo", kX86);
  root.write("/proc/meminfo", "MemTotal:        8016044 kB\nMemFree:          100 kB\n");
  root.write("/etc/os-release",
             "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  const std::string cache = "/sys/devices/system/cpu/cpu0/cache/index";
  const char* const caches[4][3] = {{"1", "Data", "48K"},
                                    {"1", "Instruction", "32K"},
                                    {"2", "Unified", "2M"},
                                    {"3", "Unified", "32768K"}};
  for (int i = 0; i < 4; ++i) {
    root.write(cache + std::to_string(i) + "/level", std::string(caches[i][0]) + "\n");
    root.write(cache + std::to_string(i) + "/type", std::string(caches[i][1]) + "\n");
    root.write(cache + std::to_string(i) + "/size", std::string(caches[i][2]) + "\n");
  }
  const DeviceIdentity identity = describe_device(root.path());
  CHECK(identity.cpu_model == "Intel(R) Xeon(R) 2.0GHz");
  CHECK(identity.os == "Debian GNU/Linux 12 (bookworm)");
  CHECK(identity.features ==
        std::vector<std::string>{"avx2", "fma", "avx512f", "avx512bw", "avx512_vnni"});
  CHECK(identity.cores == 2);
  CHECK(identity.memory_bytes == std::int64_t{8016044} * 1024);
  CHECK(identity.l1d_bytes == 48 * 1024);
  CHECK(identity.l2_bytes == 2 * 1024 * 1024);
  CHECK(identity.l3_bytes == 32 * 1024 * 1024);
}

TEST_CASE("an Arm board is named by its model line and its asimd features") {
  FakeRoot root;
  root.write("/proc/cpuinfo", kArm);
  const DeviceIdentity identity = describe_device(root.path());
  CHECK(identity.cpu_model == "Raspberry Pi 5 Model B");
  CHECK(identity.features == std::vector<std::string>{"asimd", "asimddp"});
  CHECK(identity.cores == 2);
}

TEST_CASE("a board without a model line is named by its device tree") {
  FakeRoot root;
  root.write("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\n");
  root.write("/proc/device-tree/model", "Toradex Verdin\n");
  CHECK(describe_device(root.path()).cpu_model == "Toradex Verdin");
}

TEST_CASE("what cannot be read is unknown, not guessed") {
  FakeRoot root;
  const DeviceIdentity identity = describe_device(root.path());
  CHECK(identity.cpu_model == "");
  CHECK(identity.os == "");
  CHECK(identity.features.empty());
  CHECK(identity.cores == 0);
  CHECK(identity.memory_bytes == 0);
  CHECK(identity.l1d_bytes == -1);
  CHECK(identity.l2_bytes == -1);
  CHECK(identity.l3_bytes == -1);
  const DeviceState state = describe_state(root.path());
  CHECK(state.governor == "");
  CHECK(state.clock_mhz == -1);
  CHECK(state.temperature_c == -1);
  CHECK(state.load_1min == -1);
}

TEST_CASE("a cache size that is no size stays unknown") {
  FakeRoot root;
  for (const char* size : {"", "fast", "12Q", "-4K"}) {
    root.write("/sys/devices/system/cpu/cpu0/cache/index0/level", "1\n");
    root.write("/sys/devices/system/cpu/cpu0/cache/index0/type", "Data\n");
    root.write("/sys/devices/system/cpu/cpu0/cache/index0/size", size);
    CHECK(describe_device(root.path()).l1d_bytes == -1);
  }
}

TEST_CASE("the state holds governor, clock, load and the hottest processor sensor") {
  FakeRoot root;
  const std::string cpufreq = "/sys/devices/system/cpu/cpu0/cpufreq/";
  root.write(cpufreq + "scaling_governor", "ondemand\n");
  root.write(cpufreq + "scaling_cur_freq", "1800000\n");
  root.write("/proc/loadavg", "0.25 0.10 0.05 1/95 9246\n");
  const char* const zones[3][2] = {
      {"cpu-thermal", "51000"}, {"gpu-thermal", "90000"}, {"x86_pkg_temp", "55500"}};
  for (int i = 0; i < 3; ++i) {
    const std::string zone = "/sys/class/thermal/thermal_zone" + std::to_string(i);
    root.write(zone + "/type", std::string(zones[i][0]) + "\n");
    root.write(zone + "/temp", std::string(zones[i][1]) + "\n");
  }
  const DeviceState state = describe_state(root.path());
  CHECK(state.governor == "ondemand");
  CHECK(state.clock_mhz == 1800);
  CHECK(state.temperature_c == 55.5);
  CHECK(state.load_1min == 0.25);
  CHECK(state.reference_kernel_us > 0);
}

TEST_CASE("without cpufreq the clock is the one of cpuinfo, and hwmon gives the temperature") {
  FakeRoot root;
  root.write("/proc/cpuinfo", kX86);
  root.write("/sys/class/hwmon/hwmon0/name", "nvme\n");
  root.write("/sys/class/hwmon/hwmon0/temp1_input", "70000\n");
  root.write("/sys/class/hwmon/hwmon1/name", "k10temp\n");
  root.write("/sys/class/hwmon/hwmon1/temp1_input", "48250\n");
  const DeviceState state = describe_state(root.path());
  CHECK(state.clock_mhz == doctest::Approx(2000.17));
  CHECK(state.temperature_c == 48.25);
}

TEST_CASE("the kernel sets are those that run here, best first") {
  FakeRoot root;
  std::vector<std::string> expected;
  for (const KernelSet* set : kernel_sets()) {
    if (set->available()) expected.push_back(set->name);
  }
  CHECK(describe_device(root.path()).kernel_sets == expected);
  CHECK(expected.back() == "reference");
}
