// edgefront search: run or resume an experiment.
#include <iostream>
#include <nlohmann/json.hpp>

#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/commands/progress.h"
#include "experiments/host.h"
#include "experiments/pipeline/search_parts.h"
#include "experiments/pipeline/search_run.h"

namespace edgefront {

int search_command(const CommandArguments& args) {
  CommandLine line("search EXPERIMENT.toml --out RUN [options]",
                   "Runs an experiment, or resumes it: the same command again continues a run that "
                   "was stopped or killed, and a larger budget continues a finished one.");
  line.positional("EXPERIMENT.toml", "experiment file")
      .option("out", "RUN", "", "run folder: journal, manifest and front are written there")
      .option("threads", "N", "0", "candidates side by side; 0 = the experiment's")
      .flag("adopt",
            "where a replay differs (another version), take the journal's evaluations and go on")
      .flag("json", "front.json on standard output");
  if (!line.parse(args)) return 0;
  if (!line.given("out")) throw InputError("search: --out is missing: the run folder");
  const std::string folder = line.text("out");
  const SearchExperiment experiment = load_experiment(line.text("EXPERIMENT.toml"));

  ProgressLine progress;
  SearchRunOptions options;
  options.threads = int(line.integer("threads", 0, 1024));
  options.adopt = line.given("adopt");
  options.notice = [&](const std::string& text) { progress.note(text); };
  options.progress = [&](const SearchProgress& p) {
    std::string detail;
    if (p.replayed > 0) detail = std::to_string(p.replayed) + " from the journal";
    if (p.failed > 0) detail += (detail.empty() ? "" : ", ") + std::to_string(p.failed) + " failed";
    progress.update("evaluations", p.done, p.total, detail);
  };
  options.prepare_progress = [&](const std::string& what, std::int64_t done, std::int64_t total,
                                 double rate) {
    progress.update(what, done, total, rate > 0 ? fixed(rate, 0) + " images/s" : "");
  };
  OpenedExperiment opened = open_experiment(experiment, options.notice);
  const RunResult result = run_search(experiment, opened.parts, folder, options);

  if (line.given("json")) {
    std::cout << front_json(result.front);
    return 0;
  }
  std::cout << folder << ": " << result.evaluations << " evaluations (" << result.replayed
            << " from the journal, " << result.failed << " failed), " << result.front.members.size()
            << " networks on the front";
  if (result.front.hypervolume) {
    std::cout << ", hypervolume " << fixed(*result.front.hypervolume, 4);
  }
  std::cout << (result.exhausted ? "; the space is exhausted\n" : "\n");
  return 0;
}

}  // namespace edgefront
