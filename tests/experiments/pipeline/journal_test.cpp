#include "experiments/pipeline/journal.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "search/parallel.h"
#include "space/error.h"
#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

using toy::contains;
using toy::message_of;

EvaluationRecord example(std::int64_t index) {
  EvaluationRecord record;
  record.index = index;
  record.genotype = "1.2." + std::to_string(index);
  record.objectives = {1.0 / 3, 1e-300, 12345678, 0.1 + 0.2};
  record.standard_errors = {0.1, 0, 0, 1e-9};
  record.violation = 0.25;
  record.metrics = {{"error", 8.5}, {"macs", 4e15}, {"latency_us@pi", 2e22}};
  record.seconds = 1.5;
  return record;
}

EvaluationRecord failed_example(std::int64_t index) {
  EvaluationRecord record;
  record.index = index;
  record.genotype = "0";
  record.fidelity = 2;
  record.replicate = 3;
  record.status = EvaluationStatus::kFailed;
  record.reason = "tab\t, quote \" and \\ back";
  return record;
}

TEST_CASE("what is appended is read back bit by bit, in any order and from any thread") {
  const toy::TemporaryFolder folder;
  const std::string path = folder.path("j");
  {
    JournalWriter writer(path, read_journal(path));
    writer.append(journal_line(AskRecord{.first = 0, .genotypes = {"a", "b.1"}}));
    parallel_for(100, 4, [&](std::int64_t i) {
      writer.append(journal_line(i % 3 == 0 ? failed_example(i) : example(i)));
    });
    writer.append(journal_line(AdoptRecord{.at = 40, .through = 59}));
    writer.close();
  }
  const JournalContents read = read_journal(path);
  REQUIRE(read.evaluations.size() == 100);
  for (const auto& [index, record] : read.evaluations) {
    CHECK(record == (index % 3 == 0 ? failed_example(index) : example(index)));
  }
  CHECK(read.asks.at(0).genotypes == std::vector<std::string>{"a", "b.1"});
  CHECK(read.asks.at(0).line == 2);
  CHECK(read.adoptions.at(40).through == 59);
  CHECK(read.torn_bytes == 0);
}

TEST_CASE("every line is one JSON object that any reader understands") {
  for (const std::string& line : {journal_line(example(3)), journal_line(failed_example(4)),
                                  journal_line(AskRecord{.first = 1, .genotypes = {}})}) {
    const auto json = nlohmann::json::parse(line);
    CHECK(json.at("sum").get<std::string>().size() == 16);
    CHECK(line.find('\n') == std::string::npos);
  }
  const auto json = nlohmann::json::parse(journal_line(example(3)));
  CHECK(json.at("objectives").get<std::vector<double>>() == example(3).objectives);
  CHECK(json.at("metrics").at("macs") == 4000000000000000);
}

TEST_CASE("a torn tail is cut off before anything is appended") {
  const toy::TemporaryFolder folder;
  const std::string path = folder.path("j");
  JournalWriter(path, read_journal(path)).append(journal_line(example(0)));
  const std::string good = toy::read_text(path);
  toy::write_text(path, good + "{\"evaluation\":1,\"geno");
  JournalWriter(path, read_journal(path)).append(journal_line(example(1)));
  CHECK(toy::read_text(path) == good + journal_line(example(1)) + "\n");
}

TEST_CASE("lines out of place are refused with file and line") {
  const toy::TemporaryFolder folder;
  const std::string path = folder.path("j");
  JournalWriter(path, {}).close();
  const std::string first = toy::read_text(path), line = journal_line(example(0)) + "\n";
  const auto refusal = [](const std::string& text) {
    return message_of<InputError>([&] { parse_journal(text, "j"); });
  };
  CHECK(refusal(first + line) == "");
  CHECK(refusal(line) == "j:1: is not the header of a journal");
  CHECK(refusal(first + first) == "j:2: is a second header");
  CHECK(refusal(first + line + line) == "j:3: evaluation 0 stands a second time");
  CHECK(contains(refusal(first + "\n"), "j:2: the line is damaged"));
  const std::string ask = journal_line(AskRecord{.first = 4, .genotypes = {}}) + "\n";
  CHECK(refusal(first + ask + ask) == "j:3: candidates from 4 are asked a second time");
  CHECK(contains(refusal(first + journal_line(AskRecord{.first = -1, .genotypes = {}}) + "\n"),
                 "j:2: \"ask\" is not an index"));
}

TEST_CASE("a missing journal is an empty one, and a folder in its place is an error") {
  const toy::TemporaryFolder folder;
  CHECK(read_journal(folder.path("none")).good_bytes == 0);
  CHECK(message_of<EnvironmentError>([&] { JournalWriter(folder.path("no/j"), {}); }) ==
        folder.path("no/j") + ": cannot be opened for writing: No such file or directory");
}

}  // namespace
}  // namespace edgefront
