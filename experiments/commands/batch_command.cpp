// edgefront batch: many experiments, and how their algorithms compare.
#include <cstdlib>
#include <iostream>

#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/commands/progress.h"
#include "experiments/commands/stop_signals.h"
#include "experiments/host.h"
#include "experiments/pipeline/batch_run.h"
#include "experiments/pipeline/batch_summary.h"
#include "experiments/report/batch_report.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

void write_text(const std::string& path, const std::string& text) {
  require(write_file_atomic(path, text.data(), text.size()));
}

/// A signal ends the runs under way; the batch goes on from there when it is given again.
std::vector<BatchRun> run_until_stopped(const Batch& batch, const std::string& folder,
                                        BatchOptions options, ProgressLine& progress) {
  constexpr double kGrace_s = 20;
  const StopSignals signals(
      kGrace_s, [&](const std::string& text) { progress.note("edgefront: " + text); },
      [&](const std::string& text) {
        progress.note("edgefront: " + text + "; what had ended is in the journals below " + folder +
                      ": give the same command again to go on");
        std::_Exit(3);
      });
  options.stop = [&] { return signals.requested(); };
  return run_batch(batch, folder, options);
}

/// 3 where a run has failed: what is done stands, and the same command tries the others again.
int exit_code(const std::vector<BatchRun>& runs) {
  int failed = 0, waiting = 0;
  for (const BatchRun& run : runs) {
    failed += run.state == BatchState::kFailed;
    waiting += run.state == BatchState::kWaiting;
  }
  if (waiting > 0) {
    std::cerr << "edgefront: stopped with " << waiting << " of " << runs.size()
              << " runs not done; the same command goes on\n";
    return 3;
  }
  if (failed == 0) return 0;
  std::cerr << "edgefront: " << failed << " of " << runs.size()
            << " runs failed; the same command tries them again\n";
  return 3;
}

}  // namespace

int batch_command(const CommandArguments& args) {
  CommandLine line("batch BATCH.toml --out RUNS [options]",
                   "Runs many experiments, each in a folder of its own below RUNS, and compares "
                   "their algorithms over the seeds. The same command again goes on where it was, "
                   "and tries what failed once more.");
  line.positional("BATCH.toml", "experiments, algorithms and seeds, see docs/batch.md")
      .option("out", "RUNS", "",
              "folder: runs, batch.json, summary.csv and report.html are written there")
      .option("threads", "N", "0", "candidates side by side in each run; 0 = the experiment's")
      .flag("json", "the summary as JSON on standard output");
  if (!line.parse(args)) return 0;
  if (!line.given("out")) throw InputError("batch: --out is missing: the folder of the runs");
  const std::string folder = line.text("out");
  const Batch batch = load_batch(line.text("BATCH.toml"));

  ProgressLine progress;
  BatchOptions options;
  options.threads = int(line.integer("threads", 0, 1024));
  options.progress = [&](const std::vector<BatchRun>& runs, std::size_t changed) {
    std::int64_t ended = 0;
    for (const BatchRun& run : runs) {
      ended += run.state == BatchState::kDone || run.state == BatchState::kFailed;
    }
    const BatchRun& run = runs[changed];
    if (!run.reason.empty()) progress.note(run.planned.name + ": " + run.reason);
    progress.update("runs", ended, std::int64_t(runs.size()),
                    run.planned.name + " " + batch_state_name(run.state));
  };
  const std::vector<BatchRun> runs = run_until_stopped(batch, folder, options, progress);

  const std::vector<ExperimentQuality> qualities = summarise(runs);
  write_text(folder + "/summary.csv", summary_csv(runs, qualities));
  write_text(folder + "/report.html", batch_report_html(batch.name, runs, qualities));
  if (line.given("json")) {
    std::cout << summary_json(batch.name, runs, qualities);
  } else {
    std::cout << summary_text(runs, qualities) << folder << "/report.html\n";
  }
  return exit_code(runs);
}

}  // namespace edgefront
