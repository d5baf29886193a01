#include "experiments/pipeline/ask.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "experiments/pipeline/metrics.h"
#include "experiments/pipeline/search_run.h"
#include "space/error.h"

using namespace edgefront;

namespace {

EvaluationRecord record(std::int64_t index, double error, double latency_us, double weights_bytes) {
  EvaluationRecord r;
  r.index = index;
  r.genotype = std::to_string(index);
  r.objectives = {error, latency_us};
  r.metrics = {{"error", error},
               {"latency_us", latency_us},
               {"latency_us@board", 2000 - latency_us},
               {"weights_bytes", weights_bytes},
               {"weights_bytes@board", weights_bytes},
               {"parameters", weights_bytes},
               {"macs", 1000 * latency_us},
               {"macs_per_s", 1e9 + latency_us},
               {"peak_memory_bytes", 10 * weights_bytes}};
  return r;
}

/// On (error, latency) networks 0, 2 and 3 are supported and 1 is not, though none is dominated.
std::vector<EvaluationRecord> archive() {
  return {record(0, 30, 100, 1000), record(1, 24, 700, 2000), record(2, 10, 900, 9000),
          record(3, 5, 1800, 8000)};
}

AskQuestion question() {
  AskQuestion q;
  q.devices = {"host", "board"};
  return q;
}

}  // namespace

TEST_CASE("without weights the answer is the smallest error within the limits") {
  AskQuestion q = question();
  CHECK(ask(archive(), q).network.index == 3);
  q.limits = {{"latency_us", 800}};
  const AskAnswer answer = ask(archive(), q);
  CHECK(answer.network.index == 1);
  CHECK(answer.within == 2);
  CHECK(answer.networks == 4);
  CHECK_FALSE(answer.supported);
  q.limits = {{"latency_us", 1000}, {"peak_memory_bytes", 50000}};
  CHECK(ask(archive(), q).network.index == 1);
  q.limits = {{"macs_per_s", 1e9 + 1000}};  // from below
  CHECK(ask(archive(), q).network.index == 3);
  CHECK(ask(archive(), q).within == 1);
}

TEST_CASE("infeasible and failed evaluations are no answers") {
  auto all = archive();
  all[3].violation = 0.1;
  all[2].status = EvaluationStatus::kFailed;
  CHECK(ask(all, question()).network.index == 1);
}

TEST_CASE("another device's costs answer for it") {
  AskQuestion q = question();
  q.device = 1;
  q.limits = {{"latency_us", 1200}};  // 2000 − 900 and 2000 − 1800 fit
  q.deployment.alpha = 1;
  CHECK(ask(archive(), q).network.index == 3);
  q.limits = {{"error", 30}};
  CHECK(ask(archive(), q).values.at("latency_us") == 200);
}

TEST_CASE("a reference that is not stated is the smallest of the run, and is told") {
  AskQuestion q = question();
  q.deployment.alpha = 2;
  q.error_weight = 1;
  const AskAnswer answer = ask(archive(), q);
  CHECK(answer.question.deployment.reference_latency_us == 100);
  CHECK(answer.question.reference_error == 5);
  CHECK(answer.network.index == 0);
  CHECK(answer.weighted == doctest::Approx(2 * 1 + 30 / 5.0));
  CHECK(answer.supported);
}

TEST_CASE("weights on the deployment's terms count what the archive knows") {
  AskQuestion q = question();
  q.deployment.inferences_per_day = 10;
  q.deployment.update_period_days = 1;
  q.deployment.gamma = 1;
  q.limits = {{"error", 12}};
  const AskAnswer answer = ask(archive(), q);
  CHECK(answer.network.index == 3);  // 8,000 bytes against 9,000
  CHECK(answer.values.at("bandwidth_bytes") == doctest::Approx(800));
  CHECK(answer.terms.model_download_bytes == doctest::Approx(800));
}

TEST_CASE("no network within the limits says how near the best comes, and what is not known") {
  AskQuestion q = question();
  q.limits = {{"latency_us", 50}, {"error", 1}};
  CHECK_THROWS_WITH_AS(ask(archive(), q), doctest::Contains("latency_us 100us for a limit of 50us"),
                       NoFeasibleResult);
  q.limits = {{"energy_uj", 50}};
  CHECK_THROWS_WITH_AS(ask(archive(), q), doctest::Contains("knows no energy_uj"), InputError);
  q.limits.clear();
  q.deployment.beta = 1;
  CHECK_THROWS_WITH_AS(ask(archive(), q), doctest::Contains("knows no deployed_energy_uj"),
                       InputError);
  CHECK_THROWS_AS(ask({}, question()), InputError);
}
