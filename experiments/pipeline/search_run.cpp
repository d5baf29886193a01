#include "experiments/pipeline/search_run.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <filesystem>
#include <limits>
#include <optional>
#include <thread>

#include "experiments/host.h"
#include "experiments/pipeline/algorithms.h"
#include "experiments/pipeline/evaluation_workers.h"
#include "experiments/pipeline/journal.h"
#include "experiments/pipeline/journal_replay.h"
#include "experiments/pipeline/run_folder.h"
#include "experiments/pipeline/run_progress.h"
#include "experiments/pipeline/run_results.h"
#include "experiments/pipeline/stop_rules.h"
#include "experiments/pipeline/warm_start.h"
#include "runtime/file.h"

namespace edgefront {
namespace {

void write_text(const std::string& path, const std::string& text) {
  require(write_file_atomic(path, text.data(), text.size()));
}

/// Candidates evaluated at a time: the command line's wish, the source's, the experiment's, one per
/// core.
int side_by_side(const SearchExperiment& experiment, const SearchRunOptions& options,
                 const EvaluationSource& source) {
  for (const int wanted : {options.threads, source.side_by_side, experiment.search.threads}) {
    if (wanted > 0) return wanted;
  }
  return int(std::max(1u, std::thread::hardware_concurrency()));
}

/// One call of run_search, between the lock and the front.
class SearchRun {
 public:
  SearchRun(const SearchExperiment& experiment, const SearchParts& parts, const std::string& folder,
            const SearchRunOptions& options)
      : experiment_(experiment),
        space_(parts.space),
        folder_(folder),
        options_(options),
        source_(make_evaluation_source(experiment, parts)),
        algorithm_(make_algorithm(experiment, source_.problem)),
        progress_(experiment.search, int(source_.problem.objectives.size()), options.progress),
        workers_(side_by_side(experiment, options, source_),
                 [this](const Candidate& candidate) { return evaluate(candidate); }) {}

  /// Throws InputError for what would stop the search later.
  void check() const {
    const bool watched = experiment_.search.stagnation_evaluations > 0;
    if (watched && source_.problem.objectives.size() > kMaxWatchedObjectives) {
      throw InputError("search.stagnation_evaluations: is for at most " +
                       std::to_string(kMaxWatchedObjectives) + " objectives");
    }
    source_.check();
  }

  /// Compares with what stands in the folder; writes the manifest of a new run, and `warm_start` as
  /// the begin of its journal.
  void open(Manifest now, const std::string& warm_start) {
    now.algorithm = algorithm_->version();
    const bool begun = std::filesystem::exists(manifest_path(folder_));
    if (!begun && std::filesystem::exists(journal_path(folder_))) {
      throw InputError(manifest_path(folder_) + ": is missing, but the folder holds a journal");
    }
    if (!begun) write_text(manifest_path(folder_), manifest_json(now));
    if (!warm_start.empty() && read_journal(journal_path(folder_)).version == 0) {
      write_text(journal_path(folder_), warm_start);
    }
    journal_ = read_journal(journal_path(folder_));
    progress_.set_elapsed_before(journal_.elapsed_s);
    if (!warm_start.empty()) require_same_warm_start(journal_, warm_start, journal_path(folder_));
    if (!begun) return;
    const Manifest then = read_manifest(folder_);
    require_same_manifest(folder_, then, now);
    if (journal_.torn_bytes > 0) {
      notice(journal_path(folder_) + ": dropped a torn last line of " +
             std::to_string(journal_.torn_bytes) + " bytes; its candidate is evaluated again");
    }
    if (then.algorithm == now.algorithm) return;
    if (!options_.adopt) {
      throw ReplayError(manifest_path(folder_) + ": the run was searched by " + then.algorithm +
                        ", this program has " + now.algorithm + kReplayRemedy);
    }
    same_version_ = false;
    write_text(manifest_path(folder_), manifest_json(now));
  }

  RunResult run() {
    tell_warm_start();
    for (;;) {
      begin(ask());  // as far as the window reaches
      if (window_.empty()) return finish();
      tell(next_answer());  // in the order of their asks
    }
  }

 private:
  static constexpr const char* kReplayRemedy =
      "; nothing was changed. Resume with the program and the kind of processor that began the "
      "run, or give --adopt to go on from the journal's evaluations";

  void notice(const std::string& line) const {
    if (options_.notice) options_.notice(line);
  }

  /// Nothing in the folder changes before the first line that is new.
  JournalWriter& writer() {
    if (!writer_) {
      write_text(experiment_path(folder_), write_resolved(experiment_));
      writer_.emplace(journal_path(folder_), journal_);
    }
    return *writer_;
  }

  std::int64_t under_way() const { return std::int64_t(window_.size()); }

  /// The evaluations of another run come before all asks, and are not of the budget.
  void tell_warm_start() {
    const auto adoption = journal_.adoptions.find(0);
    total_ = experiment_.search.evaluations;
    if (adoption == journal_.adoptions.end() || adoption->second.warm_start.empty()) return;
    adopting_ = adoption->second;
    tell_adopted();
    total_ += told_;
  }

  /// As many candidates as the window has room for; fewer where the run ends, the algorithm waits
  /// for answers, or the window must be empty before evaluations are adopted.
  std::vector<Candidate> ask() {
    std::vector<Candidate> asked;
    for (;;) {
      if (adopting_ && window_.empty() && asked.empty()) tell_adopted();
      const std::int64_t unanswered = under_way() + std::int64_t(asked.size());
      const std::int64_t room =
          std::min<std::int64_t>(experiment_.search.in_flight, total_ - told_) - unanswered;
      if (adopting_ || room <= 0 || ends_after(told_ + unanswered)) return asked;
      const std::vector<Candidate> next = ask_algorithm(room);
      if (next.empty()) return asked;
      const std::size_t same = adopting_from(next);
      asked.insert(asked.end(), next.begin(), next.begin() + std::ptrdiff_t(same));
      last_index_ = std::max(last_index_, next.back().index);
    }
  }

  std::vector<Candidate> ask_algorithm(std::int64_t most) {
    if (same_version_) {
      const std::vector<Candidate> past =
          candidates_to_take_over(journal_, space_, last_index_ + 1, most);
      if (!past.empty() && algorithm_->take_over(past)) return past;
    }
    return algorithm_->ask(int(most));
  }

  /// Whether a limit other than the budget ends the run here: as journalled, or for asks that the
  /// journal does not have as it is now.
  bool ends_after(std::int64_t asked) {
    if (stop_) return true;
    if (journal_.stop && asked >= journal_.stop->after &&
        holds(*journal_.stop, experiment_.search)) {
      stop_ = journal_.stop;
      return true;
    }
    if (!journal_.asked.empty() && last_index_ < journal_.asked.rbegin()->first) return false;
    stop_ = reached_limit(experiment_.search, progress_.watch(), asked, progress_.elapsed_s());
    if (stop_) writer().append(journal_line(*stop_));
    return stop_.has_value();
  }

  /// How many of `candidates` are as in the journal. Behind them, where the replay differs or did
  /// when the run adopted, the journal's evaluations are told instead.
  std::size_t adopting_from(const std::vector<Candidate>& candidates) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const auto adoption = journal_.adoptions.find(candidates[i].index);
      if (adoption == journal_.adoptions.end()) continue;
      adopting_ = adoption->second;
      return i;
    }
    const ReplayCheck check =
        check_replay(journal_, space_, candidates, journal_path(folder_), algorithm_->version());
    if (check.cause.empty()) return check.same;
    if (!options_.adopt) throw ReplayError(check.cause + kReplayRemedy);
    const std::int64_t at = candidates[check.same].index;
    const auto& known = journal_.evaluations;
    const std::int64_t through = std::max(known.empty() ? -1 : known.rbegin()->first, at);
    adopting_ = AdoptRecord{.at = at, .through = through};
    writer().append(journal_line(*adopting_));
    journal_.adoptions.emplace(at, *adopting_);
    notice(check.cause + "; adopted the journal's evaluations " + std::to_string(at) + " to " +
           std::to_string(through));
    return check.same;
  }

  void tell_adopted() {
    std::vector<EvaluationRecord> records;
    for (const auto& [index, record] : journal_.evaluations) {
      if (index < adopting_->at || index > adopting_->through) continue;
      check_objectives(record);
      records.push_back(record);
    }
    last_index_ = std::max(last_index_, adopting_->through);
    adopting_.reset();
    replayed_ += std::int64_t(records.size());
    tell(records);
  }

  /// Lets the workers begin with what the journal does not answer.
  void begin(const std::vector<Candidate>& candidates) {
    AskRecord fresh{
        .first = 0, .candidates = {}, .elapsed_s = std::round(progress_.elapsed_s() * 1e3) / 1e3};
    for (const Candidate& candidate : candidates) {
      window_.push_back(candidate);
      if (journal_.asked.contains(candidate.index)) continue;
      if (fresh.candidates.empty()) fresh.first = candidate.index;
      fresh.candidates.push_back({.genotype = to_text(space_, candidate.genotype),
                                  .fidelity = candidate.fidelity,
                                  .replicate = candidate.replicate});
    }
    if (!fresh.candidates.empty()) writer().append(journal_line(fresh));
    for (const Candidate& candidate : candidates) {
      if (journal_.evaluations.contains(candidate.index)) continue;
      writer();
      fresh_from_ = std::min(fresh_from_, candidate.index);
      workers_.start(candidate);
    }
  }

  /// On a worker's thread. A failure while the run is being stopped may be of whoever stops it, as
  /// where a terminal's signal reaches a training too: it is not kept.
  EvaluationRecord evaluate(const Candidate& candidate) {
    EvaluationRecord record = source_.evaluate(candidate);
    if (record.status == EvaluationStatus::kOk || !stopping_) {
      writer_->append(journal_line(record));
    }
    return record;
  }

  EvaluationRecord next_answer() {
    const Candidate candidate = window_.front();
    window_.pop_front();
    if (stop_asked()) stop_now();
    const auto known = journal_.evaluations.find(candidate.index);
    if (known != journal_.evaluations.end()) {
      check_objectives(known->second);
      ++replayed_;
      return known->second;
    }
    const std::optional<EvaluationRecord> record = workers_.take(candidate.index, [&] {
      report();
      return !stop_asked();
    });
    if (!record) stop_now();
    return *record;
  }

  bool stop_asked() {
    if (options_.stop && options_.stop()) stopping_ = true;
    return stopping_;
  }

  [[noreturn]] void stop_now() {
    workers_.finish_begun();
    if (writer_) writer_->close();
    throw SearchStopped(folder_ + ": stopped after " + std::to_string(told_ + workers_.answered()) +
                        " of " + std::to_string(total_) +
                        " evaluations; all of them are journalled: give the same command again to "
                        "go on");
  }

  void check_objectives(const EvaluationRecord& record) const {
    const bool ok = record.status == EvaluationStatus::kOk;
    if (!ok || record.objectives.size() == experiment_.objectives.size()) return;
    throw InputError(journal_path(folder_) + ":" +
                     std::to_string(journal_.evaluation_lines.at(record.index)) + ": has " +
                     std::to_string(record.objectives.size()) + " objectives of " +
                     std::to_string(experiment_.objectives.size()));
  }

  void tell(const EvaluationRecord& record) {
    tell(std::vector<EvaluationRecord>{record});
    stop_after_failures(record);
  }

  void tell(const std::vector<EvaluationRecord>& records) {
    std::vector<Evaluation> evaluations;
    for (const EvaluationRecord& record : records) {
      evaluations.push_back(to_evaluation(space_, record));
      failed_ += record.status == EvaluationStatus::kFailed;
      progress_.told(evaluations.back());
      all_.push_back(record);
    }
    algorithm_->tell(evaluations);
    told_ += std::int64_t(records.size());
    report();
  }

  void report() {
    const std::int64_t done = told_ + workers_.answered();
    if (done >= total_ && told_ < total_) return;  // the last report is of the whole front
    progress_.report({.done = done,
                      .total = total_,
                      .replayed = replayed_,
                      .failed = failed_,
                      .hypervolume = {},
                      .left_s = {}});
  }

  /// Failures from before a resume do not count: whoever resumes has seen to them.
  void stop_after_failures(const EvaluationRecord& record) {
    if (record.index < fresh_from_) return;
    const bool ok = record.status == EvaluationStatus::kOk;
    failures_in_a_row_ = ok ? 0 : failures_in_a_row_ + 1;
    if (failures_in_a_row_ < experiment_.search.max_consecutive_failures) return;
    workers_.finish_begun();
    writer().close();
    throw EnvironmentError(
        folder_ + ": " + std::to_string(failures_in_a_row_) +
        " candidates in a row failed, the last (" + std::to_string(record.index) +
        ") with: " + record.reason +
        "; all is journalled: remove the cause and give the same command again to go on");
  }

  RunResult finish() {
    RunResult result;
    result.exhausted = told_ < total_ && !stop_;
    if (stop_) result.stopped_by = stop_->cause;
    result.evaluations = told_;
    result.replayed = replayed_;
    result.failed = failed_;
    std::sort(all_.begin(), all_.end(), [](const EvaluationRecord& a, const EvaluationRecord& b) {
      return a.index < b.index;
    });
    writer().close();
    result.front =
        write_results(folder_, experiment_.objectives, source_.problem, all_, options_.notice);
    if (result.front.members.empty() && result.front.dropped.empty()) {
      throw NoFeasibleResult(no_feasible_result(source_, all_));
    }
    return result;
  }

  const SearchExperiment& experiment_;
  const SearchSpace& space_;
  const std::string& folder_;
  const SearchRunOptions& options_;
  EvaluationSource source_;
  std::unique_ptr<SearchAlgorithm> algorithm_;
  JournalContents journal_;   ///< as found
  bool same_version_ = true;  ///< of the algorithm, since the run began
  std::optional<JournalWriter> writer_;
  std::deque<Candidate> window_;         ///< asked and not told yet
  std::vector<EvaluationRecord> all_;    ///< told
  std::optional<AdoptRecord> adopting_;  ///< as soon as the window is empty
  std::optional<StopRecord> stop_;       ///< why nothing more is asked
  std::atomic<bool> stopping_ = false;   ///< options_.stop has said so
  std::int64_t total_ = 0, told_ = 0, replayed_ = 0, failed_ = 0;
  std::int64_t last_index_ = -1;                                        ///< asked or adopted
  std::int64_t fresh_from_ = std::numeric_limits<std::int64_t>::max();  ///< first index computed
  std::int64_t failures_in_a_row_ = 0;
  RunProgress progress_;
  EvaluationWorkers workers_;  ///< last: they use the others
};

}  // namespace

RunResult run_search(const SearchExperiment& experiment, SearchParts& parts,
                     const std::string& folder, const SearchRunOptions& options) {
  SearchRun run(experiment, parts, folder, options);
  Manifest manifest{.program = kProgramVersion,
                    .algorithm = {},
                    .kernel_set = parts.kernel_set,
                    .digests = parts.digests};
  manifest.digests["config"] = config_digest(experiment);
  manifest.digests["space"] = parts.space.digest;
  // Before anything is written.
  run.check();
  const std::string warm_start = options.warm_start.empty()
                                     ? ""
                                     : warm_start_journal(options.warm_start, experiment, manifest);
  const RunLock lock(folder);
  require_same_experiment(folder, experiment);
  const auto has = [](const std::string& file) { return std::filesystem::exists(file); };
  if (!has(experiment_path(folder)) || !has(manifest_path(folder))) {
    write_text(experiment_path(folder), write_resolved(experiment));
  }
  if (parts.accuracy) {
    manifest.digests["evaluator"] = parts.accuracy->prepare(folder, options.prepare_progress);
  }
  run.open(std::move(manifest), warm_start);
  return run.run();
}

}  // namespace edgefront
