#include "runtime/probe/rounds.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <vector>

using namespace edgefront;

namespace {

ProtocolOptions protocol(int warmup, int min_samples, int max_samples) {
  ProtocolOptions options;
  options.warmup = warmup;
  options.min_samples = min_samples;
  options.max_samples = max_samples;
  return options;
}

// Times that jump by ± `share` from round to round, in no order.
double jumping(double us, double share, std::uint64_t round) {
  return us * (1 + share * (stream_value(3, round) % 2 == 0 ? 1 : -1));
}

}  // namespace

TEST_CASE("steady entries stop at min_samples and the warm-up does not count") {
  int rounds = 0;
  DisturbanceFilter filter(1.15);
  const auto sampler = [&](std::uint64_t round, std::vector<TimedEntry>* times) {
    ++rounds;
    times->push_back({0, round < 10 ? 1000.0 : 5.0, false});
    times->push_back({1, 7.0, false});
    return 10.0;
  };
  const auto result = sample_rounds(2, protocol(10, 50, 2000), sampler, &filter);
  CHECK(rounds == 60);
  CHECK(result[0].samples == 50);
  CHECK(result[0].latency_us == 5.0);
  CHECK(result[0].p99_us == 5.0);
  CHECK(result[1].latency_us == 7.0);
  CHECK(result[1].rejected == 0);
}

TEST_CASE("a noisy entry keeps all entries running until its interval is within the limit") {
  DisturbanceFilter filter(1.15);
  const auto sampler = [&](std::uint64_t round, std::vector<TimedEntry>* times) {
    times->push_back({0, 5.0, false});
    times->push_back({1, jumping(100, 0.3, round), false});
    return 10.0;
  };
  const auto result = sample_rounds(2, protocol(0, 50, 100000), sampler, &filter);
  // ± 30 % around the mean: 1.96·0.3/√n/0.8 ≤ 3 % needs some 600 samples.
  CHECK(relative_half_width(result[1]) <= 0.03);
  CHECK(result[1].samples > 400);
  CHECK(result[1].samples < 900);
  CHECK(result[0].samples == result[1].samples);
  CHECK(result[1].latency_us == doctest::Approx(100).epsilon(0.03));
}

TEST_CASE("an entry that never settles ends at max_samples with its wide interval") {
  DisturbanceFilter filter(1.15);
  const auto sampler = [&](std::uint64_t round, std::vector<TimedEntry>* times) {
    times->push_back({0, jumping(100, 0.9, round), false});
    return 10.0;
  };
  const auto result = sample_rounds(1, protocol(0, 50, 120), sampler, &filter);
  CHECK(result[0].samples == 120);
  CHECK(relative_half_width(result[0]) > 0.03);
}

TEST_CASE("an entry that occurs several times in a round gets a sample each time") {
  DisturbanceFilter filter(1.15);
  const auto sampler = [&](std::uint64_t, std::vector<TimedEntry>* times) {
    for (const double us : {1.0, 2.0, 3.0}) times->push_back({0, us, false});
    return 10.0;
  };
  const auto result = sample_rounds(1, protocol(0, 50, 50), sampler, &filter);
  CHECK(result[0].latency_us == doctest::Approx(2.0));
  CHECK(result[0].samples == 51);
}

TEST_CASE("disturbed rounds are counted and repeated, not averaged in") {
  DisturbanceFilter filter(1.15);
  int disturbed = 0;
  const auto sampler = [&](std::uint64_t round, std::vector<TimedEntry>* times) {
    const bool slow = round >= 10 && round % 4 == 0;
    disturbed += slow ? 1 : 0;
    times->push_back({0, slow ? 50.0 : 5.0, false});
    return slow ? 12.0 : 10.0;
  };
  const auto result = sample_rounds(1, protocol(10, 60, 60), sampler, &filter);
  CHECK(result[0].samples == 60);
  CHECK(result[0].p99_us == 5.0);
  CHECK(result[0].rejected == disturbed);
  CHECK(disturbed == 20);
}

TEST_CASE("interrupted times of one entry are repeated and counted there only") {
  DisturbanceFilter filter(1.15);
  const auto sampler = [&](std::uint64_t round, std::vector<TimedEntry>* times) {
    const bool lost = round % 2 == 1;
    times->push_back({0, lost ? 4000.0 : 5.0, lost});
    times->push_back({1, 7.0, false});
    return 10.0;
  };
  const auto result = sample_rounds(2, protocol(0, 50, 200), sampler, &filter);
  CHECK(result[0].samples >= 50);
  CHECK(result[0].p99_us == 5.0);
  CHECK(std::abs(result[0].rejected - result[0].samples) <= 1);
  CHECK(result[1].rejected == 0);
}

TEST_CASE("an entry that is interrupted every time is measured all the same") {
  DisturbanceFilter filter(1.15);
  const auto sampler = [&](std::uint64_t, std::vector<TimedEntry>* times) {
    times->push_back({0, 4000.0, true});
    return 10.0;
  };
  const auto result = sample_rounds(1, protocol(0, 50, 80), sampler, &filter);
  CHECK(result[0].rejected == 80);
  CHECK(result[0].samples >= 50);
}

TEST_CASE("a reference kernel below the limit does not reject") {
  DisturbanceFilter filter(1.15);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(filter.disturbed(10.0));
  CHECK_FALSE(filter.disturbed(11.49));
  CHECK(filter.disturbed(11.51));
  CHECK(filter.baseline() == 10.0);
}

TEST_CASE("with a clock a disturbance of thousands of short rounds does not become the normal") {
  double now = 0;
  DisturbanceFilter with_clock(1.05), without(1.05);
  with_clock.clock_s = [&] { return now; };
  const auto round = [&](double us) {
    now += 0.001;
    without.disturbed(us);
    return with_clock.disturbed(us);
  };
  for (int i = 0; i < 10000; ++i) CHECK_FALSE(round(10));  // ten seconds at rest
  for (int i = 0; i < 5000; ++i) CHECK(round(12));         // five of a busy neighbour
  CHECK(with_clock.baseline() == 10);
  CHECK(without.baseline() == 12);
  for (int i = 0; i < 100000; ++i) round(12);  // a lasting change is taken in the end
  CHECK_FALSE(round(12));
}

TEST_CASE("passes agree when the middle one has a near neighbour on either side") {
  CHECK(passes_agree({}));
  CHECK(passes_agree({1, 9}));
  CHECK(passes_agree({10.0, 10.4, 10.2}));
  CHECK_FALSE(passes_agree({10.0, 13.0, 10.1}));
  CHECK(passes_agree({13, 10, 10.2, 10.1, 13}) == false);  // 10.1 10.2 | 13
  CHECK(passes_agree({13, 10, 10.2, 10.1, 10.3}));
  CHECK_FALSE(passes_agree({13, 10, 13, 13, 10.2}));
  CHECK(passes_agree({10, 10.1, 10.2, 13}));  // of four the second stands
}

TEST_CASE("what was measured while the machine was throttled is repeated") {
  DisturbanceFilter filter(1.05);
  int asked = 0;
  filter.throttled = [&] { return ++asked % 3 == 0; };
  const auto sampler = [&](std::uint64_t, std::vector<TimedEntry>* times) {
    const bool hot = (asked + 1) % 3 == 0;  // the question that follows this round
    times->push_back({0, hot ? 6.0 : 5.0, false});
    return 10.0;
  };
  const auto result = sample_rounds(1, protocol(0, 50, 60), sampler, &filter);
  CHECK(result[0].p99_us == 5.0);
  CHECK(result[0].rejected == 24);  // two of three count, and the fiftieth ends it
}

TEST_CASE("the first rounds are never judged") {
  DisturbanceFilter filter(1.15);
  CHECK_FALSE(filter.disturbed(1));
  CHECK_FALSE(filter.disturbed(100));
}

TEST_CASE("the baseline is the lower quartile of the sorted window") {
  DisturbanceFilter filter(1.15);
  std::vector<double> all;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    all.push_back(static_cast<double>(stream_value(9, i) % 1000));
    filter.disturbed(all.back());
    if (i % 501 != 0 && i != 4999) continue;
    const std::size_t first = all.size() > filter.kWindow ? all.size() - filter.kWindow : 0;
    std::vector<double> window(all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
    std::sort(window.begin(), window.end());
    CHECK(filter.baseline() == window[(window.size() - 1) / 4]);
  }
}

TEST_CASE("a lasting change of the clock becomes the new normal") {
  DisturbanceFilter filter(1.15);
  for (int i = 0; i < 3000; ++i) filter.disturbed(10.0);
  int rejected = 0;
  while (filter.disturbed(20.0)) ++rejected;
  // Until a quarter of the window is all that is left of the old times.
  CHECK(rejected >= static_cast<int>(DisturbanceFilter::kWindow) * 3 / 4);
  CHECK(rejected <= static_cast<int>(DisturbanceFilter::kWindow) * 3 / 4 + 2);
}

TEST_CASE("a machine that is disturbed for half of the time is told from the same one at rest") {
  DisturbanceFilter filter(1.05);
  int waits = 0, rejected = 0, wrongly = 0;
  filter.wait = [&] { ++waits; };
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const bool slow = i / 20 % 2 == 1;
    const bool judged = filter.disturbed(slow ? 11.2 : 10.0);
    rejected += judged ? 1 : 0;
    wrongly += judged && !slow ? 1 : 0;
  }
  CHECK(rejected == 1000);
  CHECK(wrongly == 0);
  CHECK(waits == rejected);
}

TEST_CASE("repeats are bounded on a machine that never calms down") {
  DisturbanceFilter filter(1.15);
  double reference_us = 10;
  const auto sampler = [&](std::uint64_t, std::vector<TimedEntry>* times) {
    times->push_back({0, 5.0, false});
    return reference_us *= 1.5;  // slower each time
  };
  const auto result = sample_rounds(1, protocol(10, 50, 80), sampler, &filter);
  CHECK(result[0].rejected == 80);
  CHECK(result[0].samples == 50);
}

TEST_CASE("no entries need no rounds") {
  DisturbanceFilter filter(1.15);
  const auto sampler = [](std::uint64_t, std::vector<TimedEntry>*) { return 10.0; };
  CHECK(sample_rounds(0, protocol(0, 50, 80), sampler, &filter).empty());
}

TEST_CASE("shuffling permutes, repeats with its seed and is uniform over the places") {
  CHECK(shuffled(24, 5) == shuffled(24, 5));
  CHECK(shuffled(24, 5) != shuffled(24, 6));
  int at_place[6] = {};
  for (std::uint64_t seed = 0; seed < 6000; ++seed) {
    const std::vector<int> order = shuffled(6, seed * 0x9e3779b9u);
    CHECK(std::set<int>(order.begin(), order.end()).size() == 6);
    ++at_place[std::find(order.begin(), order.end(), 0) - order.begin()];
  }
  // 1000 expected in each place; five standard deviations are 144.
  for (const int count : at_place) CHECK(std::abs(count - 1000) < 144);
}

TEST_CASE("the stream is that of the published SplitMix64") {
  // First outputs for seed 1234567 of the reference implementation (Vigna, prng.di.unimi.it).
  CHECK(stream_value(1234567, 0) == 6457827717110365317u);
  CHECK(stream_value(1234567, 1) == 3203168211198807973u);
  CHECK(stream_value(1234567, 2) == 9817491932198370423u);
}
