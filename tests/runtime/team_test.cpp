#include "runtime/team.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace edgefront {
namespace {

/// Each member writes its cell, meets the others, reads all cells, meets them again; many times.
struct Rounds {
  Barrier barrier;
  std::vector<int> cells;
  std::vector<int> wrong;
  int members = 0;
};

void exchange(void* context, int member, int members) {
  Rounds& r = *static_cast<Rounds*>(context);
  if (member == 0) r.members = members;
  for (int round = 1; round <= 200; ++round) {
    // Some meetings take long enough for the others to fall asleep.
    if (round % 50 == member) usleep(2000);
    r.cells[static_cast<std::size_t>(member)] = round;
    r.barrier.wait(members);
    for (int i = 0; i < members; ++i) {
      if (r.cells[static_cast<std::size_t>(i)] != round)
        ++r.wrong[static_cast<std::size_t>(member)];
    }
    r.barrier.wait(members);
  }
}

TEST_CASE("what members wrote before they met, all see after, whether they spun or slept") {
  for (const int threads : {1, 2, 3, 5}) {  // more than CPUs is slow, not wrong
    Rounds rounds;
    rounds.cells.resize(static_cast<std::size_t>(threads));
    rounds.wrong.resize(static_cast<std::size_t>(threads));
    run_team(threads, exchange, &rounds);
    CHECK(rounds.members >= 1);
    CHECK(rounds.members <= threads);
    for (const int wrong : rounds.wrong) CHECK(wrong == 0);
  }
}

TEST_CASE("a team of one is the caller") {
  int calls = 0;
  run_team(
      1,
      [](void* context, int member, int members) {
        ++*static_cast<int*>(context);
        CHECK(member == 0);
        CHECK(members == 1);
      },
      &calls);
  CHECK(calls == 1);
}

TEST_CASE("a team gets as many threads as it may have CPUs, and more are refused with the number") {
  CHECK(check_team(1).ok());
  CHECK(check_team(0).message() == "threads 0, accepted are 1 and more");
  const int cpus = allowed_cpus();
  const std::string many = check_team(cpus + 1).message();
  CHECK(many.find("threads " + std::to_string(cpus + 1) + ": this ") == 0);
  const bool openmp = many.find("built without OpenMP") == std::string::npos;
  if (!openmp) return;
  CHECK(check_team(cpus).ok());
  CHECK(many.find(" CPU(s), and each thread needs one") != std::string::npos);
}

TEST_CASE("threads that share one CPU are refused") {
  if (allowed_cpus() < 2 || !check_team(2).ok()) return;
  // Every member is kept to the caller's CPU, then let go again.
  cpu_set_t all, one;
  REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  const auto confine = [](void* mask, int, int) {
    sched_setaffinity(0, sizeof(cpu_set_t), static_cast<cpu_set_t*>(mask));
  };
  run_team(2, confine, &one);
  CHECK(allowed_cpus() == 1);
  CHECK(check_team(2).message() ==
        "threads 2: this process may run on 1 CPU(s), and each thread needs one");
  run_team(2, confine, &all);
  CHECK(check_team(2).ok());
}

}  // namespace
}  // namespace edgefront
