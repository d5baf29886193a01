#include "experiments/pipeline/device_fronts.h"

#include <doctest/doctest.h>

#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

EvaluationRecord record(std::int64_t index, std::vector<double> objectives) {
  EvaluationRecord record;
  record.index = index;
  record.genotype = "g" + std::to_string(index);
  record.objectives = std::move(objectives);
  return record;
}

const std::vector<std::string> kObjectives{"error", "latency_us", "latency_us@pi", "macs@pi"};

/// 0 is best on the first device, 1 on the pi; 2 is dominated on each alone, but not in all.
std::vector<EvaluationRecord> records() {
  std::vector<EvaluationRecord> all{record(0, {5, 1, 9, 9}), record(1, {5, 9, 1, 1}),
                                    record(2, {5, 2, 2, 2}), record(3, {4, 10, 10, 10})};
  all.push_back(record(4, {}));
  all.back().status = EvaluationStatus::kFailed;
  all.push_back(record(5, {1, 1, 1, 1}));
  all.back().violation = 0.5;
  return all;
}

}  // namespace

TEST_CASE("each device has its own front from the same evaluations") {
  const auto fronts = device_fronts(kObjectives, records(), {});
  REQUIRE(fronts.size() == 2);
  CHECK(fronts[0].device == "");
  CHECK(fronts[0].objectives == std::vector<std::string>{"error", "latency_us"});
  CHECK(fronts[0].members == std::vector<std::int64_t>{3, 0});
  CHECK(fronts[0].reference == std::vector<double>{5 * 1.1, 10 * 1.1});
  // Below (5.5, 11): 0.5 wide and 10 high, and 1 wide and 1 high.
  CHECK(*fronts[0].hypervolume == doctest::Approx(0.5 * 10 + 1 * 1));
  CHECK(fronts[1].device == "pi");
  CHECK(fronts[1].objectives == std::vector<std::string>{"error", "latency_us@pi", "macs@pi"});
  CHECK(fronts[1].members == std::vector<std::int64_t>{3, 1});
}

TEST_CASE("a front is over what belongs to no device and to its own") {
  CHECK(front_objectives(kObjectives) == std::vector<std::vector<int>>{{0, 1}, {0, 2, 3}});
  CHECK(front_objectives({"latency_us@a", "error", "latency_us@b"}) ==
        std::vector<std::vector<int>>{{0, 1}, {1, 2}});
}

TEST_CASE("objectives of one device have one front") {
  CHECK(front_objectives({"error", "latency_us", "macs"}).empty());
  CHECK(device_fronts({"error", "latency_us", "macs"}, records(), {}).empty());
  CHECK(device_fronts({"error", "latency_us@pi"}, records(), {}).empty());
}

TEST_CASE("the fronts of devices stand in front.json and come back") {
  const Front front = build_front(kObjectives, records());
  CHECK(front.members.size() == 4);
  CHECK(front.fronts == device_fronts(kObjectives, records(), {}));
  const toy::TemporaryFolder folder;
  write_front_files(folder.path(), front);
  CHECK(read_front(folder.path()) == front);
}

}  // namespace edgefront
