#include "experiments/pipeline/batch_run.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "experiments/pipeline/batch_summary.h"
#include "experiments/report/batch_report.h"
#include "space/error.h"
#include "tests/temporary_folder.h"

using namespace edgefront;

namespace {

/// With a table and an experiment that searches it.
struct Folder : TemporaryFolder {
  Folder() {
    std::string table = "a,b,c,err,ms\n";
    for (int i = 0; i < 125; ++i) {
      const int a = i / 25, b = i / 5 % 5, c = i % 5;
      table += std::to_string(a) + "," + std::to_string(b) + "," + std::to_string(c) + "," +
               std::to_string(80 - 9 * a - 5 * b - 3 * c + i * 7 % 5) + "," +
               std::to_string(5 + 4 * a + 3 * b + c + i * 11 % 3) + "\n";
    }
    write("t.csv", table);
    write("small.toml", R"(
name = "small"
space = { file = "t.csv", decisions = ["a", "b", "c"] }
objectives = ["error", "latency_us"]
evaluator = { kind = "table", columns = { error = "err", latency_us = "1000*ms" } }
search = { population = 8, in_flight = 1, evaluations = 40 }
)");
  }
  std::string runs() const { return path("runs"); }
};

const char* const kBatch = R"(
name = "both"
experiments = ["small.toml"]
algorithms = ["nsga2", "random"]
seeds = 3
first_seed = 5
retries = 2
)";

std::string refusal(const Folder& folder, const std::string& text) {
  try {
    load_batch(folder.write("b.toml", text));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a batch is experiments times algorithms times seeds, and runs that are listed") {
  const Folder folder;
  const Batch batch = load_batch(folder.write(
      "b.toml",
      std::string(kBatch) + "[[run]]\nexperiment = \"small.toml\"\nseed = 99\nevaluations = 7\n"));
  REQUIRE(batch.runs.size() == 7);
  CHECK(batch.runs[0].name == "small-nsga2-5");
  CHECK(batch.runs[5].name == "small-random-7");
  CHECK(batch.runs[5].config.seed == 7);
  CHECK(batch.runs[5].config.search.algorithm == AlgorithmKind::kRandom);
  CHECK(batch.runs[6].config.search.evaluations == 7);
  CHECK(refusal(folder, "name = \"x\"\n").find("experiments: is missing") != std::string::npos);
  CHECK(refusal(folder, std::string(kBatch) + "[[run]]\nexperiment = \"small.toml\"\nseed = 6\n" +
                            "algorithm = \"random\"\n")
            .find("\"small-random-6\" stands twice") != std::string::npos);
  CHECK(refusal(folder, "name = \"x\"\nexperiments = [\"small.toml\"]\nalgorithms = [\"magic\"]\n")
            .find("algorithms: came \"magic\"; accepted: ") != std::string::npos);
  CHECK(refusal(folder, std::string(kBatch) + "retires = 3\n").find("retires") !=
        std::string::npos);
}

TEST_CASE("a damaged state of a batch is refused with the remedy, not taken for a bug") {
  const Folder folder;
  const Batch batch = load_batch(folder.write("b.toml", kBatch));
  std::filesystem::create_directories(folder.runs());
  for (const char* text :
       {"", "{", "[]", "{\"runs\":5}", "{\"runs\":[5]}", "{\"runs\":[{\"name\":5}]}",
        "{\"runs\":[{\"name\":\"small-nsga2-5\"}]}"}) {
    folder.write("runs/batch.json", text);
    INFO(text);
    std::string message;
    try {
      run_batch(batch, folder.runs(), {});
    } catch (const InputError& error) {
      message = error.what();
    }
    CHECK(message.find("batch.json: is damaged; remove it") != std::string::npos);
    CHECK(folder.text("runs/batch.json") == text);
  }
}

TEST_CASE("what is done stays, what failed or was cut off is taken up again") {
  const Folder folder;
  Batch batch = load_batch(folder.write("b.toml", kBatch));
  std::atomic<int> calls{0};
  BatchOptions options;
  const auto finish = [&](const std::string& run_folder) {
    ++calls;
    std::filesystem::create_directories(run_folder);
    std::ofstream(run_folder + "/front.json") << "{}";
  };
  options.run = [&](const PlannedRun& run, const std::string& run_folder) {
    if (run.name == "small-nsga2-6") throw InputError("wrong\nmore");
    if (run.name == "small-random-5" && calls < 100) {
      calls += 100;
      throw EnvironmentError("a worker is gone");
    }
    if (run.name == "small-random-7") throw EnvironmentError("disk full");
    finish(run_folder);
  };
  std::vector<BatchRun> runs = run_batch(batch, folder.runs(), options);
  CHECK(runs[0].state == BatchState::kDone);
  CHECK(runs[1].state == BatchState::kFailed);
  CHECK(runs[1].attempts == 1);  // wrong input does not become right
  CHECK(runs[1].reason == "wrong");
  CHECK(runs[3].state == BatchState::kDone);
  CHECK(runs[3].attempts == 2);
  CHECK(runs[5].state == BatchState::kFailed);
  CHECK(runs[5].attempts == 3);
  CHECK(runs[5].reason == "disk full");

  // Later, after a kill in the middle of one run, and with more budget for nothing else.
  std::string state = folder.text("runs/batch.json");
  state.replace(state.find("\"done\""), 6, "\"running\"");
  folder.write("runs/batch.json", state);
  std::vector<std::string> again;
  options.run = [&](const PlannedRun& run, const std::string& run_folder) {
    again.push_back(run.name);
    finish(run_folder);
  };
  runs = run_batch(batch, folder.runs(), options);
  CHECK(again == std::vector<std::string>{"small-nsga2-5", "small-nsga2-6", "small-random-7"});
  CHECK(std::all_of(runs.begin(), runs.end(),
                    [](const BatchRun& run) { return run.state == BatchState::kDone; }));
  again.clear();
  options.stop = [&] { return again.size() == 1; };
  batch.runs[0].config.search.evaluations = batch.runs[1].config.search.evaluations = 50;
  runs = run_batch(batch, folder.runs(), options);
  CHECK(again == std::vector<std::string>{"small-nsga2-5"});
  CHECK(runs[0].state == BatchState::kDone);
  CHECK(runs[1].state == BatchState::kWaiting);
  options.stop = nullptr;
  run_batch(batch, folder.runs(), options);
  again.clear();
  batch.runs[2].config.search.evaluations = 60;
  run_batch(batch, folder.runs(), options);
  CHECK(again == std::vector<std::string>{"small-nsga2-7"});
}

TEST_CASE("a batch of searches ends with the same fronts side by side and after a break") {
  const Folder folder;
  Batch batch = load_batch(folder.write("b.toml", kBatch));
  const std::vector<BatchRun> runs = run_batch(batch, folder.runs(), {.threads = 1});
  const std::string other = folder.path("other");
  Batch part = batch;
  part.runs.resize(2);
  part.parallel = 3;
  run_batch(part, other, {.threads = 2});
  part.runs = batch.runs;
  run_batch(part, other, {.threads = 2});
  for (const BatchRun& run : runs) {
    REQUIRE(run.state == BatchState::kDone);
    CHECK(folder.text("other/" + run.planned.name + "/front.json") ==
          folder.text("runs/" + run.planned.name + "/front.json"));
  }

  const auto qualities = summarise(runs);
  REQUIRE(qualities.size() == 1);
  REQUIRE(qualities[0].algorithms.size() == 2);
  CHECK(qualities[0].algorithms[0].algorithm == "nsga2");
  CHECK(qualities[0].algorithms[0].runs.size() == 3);
  for (const AlgorithmQuality& algorithm : qualities[0].algorithms) {
    for (const RunQuality& run : algorithm.runs) {
      CHECK(run.curve.size() == 40);
      CHECK(std::is_sorted(run.curve.begin(), run.curve.end()));
      CHECK(run.last() > 0.3);
      CHECK(run.last() <= 1 + 1e-12);
    }
  }
  REQUIRE(qualities[0].comparisons.size() == 3);
  CHECK(qualities[0].comparisons[0].evaluations == 10);
  CHECK(qualities[0].comparisons[2].evaluations == 40);

  const std::string csv = summary_csv(runs, qualities);
  CHECK(csv.find("\nsmall-random-7,small,random,7,done,1,40,0.") != std::string::npos);
  CHECK(summary_json("both", runs, qualities).find("\"comparisons\"") != std::string::npos);
  CHECK(summary_text(runs, qualities).find("nsga2 against random after 40") != std::string::npos);
  const std::string html = batch_report_html("both <1>", runs, qualities);
  CHECK(html.find("<h1>both &lt;1&gt;</h1>") != std::string::npos);
  CHECK(html.find("<svg") != std::string::npos);
  CHECK(html.find("<script") == std::string::npos);
}

TEST_CASE("a curve stays at its end") {
  CHECK(value_after({0.1, 0.5}, 1) == 0.1);
  CHECK(value_after({0.1, 0.5}, 9) == 0.5);
  CHECK(value_after({}, 9) == 0);
}
