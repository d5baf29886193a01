#include "experiments/pipeline/warm_start.h"

#include <doctest/doctest.h>

#include <set>

#include "experiments/pipeline/search_run.h"
#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

using toy::contains;
using toy::message_of;
using toy::read_text;
using toy::write_text;

/// A finished run of 40, and an experiment with another seed that begins with it.
struct OldRun {
  toy::TemporaryFolder folder;
  std::string old = folder.path("old"), run = folder.path("run");
  SearchExperiment experiment = toy::experiment();
  OldRun() {
    toy::Parts parts = toy::parts();
    run_search(experiment, parts, old, {});
    experiment.seed = 8;
    experiment.search.evaluations = 20;
  }
};

TEST_CASE("a warm start is told before all asks, repeated by none, and not of the budget") {
  const OldRun old;
  toy::Parts parts = toy::parts();
  const RunResult result = run_search(old.experiment, parts, old.run, {.warm_start = old.old});
  CHECK(result.evaluations == 60);
  CHECK(result.replayed == 40);
  CHECK(parts.evaluator->calls == 20);
  const RunState before = load_run(old.old), after = load_run(old.run);
  std::set<std::string> genotypes;
  for (std::size_t i = 0; i < after.evaluations.size(); ++i) {
    genotypes.insert(after.evaluations[i].genotype);
    if (i < 40) CHECK(after.evaluations[i] == before.evaluations[i]);
  }
  CHECK(genotypes.size() == 60);
  // Bred from the old run's front at once: a run of its own begins with a random generation.
  CHECK(*after.front.hypervolume >=
        hypervolume_curve(after.evaluations, after.front.reference)[39]);
}

TEST_CASE("a run with a warm start goes on wherever it was killed, with the old run or without") {
  const OldRun old;
  toy::Parts parts = toy::parts();
  run_search(old.experiment, parts, old.run, {.warm_start = old.old});
  const std::string journal = read_text(journal_path(old.run));
  const std::string front = read_text(old.run + "/front.json");
  const std::size_t told = journal.find("{\"adopt\":0,\"through\":39,\"warm_start\":");
  REQUIRE(told != std::string::npos);
  for (std::size_t at = journal.find('\n', told) + 1; at < journal.size(); at += 301) {
    write_text(journal_path(old.run), journal.substr(0, at));
    const bool given = at % 2 == 0;
    run_search(old.experiment, parts, old.run, {.warm_start = given ? old.old : ""});
    CHECK(read_text(old.run + "/front.json") == front);
  }
}

TEST_CASE("a run whose evaluations mean something else is refused by name") {
  const OldRun old;
  const auto refusal = [&](const std::function<void(SearchExperiment&, toy::Parts&)>& change) {
    SearchExperiment experiment = old.experiment;
    toy::Parts parts = toy::parts();
    change(experiment, parts);
    return message_of<InputError>(
        [&] { run_search(experiment, parts, old.folder.path("new"), {.warm_start = old.old}); });
  };
  using E = SearchExperiment&;
  using P = toy::Parts&;
  CHECK(contains(refusal([](E e, P) {
                   e.objectives = {"latency_us", "error"};
                 }),
                 "cannot be a warm start: objectives is [\"error\", \"latency_us\"] there and "));
  CHECK(contains(refusal([](E e, P) { e.constraints["latency_us"] = 40; }),
                 "constraints.latency_us is nothing there and \"40us\" here"));
  CHECK(contains(refusal([](E, P p) { p.space.digest = "x"; }), "the digest of space is "));
  CHECK(contains(refusal([](E, P p) { p.digests["profile.host"] = "12"; }),
                 "the digest of profile.host is 11 there and 12 here"));
}

TEST_CASE("a run that was begun keeps the warm start that it has") {
  const OldRun old;
  toy::Parts parts = toy::parts();
  run_search(old.experiment, parts, old.run, {});
  CHECK(contains(message_of<InputError>(
                     [&] { run_search(old.experiment, parts, old.run, {.warm_start = old.old}); }),
                 "the run was begun without a warm start"));
}

}  // namespace
}  // namespace edgefront
