#include "experiments/pipeline/budget_check.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

LatencyStatistics statistics(double latency_us, double half_width_us = 0) {
  LatencyStatistics s;
  s.latency_us = s.p50_us = latency_us;
  s.latency_low_us = latency_us - half_width_us;
  s.latency_high_us = latency_us + half_width_us;
  s.p95_us = s.p99_us = 1.25 * latency_us;
  s.samples = 200;
  return s;
}

EvaluationRecord record(std::int64_t index, double error, double latency_us) {
  EvaluationRecord record;
  record.index = index;
  record.genotype = "g" + std::to_string(index);
  record.objectives = {error, latency_us};
  return record;
}

/// A device on which networks take what `latency_us` says, a little more in each later round.
struct FakeDevice {
  std::map<std::string, double> latency_us;
  double reference_kernel_us = 10;
  std::vector<std::vector<std::string>> calls;

  BudgetCheckOptions options(double limit_us) {
    BudgetCheckOptions options;
    options.budgets = {{"latency_us", limit_us, &LatencyStatistics::latency_us}};
    options.rounds = options.most_rounds = 2;
    options.reference_kernel_us = 10;
    options.measure = [this](const std::vector<std::string>& genotypes, int round) {
      if (round == 0) calls.push_back(genotypes);
      BudgetRound result;
      result.reference_kernel_us = reference_kernel_us;
      for (const std::string& genotype : genotypes) {
        result.networks.push_back(statistics(latency_us.at(genotype), 0.125 * (1 + round)));
      }
      return result;
    };
    return options;
  }
};

std::vector<std::string> names(const Front& front) {
  std::vector<std::string> names;
  for (const FrontMember& member : front.members) names.push_back(member.genotype);
  return names;
}

TEST_CASE("the upper bound is that of one more measurement, by hand") {
  // Mean 12, s = √2.5, t(0.975; 4) = 2.776445.
  const std::vector<LatencyStatistics> spread{statistics(10), statistics(11), statistics(12),
                                              statistics(13), statistics(14)};
  CHECK(upper_bound_us(spread, &LatencyStatistics::latency_us) ==
        doctest::Approx(12 + 2.776445 * std::sqrt(2.5) * std::sqrt(1.2)).epsilon(1e-5));
  CHECK(upper_bound_us(spread, &LatencyStatistics::p95_us) ==
        doctest::Approx(1.25 * (12 + 2.776445 * std::sqrt(2.5 * 1.2))).epsilon(1e-5));
  const std::vector<LatencyStatistics> wide{statistics(12, 0.5), statistics(12, 2)};
  CHECK(upper_bound_us(wide, &LatencyStatistics::latency_us) == 14);
}

TEST_CASE("who is over the budget is dropped with the reason, and who stands behind is measured") {
  const std::vector<EvaluationRecord> records{
      record(0, 9, 30), record(1, 10, 38), record(2, 12, 36), record(3, 5, 39), record(4, 20, 20)};
  FakeDevice device;
  device.latency_us = {{"g0", 30.5}, {"g1", 38}, {"g2", 36}, {"g3", 39.875}, {"g4", 20}};
  Front front = build_front({"error", "latency_us"}, records);
  REQUIRE(names(front) == std::vector<std::string>{"g3", "g0", "g4"});
  const BudgetCheck check = check_budgets(device.options(40), records, front);
  CHECK(check.kept == 2);
  CHECK(check.dropped == 1);
  CHECK(names(front) == std::vector<std::string>{"g0", "g4"});
  CHECK(front.members[0].measured->at("latency_us") == 30.5);
  CHECK(front.members[0].measured->at("latency_low_us") == 30.25);
  CHECK(front.members[0].measured->at("latency_high_us") == 30.75);
  REQUIRE(front.dropped.size() == 1);
  CHECK(front.dropped[0].index == 3);
  CHECK(front.dropped[0].reason ==
        "latency_us measured 39.88 us, upper 95 % bound 40.12 us, over the budget of 40.00 us");
  CHECK(device.calls.size() == 1);  // g1 and g2 are dominated by g0
  CHECK(front.evaluations == 5);
  CHECK(*front.hypervolume == *build_front({"error", "latency_us"}, records).hypervolume);

  // With g0 gone too, g1 and g2 stand behind; a second call measures only what is new.
  device.latency_us["g0"] = 41;
  Front again = build_front({"error", "latency_us"}, records);
  CHECK(check_budgets(device.options(40), records, again).dropped == 2);
  CHECK(names(again) == std::vector<std::string>{"g1", "g2", "g4"});
  REQUIRE(device.calls.size() == 3);
  CHECK(device.calls[2] == std::vector<std::string>{"g1", "g2"});
  check_budgets(device.options(40), records, again);
  CHECK(device.calls.size() == 3);
}

TEST_CASE("on a machine that is faster than when it was profiled the bounds are raised") {
  const std::vector<EvaluationRecord> records{record(0, 9, 38)};
  FakeDevice device;
  device.latency_us = {{"g0", 38}};
  Front front = build_front({"error", "latency_us"}, records);
  device.reference_kernel_us = 9.5;  // 38.25 raised by 10/9.5 is 40.26
  CHECK(check_budgets(device.options(40), records, front).dropped == 1);
  device.reference_kernel_us = 12;  // a slower one lowers nothing
  Front slower = build_front({"error", "latency_us"}, records);
  CHECK(check_budgets(device.options(40), records, slower).kept == 1);
  CHECK(slower.members[0].measured->at("latency_high_us") == 38.25);
}

/// Times of three networks in one round: 10, 20 and 40 µs, all so many times slower.
BudgetRound round_of(double slowness) {
  return {{statistics(10 * slowness), statistics(20 * slowness), statistics(40 * slowness)}, 10};
}

TEST_CASE("a round in which the networks were slower than in the others says nothing of them") {
  using Kept = std::vector<bool>;
  const BudgetRound quiet = round_of(1), slow = round_of(1.2);
  CHECK(undisturbed_rounds({quiet, slow, round_of(1.04), quiet}, 3) ==
        Kept{true, false, true, true});
  // What lasts is measured.
  CHECK(undisturbed_rounds({quiet, slow, slow, quiet}, 3) == Kept{true, true, true, true});
  // One network that is slow now and then is so by itself; two cannot tell.
  BudgetRound one = quiet;
  one.networks[2] = statistics(60);
  CHECK(undisturbed_rounds({quiet, one, quiet}, 2) == Kept{true, true, true});
  const BudgetRound two{{statistics(10), statistics(20)}, 10},
      two_slow{{statistics(12), statistics(24)}, 10};
  CHECK(undisturbed_rounds({two, two_slow, two}, 2) == Kept{true, true, true});
  CHECK(undisturbed_rounds({}, 2).empty());
}

/// What `slowness` of each round gives under a budget of 42 µs; the rounds that were needed.
std::vector<Remeasured> remeasure_in(const std::vector<double>& slowness, int* needed) {
  BudgetCheckOptions options;
  options.budgets = {{"latency_us", 42, &LatencyStatistics::latency_us}};
  options.rounds = 3;
  options.most_rounds = static_cast<int>(slowness.size());
  *needed = 0;
  options.measure = [&](const std::vector<std::string>&, int round) {
    CHECK(round == (*needed)++);
    return round_of(slowness.at(std::size_t(round)));
  };
  return remeasure(options, {"a", "b", "c"});
}

TEST_CASE("rounds go on until enough are undisturbed and more could not bring a network in") {
  int needed = 0;
  CHECK(remeasure_in({1, 1, 1, 1, 1}, &needed)[2].over.empty());
  CHECK(needed == 3);
  // The disturbed round is repeated and does not count.
  const auto repeated = remeasure_in({1, 1.3, 1, 1, 1}, &needed);
  CHECK(needed == 4);
  CHECK(repeated[2].over.empty());
  CHECK(repeated[2].statistics.latency_us == 40);
  // 40.356 + 2.306 · 0.7055 · √(10/9) = 42.07 after nine rounds, 41.92 after ten.
  const auto narrowed = remeasure_in({1, 1.04, 1, 1, 1.04, 1, 1, 1, 1, 1, 1, 1, 1}, &needed);
  CHECK(narrowed[2].over.empty());
  CHECK_FALSE(narrowed[2].undecided);
  CHECK(needed == 10);
  CHECK(narrowed[2].statistics.latency_high_us == doctest::Approx(41.92).epsilon(1e-4));
  // A mean over the budget needs no more rounds to be so.
  const auto over = remeasure_in({1.06, 1.05, 1.07, 1, 1}, &needed);
  CHECK(needed == 3);
  CHECK_FALSE(over[2].over.empty());
  CHECK_FALSE(over[2].undecided);
  CHECK(over[1].over.empty());
  // And where it stays undecided there is an end.
  CHECK(remeasure_in({1, 1.04, 1, 1.04, 1}, &needed)[2].undecided);
  CHECK(needed == 5);
}

TEST_CASE("where all are over the budget the check ends, and says that the rest is unknown") {
  std::vector<EvaluationRecord> records;
  FakeDevice device;
  for (int i = 0; i < 20; ++i) {
    records.push_back(record(i, 10 + i, 30 + i));
    device.latency_us["g" + std::to_string(i)] = 50;
  }
  Front front = build_front({"error", "latency_us"}, records);
  const BudgetCheck check = check_budgets(device.options(60 - 20), records, front);
  CHECK(check.kept == 0);
  CHECK(check.dropped == 20);
  CHECK(front.members.empty());
  CHECK(device.calls.size() == 6);
  CHECK(front.dropped.back().reason == "not measured: 6 networks before it were over the budget");
}

TEST_CASE("front.json names what was dropped, and a later search keeps it out") {
  const toy::TemporaryFolder folder;
  const std::vector<EvaluationRecord> records{record(0, 9, 30), record(1, 5, 39)};
  FakeDevice device;
  device.latency_us = {{"g0", 30}, {"g1", 45}};
  Front front = build_front({"error", "latency_us"}, records);
  check_budgets(device.options(40), records, front);
  write_front_files(folder.path(), front);
  CHECK(read_front(folder.path()) == front);
  const auto json = nlohmann::json::parse(toy::read_text(folder.path("front.json")));
  CHECK(json.at("members").size() == 1);
  CHECK(json.at("members")[0].at("measured").at("latency_high_us") == 30.25);
  CHECK(json.at("dropped")[0].at("genotype") == "g1");
  CHECK(json.at("dropped")[0].at("measured").at("latency_us") == 45);
  CHECK(build_front({"error", "latency_us"}, records, front.dropped).members.size() == 1);
  CHECK(toy::contains(toy::read_text(folder.path("front.csv")), "0,g0,9,30,30,,\n"));
  front.members[0].measured = std::map<std::string, double>{};
  CHECK(toy::contains(front_json(front), "\"measured\":\"predicted only\""));
}

TEST_CASE("budgets are the limits on latencies of the device that is measured") {
  SearchExperiment experiment;
  experiment.devices = {{.name = "host"}, {.name = "pi"}};
  experiment.constraints = {{"latency_us", 40},
                            {"latency_us@pi", 90},
                            {"latency_p95_us@host", 50},
                            {"arena_bytes", 1000},
                            {"latency_high_us", 45}};
  const auto host = latency_budgets(experiment, 0), pi = latency_budgets(experiment, 1);
  REQUIRE(host.size() == 2);
  CHECK(host[0].name == "latency_p95_us@host");
  CHECK(host[0].limit_us == 50);
  CHECK(host[0].statistic == &LatencyStatistics::p95_us);
  CHECK(host[1].statistic == &LatencyStatistics::latency_us);
  REQUIRE(pi.size() == 1);
  CHECK(pi[0].limit_us == 90);
}

}  // namespace
}  // namespace edgefront
