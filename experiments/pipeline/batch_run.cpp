#include "experiments/pipeline/batch_run.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "experiments/host.h"
#include "experiments/pipeline/run_folder.h"
#include "experiments/pipeline/search_parts.h"
#include "experiments/pipeline/search_run.h"
#include "runtime/file.h"
#include "search/parallel.h"
#include "space/error.h"

namespace edgefront {
namespace {

using Json = nlohmann::ordered_json;

/// All that a done run is done with: it is taken up again where this differs.
std::string digest_of(const SearchExperiment& experiment) {
  const std::string text = write_resolved(experiment);
  return digest_hex(text.data(), text.size());
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// One call of run_batch.
class BatchRunner {
 public:
  BatchRunner(const Batch& batch, const std::string& folder, const BatchOptions& options)
      : batch_(batch), folder_(folder), options_(options) {
    for (const PlannedRun& planned : batch.runs) {
      runs_.push_back({.planned = planned, .folder = folder + "/" + planned.name});
      digests_.push_back(digest_of(planned.config));
    }
    take_up();
  }

  std::vector<BatchRun> run() {
    write();
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (runs_[i].state != BatchState::kDone) open.push_back(i);
    }
    parallel_for(static_cast<std::int64_t>(open.size()), batch_.parallel,
                 [&](std::int64_t i) { run_one(open[static_cast<std::size_t>(i)]); });
    return runs_;
  }

 private:
  std::string path() const { return folder_ + "/batch.json"; }

  /// What an earlier call finished.
  void take_up() {
    if (!std::filesystem::exists(path())) return;
    std::vector<std::uint8_t> bytes;
    require(read_file(path(), &bytes));
    const Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    try {
      take_up(json.at("runs"));
    } catch (const Json::exception&) {
      throw InputError(path() + ": is damaged; remove it, and the batch takes its runs up again");
    }
  }

  void take_up(const Json& runs) {
    std::map<std::string, const Json*> known;
    for (const Json& run : runs) known[run.at("name").get<std::string>()] = &run;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const auto found = known.find(runs_[i].planned.name);
      if (found == known.end()) continue;
      const Json& run = *found->second;
      const bool done = run.at("state") == "done" && run.at("digest") == digests_[i] &&
                        std::filesystem::exists(runs_[i].folder + "/front.json");
      if (!done) continue;
      runs_[i].state = BatchState::kDone;
      runs_[i].attempts = run.at("attempts").get<int>();
      runs_[i].reason = run.at("reason").get<std::string>();
    }
  }

  void write() const {
    Json json;
    json["batch"] = 1;
    json["name"] = batch_.name;
    json["runs"] = Json::array();
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const BatchRun& run = runs_[i];
      json["runs"].push_back({{"name", run.planned.name},
                              {"experiment", run.planned.experiment},
                              {"algorithm", algorithm_name(run.planned.config.search.algorithm)},
                              {"seed", run.planned.config.seed},
                              {"evaluations", run.planned.config.search.evaluations},
                              {"state", batch_state_name(run.state)},
                              {"attempts", run.attempts},
                              {"reason", run.reason},
                              {"digest", digests_[i]}});
    }
    const std::string text = json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
    require(write_file_atomic(path(), text.data(), text.size()));
  }

  void change(std::size_t i, BatchState state, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    runs_[i].state = state;
    runs_[i].reason = first_line(reason);
    if (state == BatchState::kRunning) ++runs_[i].attempts;
    write();
    if (options_.progress) options_.progress(runs_, i);
  }

  bool stopped() const { return options_.stop && options_.stop(); }

  void run_one(std::size_t i) {
    for (int attempt = 0; attempt <= batch_.retries; ++attempt) {
      if (stopped()) return;
      change(i, BatchState::kRunning, runs_[i].reason);
      try {
        run_now(i);
        return change(i, BatchState::kDone, "");
      } catch (const NoFeasibleResult& error) {
        return change(i, BatchState::kDone, error.what());
      } catch (const SearchStopped&) {
        return change(i, BatchState::kWaiting, "");
      } catch (const ReplayError& error) {
        return change(i, BatchState::kFailed, error.what());
      } catch (const EnvironmentError& error) {
        change(i, attempt < batch_.retries ? BatchState::kWaiting : BatchState::kFailed,
               error.what());
      } catch (const std::exception& error) {
        return change(i, BatchState::kFailed, error.what());
      }
    }
  }

  void run_now(std::size_t i) {
    const PlannedRun& planned = batch_.runs[i];
    const std::string folder = folder_ + "/" + planned.name;
    if (options_.run) return options_.run(planned, folder);
    OpenedExperiment opened = open_experiment(planned.config, [](const std::string&) {});
    SearchRunOptions options;
    options.threads = options_.threads;
    options.stop = options_.stop;
    run_search(planned.config, opened.parts, folder, options);
  }

  const Batch& batch_;
  const std::string& folder_;
  const BatchOptions& options_;
  std::vector<BatchRun> runs_;
  std::vector<std::string> digests_;
  std::mutex mutex_;
};

}  // namespace

const char* batch_state_name(BatchState state) {
  switch (state) {
    case BatchState::kWaiting:
      return "waiting";
    case BatchState::kRunning:
      return "running";
    case BatchState::kDone:
      return "done";
    case BatchState::kFailed:
      break;
  }
  return "failed";
}

std::vector<BatchRun> run_batch(const Batch& batch, const std::string& folder,
                                const BatchOptions& options) {
  const RunLock lock(folder);
  return BatchRunner(batch, folder, options).run();
}

}  // namespace edgefront
