#include "runtime/probe/passes.h"

#include <doctest/doctest.h>

#include <set>
#include <utility>
#include <vector>

using namespace edgefront;

namespace {

ProtocolOptions three_passes() {
  ProtocolOptions options;
  options.passes = 3;
  options.patience_s = 0;
  options.seed = 5;
  return options;
}

}  // namespace

TEST_CASE("entries whose passes disagree are measured again, and only they") {
  Bench bench(three_passes(), nullptr, 4);
  std::vector<std::vector<double>> us(4);
  std::vector<std::vector<int>> lists;
  std::set<std::uint64_t> seeds;
  const auto measure = [&](std::uint64_t seed, const std::vector<int>& entries) -> Status {
    const std::size_t pass = lists.size();
    lists.push_back(entries);
    seeds.insert(seed);
    for (const int i : entries) {
      // Entry 1 is slow in the first pass only, entry 2 in every second one.
      const bool slow = (i == 1 && pass == 0) || (i == 2 && pass % 2 == 0);
      us[i].push_back(slow ? 13 : 10);
    }
    return {};
  };
  REQUIRE(run_passes(&bench, 4, measure, [&](int i) { return us[i]; }).ok());
  REQUIRE(lists.size() >= 4);
  for (int pass = 0; pass < 3; ++pass) CHECK(lists[pass] == std::vector<int>{0, 1, 2, 3});
  // {13, 10, 10} and {13, 10, 13} have a middle without a neighbour on one side.
  CHECK(lists[3] == std::vector<int>{1, 2});
  CHECK(us[0].size() == 3);
  CHECK(us[1].size() == 4);  // {10, 10, 10, 13}: the second has its neighbours
  CHECK(us[2].size() == 6);  // never: twice as many passes at the most
  CHECK(seeds.size() == lists.size());
}

TEST_CASE("passes that agree are not repeated, and progress counts what is to come") {
  std::vector<std::pair<int, int>> told;
  const ProbeProgress progress = [&](int done, int total) { told.push_back({done, total}); };
  Bench bench(three_passes(), progress, 2);
  std::vector<std::vector<double>> us(2);
  const auto measure = [&](std::uint64_t, const std::vector<int>& entries) -> Status {
    for (const int i : entries) {
      us[i].push_back(i == 0 ? 5 : us[1].empty() ? 8 : 6);
      bench.finish_one();
    }
    return {};
  };
  REQUIRE(run_passes(&bench, 2, measure, [&](int i) { return us[i]; }).ok());
  CHECK(us[0].size() == 3);
  CHECK(us[1].size() == 4);
  REQUIRE(told.size() == 7);
  CHECK(told[5] == std::pair<int, int>{6, 6});
  CHECK(told[6] == std::pair<int, int>{7, 7});
}

TEST_CASE("the first error ends the passes") {
  Bench bench(three_passes(), nullptr, 1);
  int calls = 0;
  const auto measure = [&](std::uint64_t, const std::vector<int>&) {
    return ++calls == 2 ? Status::invalid("no such layer") : Status();
  };
  const Status status = run_passes(&bench, 1, measure, [](int) { return std::vector<double>(); });
  CHECK(status.message() == "no such layer");
  CHECK(calls == 2);
}
