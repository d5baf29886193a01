#include "runtime/probe/pinning.h"

#include <doctest/doctest.h>

#include <set>

#include "runtime/team.h"

using namespace edgefront;

TEST_CASE("a team is spread over cores first, from the CPU that is asked for") {
  // Two threads to a core, numbered as Linux numbers them: 0 and 2 are one core, 1 and 3 the other.
  const std::vector<int> allowed{0, 1, 2, 3};
  const std::vector<std::string> cores{"0,2", "1,3", "0,2", "1,3"};
  CHECK(spread_cpus(0, 1, allowed, cores) == std::vector<int>{0});
  CHECK(spread_cpus(0, 2, allowed, cores) == std::vector<int>{0, 1});
  CHECK(spread_cpus(3, 2, allowed, cores) == std::vector<int>{3, 0});
  CHECK(spread_cpus(3, 3, allowed, cores) == std::vector<int>{3, 0, 1});
  CHECK(spread_cpus(0, 9, allowed, cores) == std::vector<int>{0, 1, 2, 3});
  CHECK(spread_cpus(7, 2, allowed, cores).empty());
  // Neighbours are one core, and the kernel does not say so for the last two.
  CHECK(spread_cpus(0, 3, allowed, {"0-1", "0-1", "", ""}) == std::vector<int>{0, 2, 3});
}

TEST_CASE("each thread of a pinned team has a CPU of its own and gets its old mask back") {
  for (const int threads : {1, 2}) {
    if (!check_team(threads).ok()) {
      MESSAGE("skipped: ", check_team(threads).message());
      continue;
    }
    struct Masks {
      std::vector<cpu_set_t> of = std::vector<cpu_set_t>(2);
    };
    const auto look = [](void* masks, int member, int) {
      sched_getaffinity(0, sizeof(cpu_set_t), &static_cast<Masks*>(masks)->of[std::size_t(member)]);
    };
    Masks before, inside, after;
    run_team(threads, look, &before);
    {
      const PinnedTeam pinned(-1, threads);
      if (!pinned.pinned()) {
        MESSAGE("skipped: this system does not allow pinning");
        return;
      }
      run_team(threads, look, &inside);
      std::set<int> cpus;
      for (int i = 0; i < threads; ++i) {
        CHECK(CPU_COUNT(&inside.of[std::size_t(i)]) == 1);
        CHECK(CPU_ISSET(pinned.cpus()[std::size_t(i)], &inside.of[std::size_t(i)]));
        cpus.insert(pinned.cpus()[std::size_t(i)]);
      }
      CHECK(int(cpus.size()) == threads);
      CHECK(check_team(threads).ok());
    }
    run_team(threads, look, &after);
    for (int i = 0; i < threads; ++i) {
      CHECK(CPU_EQUAL(&before.of[std::size_t(i)], &after.of[std::size_t(i)]));
    }
  }
}

TEST_CASE("a CPU that does not exist, or too few of them, leaves the thread as it was") {
  cpu_set_t before, after;
  REQUIRE(sched_getaffinity(0, sizeof(before), &before) == 0);
  {
    const PinnedTeam beyond(1 << 20, 1), many(-1, CPU_SETSIZE + 1);
    CHECK_FALSE(beyond.pinned());
    CHECK_FALSE(many.pinned());
    REQUIRE(sched_getaffinity(0, sizeof(after), &after) == 0);
    CHECK(CPU_EQUAL(&before, &after));
  }
}
