#include "experiments/pipeline/search_run.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <set>
#include <thread>

#include "experiments/pipeline/journal.h"
#include "experiments/pipeline/run_folder.h"
#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

namespace fs = std::filesystem;
using toy::contains;
using toy::message_of;
using toy::read_text;
using toy::write_text;

RunResult search(const SearchExperiment& experiment, toy::Parts& parts, const std::string& folder,
                 const SearchRunOptions& options = {}) {
  return run_search(experiment, parts, folder, options);
}

/// A finished run whose files the tests copy and damage.
struct FinishedRun {
  toy::TemporaryFolder folder;
  toy::Parts parts = toy::parts();
  SearchExperiment experiment = toy::experiment();
  std::string run = folder.path("run");
  std::string journal, front;
  FinishedRun() {
    search(experiment, parts, run);
    journal = read_text(journal_path(run));
    front = read_text(run + "/front.json");
  }
  /// A run killed when the journal had `bytes` bytes: nothing later had been written.
  std::string killed_at(std::size_t bytes) const {
    const std::string copy = folder.path("killed");
    fs::remove_all(copy);
    fs::create_directories(copy);
    fs::copy(experiment_path(run), experiment_path(copy));
    fs::copy(manifest_path(run), manifest_path(copy));
    write_text(journal_path(copy), journal.substr(0, bytes));
    return copy;
  }
};

TEST_CASE("the front of a run is what a comparison of all its journalled evaluations leaves") {
  const FinishedRun run;
  const RunState state = load_run(run.run);
  REQUIRE(state.evaluations.size() == 40);
  std::set<std::int64_t> expected, found;
  std::set<std::string> genotypes;
  for (const EvaluationRecord& a : state.evaluations) {
    genotypes.insert(a.genotype);
    bool beaten = false;
    for (const EvaluationRecord& b : state.evaluations) {
      const bool no_worse =
          b.objectives[0] <= a.objectives[0] && b.objectives[1] <= a.objectives[1];
      beaten = beaten || (no_worse && (b.objectives != a.objectives || b.index < a.index));
    }
    if (!beaten) expected.insert(a.index);
  }
  for (const FrontMember& member : state.front.members) found.insert(member.index);
  CHECK(found == expected);
  CHECK(genotypes.size() == 40);
  CHECK(read_front(run.run) == state.front);
  CHECK(state.hypervolume.back() == *state.front.hypervolume);
  CHECK(state.manifest.algorithm == "nsga2@5");
}

TEST_CASE("killed after any line of the journal, a run ends with the same front") {
  const FinishedRun run;
  for (int threads : {1, 2}) {
    for (std::size_t at = 0; at <= run.journal.size(); ++at) {
      const bool whole_line = at == 0 || run.journal[at - 1] == '\n';
      if (!whole_line) continue;
      const std::string copy = run.killed_at(at);
      toy::Parts parts = toy::parts();
      const RunResult result = search(run.experiment, parts, copy, {.threads = threads});
      CHECK(read_text(copy + "/front.json") == run.front);
      CHECK(result.evaluations == 40);
      CHECK(result.replayed + parts.evaluator->calls == 40);
    }
  }
}

TEST_CASE("killed inside a line, the torn line is dropped with a notice and done again") {
  const FinishedRun run;
  for (std::size_t at = 1; at < run.journal.size(); at += 61) {
    if (run.journal[at - 1] == '\n') continue;
    const std::string copy = run.killed_at(at);
    std::string notice;
    toy::Parts parts = toy::parts();
    search(run.experiment, parts, copy,
           {.threads = 2, .notice = [&](const std::string& line) { notice += line; }});
    CHECK(contains(notice, "journal.jsonl: dropped a torn last line of "));
    CHECK(read_text(copy + "/front.json") == run.front);
    CHECK(read_journal(journal_path(copy)).evaluations.size() == 40);
  }
}

TEST_CASE("a process that is killed inside a write leaves a run that ends with the same front") {
  const FinishedRun run;
  for (const rlim_t limit : {2500u, 3000u, 6001u}) {
    const std::string copy = run.folder.path("limited");
    fs::remove_all(copy);
    const pid_t child = ::fork();
    if (child == 0) {
      // The write that crosses the limit is cut short; going on with it is deadly.
      const rlimit file_size{limit, limit};
      ::setrlimit(RLIMIT_FSIZE, &file_size);
      const rlimit no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      std::signal(SIGXFSZ, SIG_DFL);
      toy::Parts parts = toy::parts();
      run_search(run.experiment, parts, copy, {});
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    const std::string torn = read_text(journal_path(copy));
    CHECK(torn.size() == limit);
    CHECK(torn.back() != '\n');
    toy::Parts parts = toy::parts();
    search(run.experiment, parts, copy);
    CHECK(read_text(copy + "/front.json") == run.front);
  }
}

TEST_CASE("a disk that fills up is an error of the surroundings, and the run can be resumed") {
  const FinishedRun run;
  const std::string copy = run.folder.path("full");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{3000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  toy::Parts parts = toy::parts();
  const std::string message = message_of<EnvironmentError>(
      [&] { run_search(run.experiment, parts, copy, {.threads = 2}); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  CHECK(contains(message, "journal.jsonl: cannot be written: File too large"));
  CHECK(contains(message, "give the same command again"));
  search(run.experiment, parts, copy);
  CHECK(read_text(copy + "/front.json") == run.front);
}

TEST_CASE("any number of threads gives the same front and the same asks") {
  const FinishedRun run;
  for (int threads : {2, 4}) {
    toy::Parts parts = toy::parts();
    const std::string other = run.folder.path("threads" + std::to_string(threads));
    search(run.experiment, parts, other, {.threads = threads});
    CHECK(read_text(other + "/front.json") == run.front);
    CHECK(read_text(other + "/front.csv") == read_text(run.run + "/front.csv"));
  }
}

TEST_CASE("a slow evaluation holds up nobody within the window, and changes nothing") {
  const FinishedRun run;
  toy::Parts parts = toy::parts();
  const SearchSpace space = parts.space;
  // The first one ends after the seven others of the window, and nothing is asked before.
  std::atomic<int> others{0};
  parts.evaluator->answer = [&](const AccuracyRequest& request) -> Accuracy {
    const bool first = to_text(space, request.genotype) ==
                       read_journal(journal_path(run.run)).evaluations.at(0).genotype;
    if (!first) ++others;
    while (first && others < 7) std::this_thread::yield();
    if (first) CHECK(others == 7);
    return {
        .ok = true, .error_percent = toy::objectives(space, request.genotype)[0], .failure = {}};
  };
  const std::string other = run.folder.path("slow");
  search(run.experiment, parts, other, {.threads = 3});
  CHECK(read_text(other + "/front.json") == run.front);
}

TEST_CASE("the hypervolume over the evaluations stands in a file of its own") {
  const FinishedRun run;
  const RunState state = load_run(run.run);
  CHECK(read_text(run.run + "/hypervolume.csv") == hypervolume_csv(state.hypervolume));
  CHECK(hypervolume_csv({0, 1.5}) == "evaluation,hypervolume\n1,0\n2,1.5\n");
}

TEST_CASE("progress tells the front and its hypervolume as front.json has them at the end") {
  const FinishedRun run;
  toy::Parts parts = toy::parts();
  SearchProgress last;
  const RunResult result = search(run.experiment, parts, run.folder.path("other"),
                                  {.progress = [&](const SearchProgress& p) { last = p; }});
  CHECK(last.done == 40);
  CHECK(last.total == 40);
  CHECK(last.front == std::int64_t(result.front.members.size()));
  CHECK(*last.hypervolume == *result.front.hypervolume);
  CHECK(*last.left_s == 0);
}

TEST_CASE("a finished run is only read again, and takes more budget as if it always had it") {
  FinishedRun run;
  toy::Parts parts = toy::parts();
  RunResult again = search(run.experiment, parts, run.run);
  CHECK(parts.evaluator->calls == 0);
  CHECK(again.replayed == 40);
  CHECK(read_text(run.run + "/front.json") == run.front);
  CHECK(read_text(journal_path(run.run)) == run.journal);

  run.experiment.search.evaluations = 53;  // not a multiple of the batch
  search(run.experiment, parts, run.run);
  run.experiment.search.evaluations = 64;
  search(run.experiment, parts, run.run);
  CHECK(parts.evaluator->calls == 24);
  const std::string straight = run.folder.path("straight");
  search(run.experiment, parts, straight);
  CHECK(read_text(run.run + "/front.json") == read_text(straight + "/front.json"));
  CHECK(load_run(run.run).experiment.search.evaluations == 64);
}

TEST_CASE("a changed key, profile, data set, artefact or kernel set is refused by name") {
  const FinishedRun run;
  const auto refusal = [&](const std::function<void(SearchExperiment&, toy::Parts&)>& change) {
    SearchExperiment experiment = run.experiment;
    toy::Parts parts = toy::parts();
    change(experiment, parts);
    return message_of<InputError>([&] { search(experiment, parts, run.run); });
  };
  using E = SearchExperiment&;
  using P = toy::Parts&;
  CHECK(contains(refusal([](E e, P) { e.search.population = 12; }),
                 "begun with search.population = 8 and is now given 12"));
  CHECK(contains(refusal([](E e, P) { e.constraints["latency_us"] = 40; }),
                 "constraints.latency_us = nothing and is now given \"40us\""));
  CHECK(contains(refusal([](E e, P) { e.seed = 8; }), "seed = 7 and is now given 8"));
  CHECK(contains(refusal([](E e, P) { e.search.evaluations = 39; }),
                 "search.evaluations = 40 and is now given 39; accepted is the same or more"));
  CHECK(contains(refusal([](E, P p) { p.digests["profile.host"] = "12"; }),
                 "the digest of profile.host has changed since the run began (was 11, is 12)"));
  CHECK(contains(refusal([](E, P p) { p.digests["data"] = "23"; }), "the digest of data"));
  CHECK(contains(refusal([](E, P p) { p.space.digest = "x"; }), "the digest of space"));
  CHECK(contains(refusal([](E, P p) { p.evaluator->artefact = "33"; }),
                 "the digest of evaluator has changed since the run began (was nothing, is 33)"));
  CHECK(contains(refusal([](E, P p) { p.kernel_set = "avx2"; }), "kernel_set has changed"));
  CHECK(refusal([](E e, P) { e.search.threads = 2; }) == "");
  CHECK(refusal([](E e, P) { e.devices[0].profile = "moved/host.h5"; }) == "");
}

TEST_CASE("every flipped byte of a journal is a clean error or a torn line, never a number") {
  const FinishedRun run;
  const std::size_t begin = run.journal.find("{\"evaluation\"");
  const std::size_t end = run.journal.find('\n', run.journal.find('\n', begin) + 1) + 1;
  REQUIRE(end < run.journal.size());
  for (std::size_t at = 0; at < end; ++at) {
    std::string damaged = run.journal;
    damaged[at] = char(damaged[at] ^ (1 << at % 8));
    const std::string message = message_of<InputError>([&] { parse_journal(damaged, "j"); });
    const auto line = 1 + std::count(run.journal.begin(), run.journal.begin() + long(at), '\n');
    CHECK(contains(message, "j:" + std::to_string(line) + ": the line is damaged"));
  }
  std::string no_newline = run.journal;
  no_newline.back() = 'x';
  CHECK(parse_journal(no_newline, "j").evaluations.size() == 39);
  CHECK(parse_journal(no_newline, "j").torn_bytes > 0);
}

TEST_CASE("a run with a damaged journal is not resumed and nothing in it changes") {
  const FinishedRun run;
  std::string damaged = run.journal;
  damaged[damaged.size() / 2] ^= 1;
  write_text(journal_path(run.run), damaged);
  toy::Parts parts = toy::parts();
  const std::string message =
      message_of<InputError>([&] { search(run.experiment, parts, run.run); });
  CHECK(contains(message, "journal.jsonl:"));
  CHECK(contains(message, "the line is damaged"));
  CHECK(read_text(journal_path(run.run)) == damaged);
  CHECK(parts.evaluator->calls == 0);
}

TEST_CASE(
    "a failed candidate is journalled with its reason, is no result, and is not asked again") {
  const toy::TemporaryFolder folder;
  toy::Parts parts = toy::parts();
  std::set<std::string> failed;
  const SearchSpace space = parts.space;
  parts.evaluator->answer = [&](const AccuracyRequest& request) -> Accuracy {
    if (request.seed % 4 == 0) {
      CHECK(failed.insert(to_text(space, request.genotype)).second);
      if (request.seed % 8 == 0) throw std::bad_alloc();
      return {.ok = false, .error_percent = 0, .failure = "diverged at step 3\n"};
    }
    return {
        .ok = true, .error_percent = toy::objectives(space, request.genotype)[0], .failure = {}};
  };
  const RunResult result = search(toy::experiment(), parts, folder.path());
  REQUIRE(failed.size() > 3);
  CHECK(result.failed == std::int64_t(failed.size()));
  const RunState state = load_run(folder.path());
  std::set<std::string> reasons;
  for (const EvaluationRecord& record : state.evaluations) {
    CHECK((record.status == EvaluationStatus::kFailed) == failed.contains(record.genotype));
    if (record.status == EvaluationStatus::kFailed) reasons.insert(record.reason);
  }
  CHECK(reasons == std::set<std::string>{"diverged at step 3 ", "out of memory"});
  for (const FrontMember& member : state.front.members) CHECK(!failed.contains(member.genotype));
}

TEST_CASE("ten failures in a row stop the run; the same command goes on behind them") {
  const toy::TemporaryFolder folder;
  SearchExperiment experiment = toy::experiment();
  experiment.search.threads = 1;  // the first three calls are those of the first three candidates
  toy::Parts parts = toy::parts();
  const SearchSpace space = parts.space;
  parts.evaluator->answer = [&](const AccuracyRequest&) -> Accuracy {
    const bool bad = parts.evaluator->calls > 3;
    return {.ok = !bad, .error_percent = 1, .failure = bad ? "no such library" : ""};
  };
  const std::string message =
      message_of<EnvironmentError>([&] { search(experiment, parts, folder.path()); });
  CHECK(contains(message, "10 candidates in a row failed, the last (12) with: no such library"));
  parts.evaluator->answer = nullptr;
  const RunResult result = search(experiment, parts, folder.path());
  CHECK(result.evaluations == 40);
  CHECK(result.failed >= 10);  // and those of the window that had begun by then
  CHECK(result.failed <= 10 + experiment.search.in_flight);
}

TEST_CASE("where nothing is feasible the nearest candidate and its constraint are named") {
  const toy::TemporaryFolder folder;
  toy::Parts parts = toy::parts();
  SearchExperiment experiment = toy::experiment();
  experiment.constraints = {{"latency_us", 1.0}, {"arena_bytes", 1e6}};
  const std::string message =
      message_of<NoFeasibleResult>([&] { search(experiment, parts, folder.path()); });
  const RunState state = load_run(folder.path());
  const EvaluationRecord* nearest = &state.evaluations[0];
  for (const EvaluationRecord& record : state.evaluations) {
    CHECK(record.violation == record.metrics.at("latency_us") - 1.0);
    if (record.violation < nearest->violation) nearest = &record;
  }
  CHECK(contains(message, "no feasible result: of 40 candidates 0 failed; the nearest is " +
                              nearest->genotype + " (candidate " + std::to_string(nearest->index) +
                              ") with latency_us "));
  CHECK(contains(message, " over the limit of 1us"));
  CHECK(read_front(folder.path()).members.empty());
}

TEST_CASE("a space that ends before the budget ends the run") {
  const toy::TemporaryFolder folder;
  toy::Parts parts = toy::parts();
  parts.space = toy::tiny_space();
  parts.evaluator->answer = [](const AccuracyRequest&) -> Accuracy {
    return {.ok = true, .error_percent = 3, .failure = {}};
  };
  const RunResult result = search(toy::experiment(), parts, folder.path());
  CHECK(result.exhausted);
  CHECK(result.evaluations == 6);
}

TEST_CASE("an objective that a device cannot give is refused before anything is written") {
  const toy::TemporaryFolder folder;
  toy::Parts parts = toy::parts();
  SearchExperiment experiment = toy::experiment();
  experiment.objectives = {"error", "energy_uj"};
  const std::string run = folder.path("run");
  CHECK(contains(message_of<InputError>([&] { search(experiment, parts, run); }),
                 "objectives: device \"host\" gives no energy_uj"));
  CHECK_FALSE(fs::exists(run));
  parts.devices[0].model = std::make_shared<toy::MacsCostModel>(1.0, true);
  CHECK(search(experiment, parts, run).evaluations == 40);
}

TEST_CASE("two processes cannot write one run") {
  const FinishedRun run;
  const RunLock lock(run.run);
  toy::Parts parts = toy::parts();
  CHECK(contains(
      message_of<EnvironmentError>([&] { search(run.experiment, parts, run.run); }),
      "another process is writing this run: process " + std::to_string(::getpid()) + " on "));
}

TEST_CASE("included networks are evaluated first") {
  const toy::TemporaryFolder folder;
  toy::Parts parts = toy::parts();
  SearchExperiment experiment = toy::experiment();
  experiment.search.include = {"small"};
  search(experiment, parts, folder.path());
  CHECK(load_run(folder.path()).evaluations[0].genotype ==
        to_text(parts.space, parts.space.references.at("small")));
  experiment.search.include = {"large"};
  CHECK(contains(message_of<InputError>([&] { search(experiment, parts, folder.path("other")); }),
                 "search.include: "));
}

TEST_CASE("what export found stays in front.json when the search is given again") {
  FinishedRun run;
  Front front = read_front(run.run);
  front.members[0].exported = ExportedFacts{{{"latency_us", 12.5}}, 91.25, 91.0, {"a.efm"}};
  front.members[1].exported = ExportedFacts{{}, 90, 89.75, {"b.efm"}};
  write_front_files(run.run, front);
  CHECK(contains(read_text(run.run + "/front.json"), "\"measured\":\"predicted only\""));
  toy::Parts parts = toy::parts();
  const RunResult result = search(run.experiment, parts, run.run);
  CHECK(result.front == front);
  CHECK(read_front(run.run) == front);
  CHECK(load_run(run.run).front == front);
}

}  // namespace
}  // namespace edgefront
