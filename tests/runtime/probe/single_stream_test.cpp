#include "runtime/probe/single_stream.h"

#include <doctest/doctest.h>

#include <vector>

using namespace edgefront;

namespace {

// Queries whose latencies are given, on a clock that stands still but for them.
struct FakeMachine {
  std::vector<double> latencies_us;
  std::size_t asked = 0;
  double seconds = 1000;

  StreamResult run(const StreamOptions& options) {
    return run_single_stream(
        options,
        [this] {
          const double us = latencies_us[asked++ % latencies_us.size()];
          seconds += us * 1e-6;
          return us;
        },
        [this] { return seconds; });
  }
};

}  // namespace

TEST_CASE("a stream ends when both limits are reached, not before") {
  FakeMachine by_count{{100.0}};
  CHECK(by_count.run({50, 0.001}).queries == 50);  // 1 ms was reached after 10
  FakeMachine by_time{{100.0}};
  const StreamResult result = by_time.run({5, 0.00995});
  CHECK(result.queries == 100);
  CHECK(result.seconds == doctest::Approx(0.01));
  CHECK(result.mean_us == doctest::Approx(100));
}

TEST_CASE("at least one query runs even where nothing is asked for") {
  FakeMachine machine{{7.0}};
  const StreamResult result = machine.run({0, 0});
  CHECK(result.queries == 1);
  CHECK(result.p90_us == 7.0);
}

TEST_CASE("the 90th percentile is the smallest latency that nine of ten queries keep") {
  FakeMachine ten{{9, 8, 7, 6, 5, 4, 3, 2, 1, 100}};
  CHECK(ten.run({10, 0}).p90_us == 9);
  FakeMachine eleven{{9, 8, 7, 6, 5, 4, 3, 2, 1, 100, 50}};
  CHECK(eleven.run({11, 0}).p90_us == 50);  // 9 of 11 would be 82 %
  FakeMachine hundred;
  for (int i = 100; i > 0; --i) hundred.latencies_us.push_back(i);
  CHECK(hundred.run({100, 0}).p90_us == 90);
}

TEST_CASE("the defaults are the rule of MLPerf, and what asks for less does not follow it") {
  CHECK(StreamOptions{}.min_queries == 1024);
  CHECK(StreamOptions{}.min_seconds == 60);
  CHECK(follows_mlperf_rule({}));
  CHECK(follows_mlperf_rule({2000, 100}));
  CHECK(!follows_mlperf_rule({1023, 60}));
  CHECK(!follows_mlperf_rule({1024, 59.9}));
}
