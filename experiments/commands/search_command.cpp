// edgefront search: run or resume an experiment.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/commands/progress.h"
#include "experiments/commands/search_job.h"
#include "experiments/commands/stop_signals.h"
#include "experiments/commands/table_search_command.h"
#include "experiments/host.h"
#include "experiments/pipeline/json_text.h"
#include "experiments/pipeline/search_parts.h"
#include "experiments/pipeline/search_run.h"
#include "experiments/pipeline/search_workers.h"
#include "experiments/pipeline/winner_check.h"
#include "experiments/units.h"

namespace edgefront {
namespace {

WinnerCheckOptions winner_check_options(const CommandLine& line, ProgressLine& progress) {
  WinnerCheckOptions options;
  options.probe = line.given("on") ? line.text("on") : probe_beside_program();
  options.note = [&](const std::string& text) { progress.note(text); };
  options.progress = [&](const std::string& stage, std::int64_t done, std::int64_t total) {
    progress.update(stage, done, total);
  };
  return options;
}

/// Without a winner the search has no feasible result, whatever was predicted.
int exit_code(const Front& front) {
  if (!front.members.empty()) return 0;
  std::cerr << "edgefront: no network is within the budget as measured: the profile is no longer "
               "true, or the budget leaves no room; front.json lists what was dropped\n";
  return 4;
}

std::string progress_json(const SearchProgress& p) {
  std::string out =
      "{\"progress\":\"evaluations\",\"done\":" + std::to_string(p.done) +
      ",\"total\":" + std::to_string(p.total) + ",\"replayed\":" + std::to_string(p.replayed) +
      ",\"failed\":" + std::to_string(p.failed) + ",\"front\":" + std::to_string(p.front);
  if (p.hypervolume) out += ",\"hypervolume\":" + json_number(*p.hypervolume);
  out += ",\"elapsed_s\":" + json_number(p.elapsed_s);
  if (p.left_s) out += ",\"left_s\":" + json_number(*p.left_s);
  return out + "}";
}

void show(const SearchProgress& p, bool as_json, ProgressLine& progress) {
  if (as_json) {
    progress.event("evaluations", p.done, p.total, progress_json(p));
    return;
  }
  std::string detail = std::to_string(p.front) + " on the front";
  if (p.hypervolume) detail += ", hypervolume " + fixed(*p.hypervolume, 4);
  if (p.replayed > 0) detail += ", " + std::to_string(p.replayed) + " from the journal";
  if (p.failed > 0) detail += ", " + std::to_string(p.failed) + " failed";
  progress.update("evaluations", p.done, p.total, detail, p.left_s);
}

/// What a search says while it runs. What was said while its parts were opened appears when the run
/// has begun: a run that refuses the experiment says that and nothing else.
class RunVoice {
 public:
  explicit RunVoice(bool as_json) : as_json_(as_json) {}

  void keep(const std::string& text) { opening_.push_back(text); }

  /// The run has begun.
  ProgressLine& begun() {
    for (const std::string& text : std::exchange(opening_, {})) progress_.note(text);
    return progress_;
  }

  ProgressLine& line() { return progress_; }  ///< whether it has begun or not

  void speak_for(SearchRunOptions& options) {
    options.notice = [this](const std::string& text) { begun().note(text); };
    options.progress = [this](const SearchProgress& p) { show(p, as_json_, begun()); };
    options.prepare_progress = [this](const std::string& what, std::int64_t done,
                                      std::int64_t total, double rate) {
      begun().update(what, done, total, rate > 0 ? fixed(rate, 0) + " images/s" : "");
    };
  }

 private:
  bool as_json_;
  ProgressLine progress_;
  std::vector<std::string> opening_;
};

RunResult run_until_stopped(const SearchExperiment& experiment, SearchParts& parts,
                            const std::string& folder, SearchRunOptions options, double grace_s,
                            ProgressLine& progress) {
  const StopSignals signals(
      grace_s, [&](const std::string& text) { progress.note("edgefront: " + text); },
      [&](const std::string& text) {
        progress.note("edgefront: " + text + "; what had ended is in the journal of " + folder +
                      ": give the same command again to go on");
        std::_Exit(3);
      });
  options.stop = [&] { return signals.requested(); };
  return run_search(experiment, parts, folder, options);
}

void add_run_options(CommandLine& line) {
  line.optional_positional("EXPERIMENT.toml", "experiment file")
      .option("out", "RUN", "", "run folder: journal, manifest and front are written there")
      .option("threads", "N", "0", "candidates side by side; 0 = the experiment's")
      .option("seed", "N", "",
              "of everything random, in place of the experiment's; a run is resumed with its own. "
              "With --table: of the first search (default 0), the others count on from it")
      .flag("adopt",
            "where a replay differs (another version), take the journal's evaluations and go on")
      .option("on", "COMMAND", "",
              "under a latency budget: measure the winners on the device that this command "
              "reaches, e.g. \"ssh pi@board ./edgefront-probe -\" (default: this machine)")
      .option(
          "warm-start", "RUN", "",
          "begin with the evaluations of another run of the same space, devices, objectives and "
          "evaluator; they are not of the budget")
      .option("grace", "TIME", "20s",
              "after SIGINT, SIGTERM or SIGHUP: what has not ended within this time is abandoned; "
              "the same command goes on")
      .flag("json-progress", "progress on standard error as JSON Lines")
      .flag("mpi",
            "join the job of a launcher that is not recognised by itself (mpirun and srun are): "
            "its first process searches, the others evaluate")
      .flag("json", "front.json on standard output; of a table, its medians");
}

/// The file's experiment; a seed on the command line stands in place of the file's.
SearchExperiment read_experiment(const CommandLine& line) {
  SearchExperiment experiment = load_experiment(line.text("EXPERIMENT.toml"));
  if (line.given("seed")) experiment.seed = std::uint64_t(line.integer("seed", 0, INT64_MAX));
  return experiment;
}

SearchRunOptions run_options(const CommandLine& line) {
  SearchRunOptions options;
  options.threads = int(line.integer("threads", 0, 1024));
  options.adopt = line.given("adopt");
  if (line.given("warm-start")) options.warm_start = line.text("warm-start");
  return options;
}

void print_result(const std::string& folder, const RunResult& result, const WinnerCheck& check) {
  std::cout << folder << ": " << result.evaluations << " evaluations (" << result.replayed
            << " from the journal, " << result.failed << " failed), " << result.front.members.size()
            << " networks on the front";
  if (result.front.hypervolume) {
    std::cout << ", hypervolume " << fixed(*result.front.hypervolume, 4);
  }
  if (!result.stopped_by.empty()) std::cout << "; ended by search." << result.stopped_by;
  std::cout << (result.exhausted ? "; the space is exhausted\n" : "\n");
  if (check.checked) {
    std::cout << result.front.members.size() << " networks within the budget as measured ("
              << check.kept << " of them now), " << result.front.dropped.size()
              << " over it and dropped\n";
  }
}

}  // namespace

int search_command(const CommandArguments& args) {
  CommandLine line(
      "search EXPERIMENT.toml --out RUN [options]",
      "Runs an experiment, or resumes it: the same command again continues a run that "
      "was stopped or killed, and a larger budget continues a finished one. Under a latency "
      "budget the winners are measured again, and who is over it is dropped.");
  add_run_options(line);
  add_table_options(line);
  if (!line.parse(args)) return 0;
  if (line.given("table")) return table_search(line);
  refuse_table_options(line);
  if (!line.given("EXPERIMENT.toml")) {
    throw InputError(
        "search: missing EXPERIMENT.toml (experiment file); see edgefront search --help");
  }
  if (!line.given("out")) throw InputError("search: --out is missing: the run folder");
  const std::string folder = line.text("out");
  const SearchExperiment experiment = read_experiment(line);
  std::unique_ptr<MessageTransport> job = join_job(line.given("mpi"));
  if (job && job->rank() > 0) return serve_search(*job, experiment);
  std::unique_ptr<WorkerPool> workers =
      job ? std::make_unique<WorkerPool>(std::move(job)) : nullptr;

  RunVoice voice(line.given("json-progress"));
  SearchRunOptions options = run_options(line);
  const double grace_s = line.quantity("grace", Unit::kSeconds);
  voice.speak_for(options);
  OpenedExperiment opened =
      open_experiment(experiment, [&](const std::string& text) { voice.keep(text); });
  if (workers) use_workers(*workers, experiment, opened.parts, folder);
  RunResult result =
      run_until_stopped(experiment, opened.parts, folder, options, grace_s, voice.line());
  workers.reset();  // they are not to disturb what is measured
  const WinnerCheck check = check_winners(folder, winner_check_options(line, voice.begun()));
  result.front = read_front(folder);

  if (line.given("json")) {
    std::cout << front_json(result.front);
  } else {
    print_result(folder, result, check);
  }
  return exit_code(result.front);
}

}  // namespace edgefront
