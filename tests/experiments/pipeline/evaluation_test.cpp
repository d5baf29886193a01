#include "experiments/pipeline/evaluation.h"

#include <doctest/doctest.h>

#include <limits>
#include <set>

#include "space/error.h"
#include "space/lower.h"
#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

using toy::contains;
using toy::message_of;

struct Setup {
  SearchSpace space = toy::space();
  toy::ToyEvaluator accuracy{space};
  std::vector<DeviceCost> devices{{"host", std::make_shared<toy::MacsCostModel>(1.0)},
                                  {"pi", std::make_shared<toy::MacsCostModel>(5.0, true)}};
  EvaluationRecord evaluate(const EvaluationOptions& options) {
    return CandidateEvaluator(space, devices, accuracy, options)
        .evaluate({.index = 4, .genotype = space.references.at("small")});
  }
};

TEST_CASE("objectives and violation come from the device and metric that they name") {
  Setup setup;
  const Genotype small = setup.space.references.at("small");
  const NetworkCost host = setup.devices[0].model->estimate(lower(decode(setup.space, small)));
  const NetworkCost pi = setup.devices[1].model->estimate(lower(decode(setup.space, small)));
  const EvaluationRecord record = setup.evaluate(
      {.objectives = {"latency_us@pi", "error", "macs", "latency_us", "energy_uj@pi"},
       .constraints = {{"latency_us", host.latency_us / 2}, {"latency_us@pi", 1e9}, {"macs", 1}}});
  CHECK(record.index == 4);
  CHECK(record.genotype == to_text(setup.space, small));
  CHECK(record.objectives ==
        std::vector<double>{pi.latency_us, toy::objectives(setup.space, small)[0],
                            double(host.macs), host.latency_us, *pi.energy_uj});
  CHECK(record.violation == doctest::Approx(1 + double(host.macs) - 1));
  CHECK(record.metrics.at("latency_high_us") == host.latency_high_us);
  CHECK(record.metrics.at("weights_bytes@pi") == double(pi.weights_bytes));
  CHECK_FALSE(record.metrics.contains("energy_uj"));
  CHECK(to_evaluation(setup.space, record).genotype == small);
}

TEST_CASE("a maximised metric is minimised as its reciprocal and limited from below") {
  Setup setup;
  const Genotype small = setup.space.references.at("small");
  const NetworkCost host = setup.devices[0].model->estimate(lower(decode(setup.space, small)));
  const double speed = double(host.macs) / (host.latency_us * 1e-6);
  const EvaluationRecord record =
      setup.evaluate({.objectives = {"macs_per_s"},
                      .constraints = {{"macs_per_s", 4 * speed}, {"macs_per_s@pi", 1}}});
  CHECK(record.objectives[0] == doctest::Approx(1e12 / speed));
  CHECK(record.metrics.at("macs_per_s") == doctest::Approx(speed));
  CHECK(record.violation == doctest::Approx(0.75));
  const CandidateEvaluator evaluator(
      setup.space, setup.devices, setup.accuracy,
      {.objectives = {"macs"}, .constraints = {{"macs_per_s", 4 * speed}}});
  CHECK(contains(evaluator.binding_constraint(record), "under the limit of"));
}

TEST_CASE(
    "a [deployment] table gives its metrics, and without one they are refused with the cause") {
  Setup setup;
  DeploymentOptions deployment;
  deployment.update_period_days = 1;
  deployment.alpha = 3;
  deployment.reference_latency_us = 10;
  const EvaluationOptions options{
      .objectives = {"bandwidth_bytes", "cost", "deployed_latency_us", "weighted"},
      .constraints = {},
      .deployment = deployment};
  const EvaluationRecord record = setup.evaluate(options);
  CHECK(record.objectives[0] == record.metrics.at("weights_bytes") / 1000);
  CHECK(record.objectives[2] == record.metrics.at("latency_us"));
  CHECK(record.objectives[3] == doctest::Approx(0.3 * record.metrics.at("latency_us")));
  CHECK(message_of<InputError>([&] {
          CandidateEvaluator(setup.space, setup.devices, setup.accuracy,
                             {.objectives = {"cost"}, .constraints = {}})
              .check();
        }) ==
        "objectives: device \"host\" gives no cost (the experiment has no [deployment] table)");
}

TEST_CASE("accuracy is asked for only where an objective or constraint uses it") {
  Setup setup;
  setup.evaluate({.objectives = {"macs"}, .constraints = {}});
  CHECK(setup.accuracy.calls == 0);
  setup.evaluate({.objectives = {"macs"}, .constraints = {{"error", 50}}});
  CHECK(setup.accuracy.calls == 1);
}

TEST_CASE("a number that is not finite, or an exception of a library, is a failed candidate") {
  Setup setup;
  const EvaluationOptions options{.objectives = {"error"}, .constraints = {}};
  setup.accuracy.answer = [](const AccuracyRequest&) -> Accuracy {
    return {.ok = true, .error_percent = std::numeric_limits<double>::quiet_NaN(), .failure = {}};
  };
  EvaluationRecord record = setup.evaluate(options);
  CHECK(record.status == EvaluationStatus::kFailed);
  CHECK(record.reason == "error is not finite");
  CHECK(record.objectives.empty());
  setup.accuracy.answer = [](const AccuracyRequest&) -> Accuracy {
    throw std::runtime_error("two\nlines");
  };
  CHECK(setup.evaluate(options).reason == "the evaluator threw: two lines");
  setup.accuracy.answer = [](const AccuracyRequest&) -> Accuracy {
    throw EnvironmentError("worker lost");
  };
  CHECK_THROWS_WITH_AS(setup.evaluate(options), "worker lost", EnvironmentError);
}

TEST_CASE("the evaluator's standard error and columns stand in the record") {
  Setup setup;
  const EvaluationOptions options{.objectives = {"latency_us", "error"}, .constraints = {}};
  setup.accuracy.answer = [](const AccuracyRequest& request) -> Accuracy {
    return {.ok = true,
            .error_percent = 10,
            .failure = {},
            .standard_error = 0.25,
            .extra = {{"replicate_seen", request.replicate}}};
  };
  const EvaluationRecord record =
      CandidateEvaluator(setup.space, setup.devices, setup.accuracy, options)
          .evaluate({.index = 1, .genotype = setup.space.references.at("small"), .replicate = 3});
  CHECK(record.standard_errors == std::vector<double>{0, 0.25});
  CHECK(record.metrics.at("replicate_seen") == 3);
  const Evaluation told = to_evaluation(setup.space, record);
  CHECK(told.standard_errors == record.standard_errors);
  CHECK(told.replicate == 3);
  setup.accuracy.answer = [](const AccuracyRequest&) -> Accuracy {
    return {.ok = true, .error_percent = 10, .failure = {}, .extra = {{"macs", 1}}};
  };
  const EvaluationRecord clash = setup.evaluate(options);
  CHECK(clash.status == EvaluationStatus::kFailed);
  CHECK(clash.reason == "the evaluator's column macs has the name of a metric");
  CHECK(clash.standard_errors.empty());
}

TEST_CASE("the seed depends on run, genotype, fidelity and replicate, and on nothing else") {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t run : {0, 1}) {
    for (const char* genotype : {"1.2", "1.3"}) {
      for (int fidelity : {0, 1}) {
        for (int replicate : {0, 1}) {
          seeds.insert(candidate_seed(run, genotype, fidelity, replicate));
        }
      }
    }
  }
  CHECK(seeds.size() == 16);
  Setup setup;
  std::uint64_t seen = 0;
  setup.accuracy.answer = [&](const AccuracyRequest& request) -> Accuracy {
    seen = request.seed;
    return {.ok = true, .error_percent = 1, .failure = {}};
  };
  const EvaluationRecord record =
      setup.evaluate({.objectives = {"error"}, .constraints = {}, .seed = 5});
  CHECK(seen == candidate_seed(5, record.genotype, 0, 0));
}

TEST_CASE("exact costs leave out the error and carry the interval of the latency") {
  Setup setup;
  const CandidateEvaluator evaluator(
      setup.space, setup.devices, setup.accuracy,
      {.objectives = {"error", "latency_us", "macs"}, .constraints = {{"macs", 1}, {"error", 1}}});
  const Problem problem = evaluator.problem();
  REQUIRE(problem.objectives.size() == 3);
  CHECK_FALSE(problem.objectives[0].exact);
  CHECK(problem.objectives[0].limit == 1);
  CHECK(problem.objectives[1].exact);
  const auto costs = problem.exact_costs({setup.space.references.at("small")});
  REQUIRE(costs.size() == 1);
  REQUIRE(costs[0].values.size() == 2);
  CHECK(costs[0].low[0] == 0.9 * costs[0].values[0]);
  CHECK(costs[0].high[0] == 1.1 * costs[0].values[0]);
  CHECK(costs[0].low[1] == costs[0].values[1]);
  CHECK(costs[0].violation == costs[0].values[1] - 1);
  CHECK(setup.accuracy.calls == 0);
}

/// MacsCostModel as if fitted on whole networks.
class CalibratedCostModel final : public CostModel {
 public:
  NetworkCost estimate(const LayerGraph& graph) const override {
    NetworkCost cost = toy::MacsCostModel().estimate(graph);
    cost.calibrated = true;
    return cost;
  }
  std::vector<LayerCost> layers(const LayerGraph&) const override { return {}; }
};

TEST_CASE("a limit on a calibrated latency is one on the upper end of its interval") {
  Setup setup;
  const Genotype small = setup.space.references.at("small");
  const NetworkCost cost = setup.devices[0].model->estimate(lower(decode(setup.space, small)));
  const double limit = 1.05 * cost.latency_us;  // above the latency, below its upper end
  const EvaluationOptions options{.objectives = {"latency_us"},
                                  .constraints = {{"latency_us@host", limit}}};
  CHECK(setup.evaluate(options).violation == 0);  // not calibrated: only an estimate is known
  setup.devices[0].model = std::make_shared<CalibratedCostModel>();
  const EvaluationRecord record = setup.evaluate(options);
  CHECK(record.violation == doctest::Approx(cost.latency_high_us / limit - 1));
  const CandidateEvaluator evaluator(setup.space, setup.devices, setup.accuracy, options);
  CHECK(evaluator.problem().exact_costs({small})[0].violation == record.violation);

  EvaluationRecord by_hand;
  by_hand.metrics = {{"latency_us", 38}, {"latency_high_us", 42}};
  by_hand.violation = 0.05;
  const CandidateEvaluator limited(
      setup.space, setup.devices, setup.accuracy,
      {.objectives = {"latency_us"}, .constraints = {{"latency_us@host", 40}}});
  CHECK(limited.binding_constraint(by_hand) ==
        "latency_us@host 38us (up to 42us when measured) over the limit of 40us");
}

TEST_CASE("the binding constraint is the one with the largest relative excess") {
  Setup setup;
  EvaluationRecord record;
  record.metrics = {{"latency_us", 61}, {"arena_bytes", 300 * 1024}, {"error", 3}};
  const CandidateEvaluator evaluator(
      setup.space, setup.devices, setup.accuracy,
      {.objectives = {"error"},
       .constraints = {{"latency_us", 40}, {"arena_bytes", 256 * 1024}, {"error", 5}}});
  CHECK(evaluator.binding_constraint(record) == "latency_us 61us over the limit of 40us");
}

TEST_CASE("unknown metrics and devices are refused with what is accepted") {
  Setup setup;
  const auto refusal = [&](const EvaluationOptions& options) {
    return message_of<InputError>(
        [&] { CandidateEvaluator(setup.space, setup.devices, setup.accuracy, options); });
  };
  CHECK(contains(refusal({.objectives = {"latency"}, .constraints = {}}),
                 "objectives: came \"latency\"; accepted: error, latency_us, "));
  CHECK(
      contains(refusal({.objectives = {"error@pi"}, .constraints = {}}), "error is of no device"));
  CHECK(contains(refusal({.objectives = {"error"}, .constraints = {{"macs@tv", 1}}}),
                 "constraints: came \"macs@tv\"; devices are: host, pi"));
}

}  // namespace
}  // namespace edgefront
