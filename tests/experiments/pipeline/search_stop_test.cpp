// How a run ends before its budget, and goes on: limits that are journalled, and being asked to.
#include <doctest/doctest.h>

#include <atomic>
#include <set>

#include "experiments/pipeline/journal.h"
#include "experiments/pipeline/run_folder.h"
#include "experiments/pipeline/search_run.h"
#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

using toy::contains;
using toy::message_of;
using toy::read_text;
using toy::write_text;

std::string front_of(const SearchExperiment& experiment, const std::string& folder) {
  toy::Parts parts = toy::parts();
  run_search(experiment, parts, folder, {});
  return read_text(folder + "/front.json");
}

TEST_CASE("a run that its wall clock ended is replayed to there, and a longer one goes on") {
  const toy::TemporaryFolder folder;
  SearchExperiment experiment = toy::experiment();
  experiment.search.evaluations = 16;
  front_of(experiment, folder.path("run"));
  experiment.search.evaluations = 40;
  experiment.search.wall_clock_s = 1e-6;  // the first sixteen took more
  toy::Parts parts = toy::parts();
  const RunResult ended = run_search(experiment, parts, folder.path("run"), {});
  CHECK(ended.stopped_by == "wall_clock");
  CHECK_FALSE(ended.exhausted);
  CHECK(ended.evaluations == 16);
  CHECK(parts.evaluator->calls == 0);
  const std::string journal = read_text(journal_path(folder.path("run")));
  CHECK(contains(journal, "{\"stop\":16,\"cause\":\"wall_clock\",\"limit\":"));
  CHECK(run_search(experiment, parts, folder.path("run"), {}).stopped_by == "wall_clock");
  CHECK(read_text(journal_path(folder.path("run"))) == journal);

  experiment.search.wall_clock_s = 1e6;
  const RunResult whole = run_search(experiment, parts, folder.path("run"), {});
  CHECK(whole.stopped_by == "");
  CHECK(whole.evaluations == 40);
  experiment.search.wall_clock_s = 0;
  CHECK(read_text(folder.path("run") + "/front.json") ==
        front_of(experiment, folder.path("straight")));
  experiment.search.wall_clock_s = 1e-6;  // what was evaluated since stays
  CHECK(run_search(experiment, parts, folder.path("run"), {}).evaluations == 40);
}

TEST_CASE("a stagnation ends a run at the same place for any number of threads, also when killed") {
  const toy::TemporaryFolder folder;
  SearchExperiment experiment = toy::experiment();
  experiment.search.stagnation_evaluations = 8;
  experiment.search.stagnation_growth = 1;  // nothing grows by more than all of itself
  const std::string front = front_of(experiment, folder.path("run"));
  // Known first after five looks, at the tenth answer; the window of eight is finished.
  const RunState state = load_run(folder.path("run"));
  CHECK(state.evaluations.size() == 17);
  const std::string journal = read_text(journal_path(folder.path("run")));
  CHECK(contains(journal, "{\"stop\":17,\"cause\":\"stagnation\",\"limit\":8,\"growth\":1"));
  for (int threads : {1, 3}) {
    for (std::size_t at = 0; at < journal.size(); at += 501) {
      const std::string copy = folder.path("copy");
      std::filesystem::remove_all(copy);
      std::filesystem::copy(folder.path("run"), copy);
      write_text(journal_path(copy), journal.substr(0, at));
      toy::Parts parts = toy::parts();
      CHECK(run_search(experiment, parts, copy, {.threads = threads}).stopped_by == "stagnation");
      CHECK(read_text(copy + "/front.json") == front);
    }
  }
  experiment.search.stagnation_evaluations = 0;
  toy::Parts parts = toy::parts();
  CHECK(run_search(experiment, parts, folder.path("run"), {}).evaluations == 40);
}

TEST_CASE("a run that is asked to stop keeps what has ended, and the same command goes on") {
  const toy::TemporaryFolder folder;
  const SearchExperiment experiment = toy::experiment();
  const std::string front = front_of(experiment, folder.path("whole"));
  for (int threads : {1, 3}) {
    for (int after : {0, 1, 7, 20, 33}) {
      const std::string run = folder.path("stopped");
      std::filesystem::remove_all(run);
      toy::Parts parts = toy::parts();
      const std::string message = message_of<SearchStopped>([&] {
        run_search(experiment, parts, run,
                   {.threads = threads, .stop = [&] { return parts.evaluator->calls >= after; }});
      });
      CHECK(contains(message,
                     "of 40 evaluations; all of them are journalled: give the same command"));
      const std::size_t kept = read_journal(journal_path(run)).evaluations.size();
      CHECK(kept == std::size_t(parts.evaluator->calls));
      CHECK(contains(message, ": stopped after " + std::to_string(kept) + " of 40"));
      const RunResult result = run_search(experiment, parts, run, {});
      CHECK(result.replayed == std::int64_t(kept));
      CHECK(parts.evaluator->calls == 40);
      CHECK(read_text(run + "/front.json") == front);
    }
  }
}

TEST_CASE("a failure of a run that is being stopped is not kept, one before is") {
  const toy::TemporaryFolder folder;
  toy::Parts parts = toy::parts();
  std::atomic<bool> stop{false};
  const SearchSpace space = parts.space;
  parts.evaluator->answer = [&](const AccuracyRequest& request) -> Accuracy {
    const int call = parts.evaluator->calls;
    const double error = toy::objectives(space, request.genotype)[0];
    if (call == 3) return {.ok = false, .error_percent = 0, .failure = "diverged"};
    if (call < 10) return {.ok = true, .error_percent = error, .failure = {}};
    // As a training that the same Ctrl-C reaches; the loop looks about ten times a second.
    stop = true;
    while (!parts.evaluator->told_to_stop) {
    }
    return {.ok = false, .error_percent = 0, .failure = "interrupted"};
  };
  const SearchExperiment experiment = toy::experiment();
  CHECK(message_of<SearchStopped>([&] {
          run_search(experiment, parts, folder.path("run"), {.stop = [&] {
                       if (stop) parts.evaluator->told_to_stop = true;
                       return stop.load();
                     }});
        }) != "");
  std::set<std::string> reasons;
  for (const auto& [index, record] : read_journal(journal_path(folder.path("run"))).evaluations) {
    if (record.status == EvaluationStatus::kFailed) reasons.insert(record.reason);
  }
  CHECK(reasons == std::set<std::string>{"diverged"});
}

}  // namespace
}  // namespace edgefront
