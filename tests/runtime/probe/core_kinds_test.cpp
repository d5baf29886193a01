#include "runtime/probe/core_kinds.h"

#include <doctest/doctest.h>

#include "tests/runtime/probe/fake_root.h"

using namespace edgefront;

TEST_CASE("lists of CPUs are read as the kernel writes them") {
  CHECK(parse_cpu_list("0-3,8") == std::vector<int>{0, 1, 2, 3, 8});
  CHECK(parse_cpu_list("5") == std::vector<int>{5});
  CHECK(parse_cpu_list("").empty());
  CHECK(parse_cpu_list("none").empty());
  CHECK(parse_cpu_list("1,x") == std::vector<int>{1});
  CHECK(parse_cpu_list("3-1").empty());
  CHECK(parse_cpu_list("0-99999999999").empty());
}

TEST_CASE("kinds of ARM cores are told apart by capacity, the fastest first") {
  FakeRoot root;
  const int capacities[] = {446, 446, 446, 446, 1024, 1024};
  for (int cpu = 0; cpu < 6; ++cpu) {
    const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu);
    root.write(folder + "/cpu_capacity", std::to_string(capacities[cpu]) + "\n");
  }
  root.write("/sys/devices/system/cpu/cpufreq/policy0/cpu_capacity", "7\n");
  const auto kinds = core_kinds(root.path());
  REQUIRE(kinds.size() == 2);
  CHECK(kinds[0].name == "capacity 1024");
  CHECK(kinds[0].cpus == std::vector<int>{4, 5});
  CHECK(kinds[1].name == "capacity 446");
  CHECK(kinds[1].cpus == std::vector<int>{0, 1, 2, 3});
  CHECK(fastest_allowed(kinds, {0, 5})->name == "capacity 1024");
  CHECK(fastest_allowed(kinds, {0, 1})->name == "capacity 446");
  CHECK(fastest_allowed(kinds, {9}) == nullptr);
}

TEST_CASE("kinds of Intel cores are told apart by their monitoring units") {
  FakeRoot root;
  root.write("/sys/devices/cpu_core/cpus", "0-7\n");
  root.write("/sys/devices/cpu_atom/cpus", "8-11\n");
  const auto kinds = core_kinds(root.path());
  REQUIRE(kinds.size() == 2);
  CHECK(kinds[0].name == "core");
  CHECK(kinds[0].cpus.size() == 8);
  CHECK(kinds[1].name == "atom");
  CHECK(kinds[1].cpus == std::vector<int>{8, 9, 10, 11});
}

TEST_CASE("where all cores are alike, or nothing is known, there are no kinds") {
  FakeRoot root;
  CHECK(core_kinds(root.path()).empty());
  for (const char* cpu : {"cpu0", "cpu1"}) {
    root.write(std::string("/sys/devices/system/cpu/") + cpu + "/cpu_capacity", "1024\n");
  }
  CHECK(core_kinds(root.path()).empty());
  CHECK(fastest_allowed({}, {0}) == nullptr);
}
