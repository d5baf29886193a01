// What happens when the algorithm does not ask what the journal says it asked.
#include <doctest/doctest.h>

#include "experiments/pipeline/journal.h"
#include "experiments/pipeline/journal_replay.h"
#include "experiments/pipeline/run_folder.h"
#include "experiments/pipeline/search_run.h"
#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

using toy::contains;
using toy::message_of;
using toy::read_text;
using toy::write_text;

AskRecord ask_of(const JournalContents& journal, std::int64_t first, std::int64_t count) {
  AskRecord ask{.first = first, .candidates = {}};
  for (std::int64_t i = first; i < first + count; ++i) {
    ask.candidates.push_back(journal.asked.at(i));
  }
  return ask;
}

/// A run of 24 whose candidates from index 8 on came from another algorithm: another seed and
/// another design.
struct ForeignRun {
  toy::TemporaryFolder folder;
  std::string run = folder.path("run");
  SearchExperiment experiment = toy::experiment();
  std::string journal;
  ForeignRun() {
    toy::Parts parts = toy::parts();
    experiment.search.evaluations = 24;
    run_search(experiment, parts, run, {});
    SearchExperiment other = experiment;
    other.seed = 8;
    other.search.initial_design = InitialDesign::kRandom;
    run_search(other, parts, folder.path("other"), {});
    const JournalContents own = read_journal(journal_path(run));
    const JournalContents foreign = read_journal(journal_path(folder.path("other")));
    std::string text = read_text(journal_path(run));
    journal = text.substr(0, text.find('\n') + 1);
    for (std::int64_t first : {0, 8, 16}) {
      const JournalContents& from = first == 0 ? own : foreign;
      journal += journal_line(ask_of(from, first, 8)) + "\n";
      for (std::int64_t i = first; i < first + 8; ++i) {
        journal += journal_line(from.evaluations.at(i)) + "\n";
      }
    }
    write_text(journal_path(run), journal);
    experiment.search.evaluations = 40;
  }
};

TEST_CASE("at the first difference a resumed run stops, names it and changes nothing") {
  const ForeignRun foreign;
  toy::Parts parts = toy::parts();
  const std::string resolved = read_text(experiment_path(foreign.run));
  const std::string message =
      message_of<ReplayError>([&] { run_search(foreign.experiment, parts, foreign.run, {}); });
  // Line 1 is the header, 2 the first ask, 3 to 10 its evaluations.
  CHECK(contains(message, "journal.jsonl:11: candidate 8 is "));
  CHECK(contains(message, "in the journal, but nsga2@5 now asks "));
  CHECK(contains(message, "nothing was changed"));
  CHECK(contains(message, "--adopt"));
  CHECK(read_text(journal_path(foreign.run)) == foreign.journal);
  CHECK(read_text(experiment_path(foreign.run)) == resolved);
  CHECK(parts.evaluator->calls == 0);
}

TEST_CASE("adopting tells the algorithm the journal's evaluations, and is replayed itself") {
  const ForeignRun foreign;
  toy::Parts parts = toy::parts();
  std::string notices;
  const RunResult result =
      run_search(foreign.experiment, parts, foreign.run,
                 {.adopt = true, .notice = [&](const std::string& line) { notices += line; }});
  CHECK(result.evaluations == 40);
  CHECK(result.replayed == 24);
  CHECK(parts.evaluator->calls == 16);
  CHECK(contains(notices, "adopted the journal's evaluations 8 to 23"));
  const std::string journal = read_text(journal_path(foreign.run));
  CHECK(journal.substr(0, foreign.journal.size()) == foreign.journal);
  const std::string front = read_text(foreign.run + "/front.json");

  // Killed anywhere behind the adoption, the run goes on without being told again.
  const std::size_t adopted = journal.find("{\"adopt\":8,\"through\":23");
  REQUIRE(adopted != std::string::npos);
  for (std::size_t at = journal.find('\n', adopted) + 1; at < journal.size(); at += 97) {
    write_text(journal_path(foreign.run), journal.substr(0, at));
    run_search(foreign.experiment, parts, foreign.run, {});
    CHECK(read_text(foreign.run + "/front.json") == front);
  }
}

TEST_CASE("another version of the algorithm is a replay error unless it adopts") {
  ForeignRun foreign;
  std::string manifest = read_text(manifest_path(foreign.run));
  manifest.replace(manifest.find("nsga2@5"), 7, "nsga2@0");
  write_text(manifest_path(foreign.run), manifest);
  toy::Parts parts = toy::parts();
  CHECK(contains(
      message_of<ReplayError>([&] { run_search(foreign.experiment, parts, foreign.run, {}); }),
      "the run was searched by nsga2@0, this program has nsga2@5"));
  CHECK(read_text(manifest_path(foreign.run)) == manifest);
  run_search(foreign.experiment, parts, foreign.run, {.adopt = true});
  CHECK(load_run(foreign.run).manifest.algorithm == "nsga2@5");
}

TEST_CASE("all but the last asks of a journal may be taken over, none once it adopted") {
  const toy::TemporaryFolder folder;
  toy::Parts parts = toy::parts();
  run_search(toy::experiment(), parts, folder.path("run"), {});
  JournalContents journal = read_journal(journal_path(folder.path("run")));
  const auto taken = candidates_to_take_over(journal, parts.space, 30, 100);
  REQUIRE(taken.size() == 8);
  for (std::int64_t i = 0; i < 8; ++i) {
    CHECK(taken[std::size_t(i)].index == 30 + i);
    CHECK(to_text(parts.space, taken[std::size_t(i)].genotype) ==
          journal.asked.at(30 + i).genotype);
  }
  CHECK(candidates_to_take_over(journal, parts.space, 30, 3).size() == 3);
  CHECK(candidates_to_take_over(journal, parts.space, 38, 3).empty());
  journal.adoptions[8] = {.at = 8, .through = 9};
  CHECK(candidates_to_take_over(journal, parts.space, 30, 100).empty());
}

TEST_CASE("an algorithm that takes over goes on as if it had been asked") {
  const toy::TemporaryFolder folder;
  SearchExperiment experiment = toy::experiment();
  experiment.search.algorithm = AlgorithmKind::kEhvi;
  experiment.search.evaluations = 30;
  toy::Parts parts = toy::parts();
  run_search(experiment, parts, folder.path("straight"), {});
  const std::string journal = read_text(journal_path(folder.path("straight")));
  std::filesystem::copy(folder.path("straight"), folder.path("killed"));
  for (const double share : {0.3, 0.7, 0.95}) {
    write_text(journal_path(folder.path("killed")),
               journal.substr(0, std::size_t(share * double(journal.size()))));
    run_search(experiment, parts, folder.path("killed"), {});
    CHECK(read_text(folder.path("killed") + "/front.json") ==
          read_text(folder.path("straight") + "/front.json"));
  }
}

TEST_CASE(
    "another fidelity or replicate is a difference too, and old journals say why they differ") {
  const SearchSpace space = toy::space();
  const Candidate now{.index = 4, .genotype = space.references.at("small")};
  JournalContents journal;
  journal.version = 2;
  journal.asked[4] = {.genotype = to_text(space, now.genotype), .line = 9};
  CHECK(check_replay(journal, space, {now}, "j", "a@1").same == 1);
  journal.asked[4].fidelity = 1;
  CHECK(contains(check_replay(journal, space, {now}, "j", "a@1").cause, " at fidelity 1 in the"));
  journal.asked[4] = {.genotype = "another", .line = 9};
  journal.version = 1;
  const ReplayCheck check = check_replay(journal, space, {now}, "j", "a@1");
  CHECK(check.same == 0);
  CHECK(contains(check.cause, "j:9: candidate 4 is "));
  CHECK(contains(check.cause, "asked in whole batches"));
}

}  // namespace
}  // namespace edgefront
