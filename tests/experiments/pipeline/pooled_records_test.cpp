#include "experiments/pipeline/pooled_records.h"

#include <doctest/doctest.h>

#include <cmath>

#include "experiments/pipeline/front_files.h"
#include "experiments/pipeline/run_folder.h"
#include "space/random.h"
#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

namespace fs = std::filesystem;

EvaluationRecord record(std::int64_t index, const std::string& genotype,
                        std::vector<double> objectives, int fidelity = 0, int replicate = 0) {
  EvaluationRecord record;
  record.index = index;
  record.genotype = genotype;
  record.objectives = std::move(objectives);
  record.fidelity = fidelity;
  record.replicate = replicate;
  if (!record.objectives.empty()) record.metrics = {{"error", record.objectives[0]}, {"macs", 7}};
  if (record.objectives.empty()) record.status = EvaluationStatus::kFailed;
  return record;
}

TEST_CASE("replicates count as their mean, under the index of the first") {
  const PooledRecords pooled({record(0, "a", {10, 1}), record(1, "b", {8, 2}),
                              record(2, "a", {14, 1}, 0, 1), record(3, "a", {}, 0, 2)});
  REQUIRE(pooled.networks().size() == 2);
  const EvaluationRecord& a = pooled.networks()[0];
  CHECK(a.index == 0);
  CHECK(a.objectives == std::vector<double>{12, 1});
  CHECK(a.metrics == std::map<std::string, double>{{"error", 12}, {"macs", 7}});
  CHECK(pooled.evaluations(0) == 2);
  CHECK(pooled.evaluations(1) == 1);
  CHECK_FALSE(pooled.noisy());  // one degree of freedom says nothing yet
}

TEST_CASE(
    "of several fidelities the highest that was answered counts, and what fails stays known") {
  const std::vector<EvaluationRecord> records{record(0, "a", {1, 1}),    record(1, "b", {2, 1}),
                                              record(2, "a", {9, 1}, 1), record(3, "c", {}),
                                              record(4, "b", {}, 1),     record(5, "d", {5, 5}, 1)};
  CHECK(top_fidelity(records) == 1);
  CHECK(top_fidelity({}) == 0);
  const Front front = build_front({"error", "latency_us"}, records);
  REQUIRE(front.members.size() == 2);
  CHECK(front.members[0].genotype == "d");
  CHECK(front.members[1].index == 2);
  CHECK(front.evaluations == 6);
  CHECK(front.reference == std::vector<double>{9 * 1.1, 5 * 1.1});
  const std::vector<double> curve = hypervolume_curve(records, front.reference);
  CHECK(curve[1] == 0);
  CHECK(curve[2] == doctest::Approx(0.9 * 4.5));
  CHECK(curve[5] == *front.hypervolume);
}

/// Two networks that compete, four evaluations each with a deviation of about 1.
std::vector<EvaluationRecord> competitors() {
  std::vector<EvaluationRecord> records;
  const double around[] = {-1.2, 0.8, 1.0, -0.6};
  for (int k = 0; k < 4; ++k) {
    records.push_back(record(2 * k, "a", {10 + around[k], 5}, 0, k));
    records.push_back(record(2 * k + 1, "b", {10.5 - around[k], 5}, 0, k));
  }
  return records;
}

TEST_CASE("members of a front of noisy values have their probability and standard errors") {
  const Front front = build_front({"error", "latency_us"}, competitors());
  REQUIRE(front.members.size() == 1);
  const FrontMember& a = front.members[0];
  CHECK(a.replicates == 4);
  // Squares around each mean: 1.44 + 0.64 + 1 + 0.36 = 3.44; over 3 + 3 degrees of freedom.
  const double error = std::sqrt(2 * 3.44 / 6 / 4);
  REQUIRE(a.standard_error.size() == 2);
  CHECK(a.standard_error[0] == doctest::Approx(error));
  CHECK(a.standard_error[1] == 0);
  REQUIRE(a.front_probability);
  const double z = 0.5 / (error * std::sqrt(2.0));
  CHECK(*a.front_probability == doctest::Approx(0.5 * std::erfc(-z / std::sqrt(2.0))));
  const toy::TemporaryFolder folder;
  write_front_files(folder.path(), front);
  CHECK(read_front(folder.path()) == front);
  CHECK(toy::contains(front_json(front), "\"replicates\":4"));
}

TEST_CASE("who was dropped takes no part of the probability") {
  DroppedMember loser;
  loser.genotype = "a";
  const Front front = build_front({"error", "latency_us"}, competitors(), {loser});
  REQUIRE(front.members.size() == 1);
  CHECK(front.members[0].genotype == "b");
  CHECK(*front.members[0].front_probability == doctest::Approx(1));
}

TEST_CASE("the curve follows the mean, up and down, to the hypervolume of the front") {
  const std::vector<EvaluationRecord> records = competitors();
  const std::vector<double> curve = hypervolume_curve(records, {20, 10});
  CHECK(curve[0] == doctest::Approx((20 - 8.8) * 5));
  CHECK(curve[2] == doctest::Approx((20 - (8.8 + 10.8) / 2) * 5));
  CHECK(curve[7] == doctest::Approx((20 - 10.0) * 5));
}

TEST_CASE("without replicates a front looks as it always did") {
  const Front front = build_front({"error", "latency_us"}, {record(0, "a", {1, 2})});
  CHECK_FALSE(toy::contains(front_json(front), "front_probability"));
}

/// The toy run with noise, replicates and two fidelities.
SearchExperiment repeating() {
  SearchExperiment experiment = toy::experiment();
  experiment.search.evaluations = 90;
  experiment.search.in_flight = 4;
  experiment.search.fidelities = 2;
  experiment.search.eta = 2;
  experiment.search.replicate_share = 0.25;
  experiment.search.noise = 1;
  return experiment;
}

toy::Parts noisy_parts() {
  toy::Parts parts = toy::parts();
  const auto space = std::make_shared<SearchSpace>(parts.space);
  parts.evaluator->answer = [space](const AccuracyRequest& request) {
    RandomStream random(request.seed, 0);
    Accuracy accuracy{.ok = true, .failure = {}};
    accuracy.error_percent = toy::objectives(*space, request.genotype)[0] + random.normal() +
                             (request.fidelity == 0 ? 20 : 0);
    return accuracy;
  };
  return parts;
}

TEST_CASE("a run with fidelities and replicates is the same for any threads and after a kill") {
  const toy::TemporaryFolder folder;
  const SearchExperiment experiment = repeating();
  toy::Parts parts = noisy_parts();
  const RunResult result = run_search(experiment, parts, folder.path("one"), {.threads = 1});
  const std::string front = toy::read_text(folder.path("one/front.json"));
  int repeated = 0, dear = 0;
  for (const EvaluationRecord& each : load_run(folder.path("one")).evaluations) {
    repeated += each.replicate > 0;
    dear += each.fidelity == 1 && each.replicate == 0;
    CHECK((each.replicate == 0 || each.fidelity == 1));
  }
  CHECK(repeated >= 10);
  CHECK(dear >= 15);
  CHECK(dear <= 45);
  for (const FrontMember& member : result.front.members) {
    REQUIRE(member.front_probability);
    CHECK(*member.front_probability > 0);
    CHECK(*member.front_probability <= 1);
    CHECK(member.objectives[0] < 60);
  }
  toy::Parts three = noisy_parts();
  run_search(experiment, three, folder.path("three"), {.threads = 3});
  CHECK(toy::read_text(folder.path("three/front.json")) == front);
  const std::string journal = toy::read_text(journal_path(folder.path("one")));
  for (std::size_t at = 0; at < journal.size(); at += 4099) {
    const std::size_t line = journal.rfind('\n', at);
    const std::string copy = folder.path("killed");
    fs::remove_all(copy);
    fs::create_directories(copy);
    fs::copy(experiment_path(folder.path("one")), experiment_path(copy));
    fs::copy(manifest_path(folder.path("one")), manifest_path(copy));
    toy::write_text(journal_path(copy),
                    journal.substr(0, line == std::string::npos ? 0 : line + 1));
    toy::Parts again = noisy_parts();
    run_search(experiment, again, copy, {});
    CHECK(toy::read_text(copy + "/front.json") == front);
  }
}

}  // namespace
}  // namespace edgefront
