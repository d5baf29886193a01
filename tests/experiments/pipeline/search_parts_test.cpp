#include "experiments/pipeline/search_parts.h"

#include <doctest/doctest.h>

#include <cmath>

#include "experiments/pipeline/run_folder.h"
#include "space/error.h"
#include "tests/public_data.h"
#include "tests/temporary_folder.h"

using namespace edgefront;

namespace {

std::string table_text() {
  std::string text = "op,width,acc,acc1,ms\n";
  for (int op = 0; op < 6; ++op) {
    for (int width = 8; width <= 64; width += 8) {
      const int n = op * 5 + width;
      text += "op" + std::to_string(op) + "," + std::to_string(width) + "," +
              (n == 33 ? "-1" : std::to_string(50 + n / 2)) + "," +
              std::to_string(50 + n / 2 + n % 3) + ",0." + std::to_string(100 + n) + "\n";
    }
  }
  return text;
}

const char* const kExperiment = R"(
name = "table"
seed = 3
space = { file = "t.csv", decisions = ["op", "width"] }
objectives = ["error", "latency_us"]
constraints = { latency_us = "180us" }
evaluator = { kind = "table", columns = { error = "100-acc", latency_us = "1000*ms" }, signal = { error = "100-acc1" } }
search = { algorithm = "nsga2", population = 8, in_flight = 3, evaluations = 30 }
)";

std::string refusal(const std::string& from, const std::string& to) {
  std::string text = kExperiment;
  text.replace(text.find(from), from.size(), to);
  try {
    parse_experiment(text, "e.toml", ".");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("an experiment on a table is written out, read again and run, its front by the signal") {
  const TemporaryFolder folder;
  folder.write("t.csv", table_text());
  SearchExperiment experiment = parse_experiment(kExperiment, "e.toml", folder.path());
  const SearchExperiment again =
      parse_experiment(write_resolved(experiment), "r.toml", folder.path());
  CHECK(resolved_keys(again) == resolved_keys(experiment));
  CHECK(again.evaluator.table.columns.at("error") == "100-acc");
  CHECK(again.space_decisions == std::vector<std::string>{"op", "width"});
  std::string notes;
  OpenedExperiment opened = open_experiment(experiment, [&](const std::string& n) { notes += n; });
  CHECK(notes.find("1 of 48 networks lack an objective") != std::string::npos);
  const std::string run = folder.path("run");
  const RunResult result = run_search(experiment, opened.parts, run, {.threads = 1});
  CHECK(result.evaluations == 30);
  REQUIRE(!result.front.members.empty());
  for (const auto& member : result.front.members) {
    CHECK(member.objectives[1] <= 180);
    CHECK(member.objectives[1] == doctest::Approx(member.metrics.at("latency_us")));
  }

  // Any number of threads, and a run in two parts, end with the same bytes.
  const std::string threads = folder.path("threads");
  run_search(experiment, opened.parts, threads, {.threads = 4});
  CHECK(folder.text("threads/front.json") == folder.text("run/front.json"));
  const std::string parts = folder.path("parts");
  experiment.search.evaluations = 13;
  run_search(experiment, opened.parts, parts, {.threads = 2});
  experiment.search.evaluations = 30;
  const RunResult resumed = run_search(experiment, opened.parts, parts, {.threads = 2});
  CHECK(resumed.replayed > 0);
  CHECK(folder.text("parts/front.json") == folder.text("run/front.json"));
}

TEST_CASE("what a table experiment lacks or cannot have is refused by its key") {
  CHECK(refusal(", decisions = [\"op\", \"width\"]", "") ==
        "e.toml:4: space.decisions: is missing; accepted are columns of the table");
  CHECK(
      refusal(", latency_us = \"1000*ms\"", "")
          .find("evaluator.columns: has no column for latency_us; accepted is e.g. { latency_us = "
                "\"COLUMN\" }") != std::string::npos);
  CHECK(refusal("{ error = \"100-acc1\" }", "{ latency_us = \"ms\" }")
            .find("evaluator.signal: latency_us is free to look up and has no signal") !=
        std::string::npos);
  CHECK(refusal("objectives", "device = [{ name = \"a\", profile = \"a.h5\" }]\nobjectives")
            .find("device: has no meaning for rows of a table") != std::string::npos);
  CHECK(refusal("error = \"100-acc\"", "eror = \"100-acc\"").find("came \"eror\"") ==
        std::string::npos);  // the missing one is named first
}

TEST_CASE("the published predictor gives the outputs published with it") {
  const std::string bytes = public_data("ofa/ofa_mbv3_acc_predictor.h5");
  if (bytes.empty()) return;
  const TemporaryFolder folder;
  const auto layers = load_dense_layers(folder.write("p.h5", bytes));
  REQUIRE(layers.size() == 4);
  struct Published {
    int kernel, expand, depth, resolution;
    double accuracy;
  };
  for (const Published& p :
       {Published{7, 6, 4, 224, 0.835928}, Published{5, 4, 3, 192, 0.805928},
        Published{3, 6, 4, 160, 0.802909}, Published{3, 3, 2, 128, 0.766717},
        Published{7, 6, 4, 176, 0.819454}, Published{3, 3, 2, 112, 0.762769}}) {
    OfaSetting setting;
    setting.resolution = p.resolution;
    for (int slot = 0; slot < 20; ++slot) {
      if (slot % 4 >= p.depth) continue;
      setting.kernel_size[static_cast<std::size_t>(slot)] = p.kernel;
      setting.expand_ratio[static_cast<std::size_t>(slot)] = p.expand;
    }
    CHECK(std::abs(run_dense(layers, ofa_inputs(setting)).front() - p.accuracy) < 1e-6);
  }
}
