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
    writer.append(journal_line(AskRecord{
        .first = 0, .candidates = {{.genotype = "a"}, {.genotype = "b.1"}}, .elapsed_s = 0.25}));
    writer.append(journal_line(AskRecord{
        .first = 2,
        .candidates = {{.genotype = "c", .fidelity = 1}, {.genotype = "d", .replicate = 2}},
        .elapsed_s = 1.5}));
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
  REQUIRE(read.asked.size() == 4);
  CHECK(read.asked.at(1).genotype == "b.1");
  CHECK(read.asked.at(1).line == 2);
  CHECK(read.asked.at(2).fidelity == 1);
  CHECK(read.asked.at(3).fidelity == 0);
  CHECK(read.asked.at(3).replicate == 2);
  CHECK(read.asked.at(3).line == 3);
  CHECK(read.elapsed_s == 1.5);
  CHECK(read.version == 2);
  CHECK(read.adoptions.at(40).through == 59);
  CHECK(read.torn_bytes == 0);
}

TEST_CASE("every line is one JSON object that any reader understands") {
  for (const std::string& line : {journal_line(example(3)), journal_line(failed_example(4)),
                                  journal_line(AskRecord{.first = 1, .candidates = {}})}) {
    const auto json = nlohmann::json::parse(line);
    CHECK(json.at("sum").get<std::string>().size() == 16);
    CHECK(line.find('\n') == std::string::npos);
  }
  const auto json = nlohmann::json::parse(journal_line(example(3)));
  CHECK(json.at("objectives").get<std::vector<double>>() == example(3).objectives);
  CHECK(json.at("metrics").at("macs") == 4000000000000000);
}

TEST_CASE("a stop is what the journal ends with, and obsolete when more is asked behind it") {
  const toy::TemporaryFolder folder;
  JournalWriter(folder.path("j"), {}).close();
  std::string text = toy::read_text(folder.path("j"));
  text +=
      journal_line(StopRecord{.after = 12, .cause = "stagnation", .limit = 100, .growth = 0.001}) +
      "\n" + journal_line(StopRecord{.after = 12, .cause = "wall_clock", .limit = 0.1}) + "\n";
  const JournalContents stopped = parse_journal(text, "j");
  REQUIRE(stopped.stop);
  CHECK(stopped.stop->after == 12);
  CHECK(stopped.stop->cause == "wall_clock");
  CHECK(stopped.stop->limit == 0.1);
  text += journal_line(AskRecord{.first = 12, .candidates = {{.genotype = "a"}}}) + "\n";
  CHECK(!parse_journal(text, "j").stop);
}

TEST_CASE("a journal of version 1 is read, one of a version to come is refused") {
  // Written by the program that asked in batches.
  const std::string text = R"({"journal":1,"sum":"6ae45cb9a3ccc6fd"}
{"ask":4,"genotypes":["1.00.200.000.32.11210.11110.01000.01000.21.10001.10211.10101.0","0.10.201.211.30.00010.00010.10010.11110.21.11011.11201.01000.0","1.00.201.000.30.01010.10100.01000.01000.21.10001.10111.10000.0"],"sum":"71f2632679356198"}
{"evaluation":4,"genotype":"1.00.200.000.32.11210.11110.01000.01000.21.10001.10211.10101.0","objectives":[10.864144909762128,51.70611737089202],"violation":0,"metrics":{"analytic_share":1,"arena_bytes":37632,"energy_uj":8.2795602,"error":10.864144909762128,"latency_high_us":258.53058685446007,"latency_low_us":25.85305868544601,"latency_us":51.70611737089202,"macs":4184784,"macs_per_s":80934021210.33798,"packed_bytes":258048,"parameters":232274,"peak_memory_bytes":553456,"power_w":0.16012728514519992,"weights_bytes":257776},"seconds":1.9e-05,"sum":"b24b89ecb741e357"}
)";
  const JournalContents contents = parse_journal(text, "j");
  CHECK(contents.version == 1);
  REQUIRE(contents.asked.size() == 3);
  CHECK(contents.asked.at(6).genotype ==
        "1.00.201.000.30.01010.10100.01000.01000.21.10001.10111.10000.0");
  REQUIRE(contents.evaluations.size() == 1);
  CHECK(contents.evaluations.at(4).objectives ==
        std::vector<double>{10.864144909762128, 51.70611737089202});
  CHECK(message_of<InputError>([] {
          parse_journal("{\"journal\":3,\"sum\":\"2d12474a006f34f6\"}\n", "j");
        }) == "j:1: journal version 3; this program reads versions 1 to 2");
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
  const std::string ask =
      journal_line(AskRecord{.first = 4, .candidates = {{.genotype = "a"}}}) + "\n";
  CHECK(refusal(first + ask + ask) == "j:3: candidate 4 is asked a second time");
  CHECK(contains(refusal(first + journal_line(AskRecord{.first = -1, .candidates = {}}) + "\n"),
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
