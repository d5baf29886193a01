#include "experiments/pipeline/search_run.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>

#include "experiments/host.h"
#include "experiments/pipeline/algorithms.h"
#include "experiments/pipeline/journal.h"
#include "experiments/pipeline/run_folder.h"
#include "runtime/file.h"
#include "search/parallel.h"

namespace edgefront {
namespace {

void write_text(const std::string& path, const std::string& text) {
  require(write_file_atomic(path, text.data(), text.size()));
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
        algorithm_(make_algorithm(experiment, source_.problem)) {
    int wanted = options.threads;
    if (wanted == 0) wanted = source_.side_by_side;
    if (wanted == 0) wanted = experiment.search.threads;
    threads_ = wanted > 0 ? wanted : int(std::max(1u, std::thread::hardware_concurrency()));
  }

  /// Throws InputError for what would stop the search later.
  void check() const { source_.check(); }

  /// Compares with what stands in the folder; writes the manifest of a new run.
  void open(Manifest now) {
    now.algorithm = algorithm_->version();
    if (!std::filesystem::exists(manifest_path(folder_))) {
      if (std::filesystem::exists(journal_path(folder_))) {
        throw InputError(manifest_path(folder_) + ": is missing, but the folder holds a journal");
      }
      write_text(manifest_path(folder_), manifest_json(now));
      return;
    }
    const Manifest then = read_manifest(folder_);
    require_same_manifest(folder_, then, now);
    journal_ = read_journal(journal_path(folder_));
    if (journal_.torn_bytes > 0) {
      notice(journal_path(folder_) + ": dropped a torn last line of " +
             std::to_string(journal_.torn_bytes) + " bytes; its candidate is evaluated again");
    }
    if (then.algorithm == now.algorithm) return;
    if (!options_.adopt) {
      throw ReplayError(manifest_path(folder_) + ": the run was searched by " + then.algorithm +
                        ", this program has " + now.algorithm + kReplayRemedy);
    }
    write_text(manifest_path(folder_), manifest_json(now));
  }

  RunResult run() {
    while (told_ < experiment_.search.evaluations) {
      const std::vector<Candidate> candidates = algorithm_->ask(experiment_.search.in_flight);
      if (candidates.empty()) break;
      if (adopts(candidates)) continue;
      const std::vector<EvaluationRecord> records = evaluate(candidates);
      tell(records);
      stop_after_failures(records);
    }
    return finish();
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

  /// The first difference between what is asked and what the journal says was asked; "" if none.
  std::string difference(const std::vector<Candidate>& candidates) const {
    const auto at = [&](int line) {
      return journal_path(folder_) + ":" + std::to_string(line) + ": ";
    };
    const auto ask = journal_.asks.find(candidates.front().index);
    const bool asked = ask != journal_.asks.end();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const std::int64_t index = candidates[i].index;
      const std::string now = to_text(space_, candidates[i].genotype);
      const auto differs = [&](int line, const std::string& then) {
        return at(line) + "candidate " + std::to_string(index) + " is " + then +
               " in the journal, but " + algorithm_->version() + " now asks " + now;
      };
      if (asked && i < ask->second.genotypes.size() && ask->second.genotypes[i] != now) {
        return differs(ask->second.line, ask->second.genotypes[i]);
      }
      const auto known = journal_.evaluations.find(index);
      if (known != journal_.evaluations.end() && known->second.genotype != now) {
        return differs(journal_.evaluation_lines.at(index), known->second.genotype);
      }
    }
    if (asked && ask->second.genotypes.size() != candidates.size()) {
      return at(ask->second.line) + "the journal asks " +
             std::to_string(ask->second.genotypes.size()) + " candidates from " +
             std::to_string(ask->first) + " on, but " + algorithm_->version() + " now asks " +
             std::to_string(candidates.size());
    }
    return "";
  }

  /// Where the replay differs, or did when the run adopted: tells the rest of the journal instead.
  bool adopts(const std::vector<Candidate>& candidates) {
    const std::int64_t first = candidates.front().index;
    auto adoption = journal_.adoptions.find(first);
    if (adoption == journal_.adoptions.end()) {
      const std::string cause = difference(candidates);
      if (cause.empty()) return false;
      if (!options_.adopt) throw ReplayError(cause + kReplayRemedy);
      const auto& known = journal_.evaluations;
      const std::int64_t last = known.empty() ? -1 : known.rbegin()->first;
      const std::int64_t through = std::max(last, first);
      const AdoptRecord record{first, through};
      writer().append(journal_line(record));
      adoption = journal_.adoptions.emplace(first, record).first;
      notice(cause + "; adopted the journal's evaluations " + std::to_string(first) + " to " +
             std::to_string(through));
    }
    std::vector<EvaluationRecord> records;
    for (const auto& [index, record] : journal_.evaluations) {
      if (index >= adoption->second.at && index <= adoption->second.through) {
        records.push_back(record);
      }
    }
    replayed_ += std::int64_t(records.size());
    tell(records);
    return true;
  }

  /// The answers in the order of their asks: from the journal, or computed and journalled at once
  /// when finished. The budget cuts the last batch short.
  std::vector<EvaluationRecord> evaluate(const std::vector<Candidate>& candidates) {
    const std::int64_t left = experiment_.search.evaluations - told_;
    const auto count = std::min<std::size_t>(candidates.size(), std::size_t(left));
    std::vector<EvaluationRecord> records(count);
    std::vector<std::size_t> missing;
    for (std::size_t i = 0; i < count; ++i) {
      const auto known = journal_.evaluations.find(candidates[i].index);
      if (known == journal_.evaluations.end()) {
        missing.push_back(i);
      } else {
        records[i] = known->second;
        check_objectives(known->second);
      }
    }
    replayed_ += std::int64_t(count - missing.size());
    if (missing.empty()) return records;
    if (!journal_.asks.contains(candidates.front().index)) {
      AskRecord ask{.first = candidates.front().index, .genotypes = {}};
      for (const Candidate& candidate : candidates) {
        ask.genotypes.push_back(to_text(space_, candidate.genotype));
      }
      writer().append(journal_line(ask));
    }
    JournalWriter& journal = writer();
    std::mutex mutex;
    std::int64_t done = told_ + std::int64_t(count - missing.size());
    parallel_for(std::int64_t(missing.size()), threads_, [&](std::int64_t k) {
      const std::size_t i = missing[std::size_t(k)];
      records[i] = source_.evaluate(candidates[i]);
      journal.append(journal_line(records[i]));
      const std::lock_guard lock(mutex);
      report(++done);
    });
    fresh_from_ = std::min(fresh_from_, candidates[missing.front()].index);
    return records;
  }

  void check_objectives(const EvaluationRecord& record) const {
    const bool ok = record.status == EvaluationStatus::kOk;
    if (!ok || record.objectives.size() == experiment_.objectives.size()) return;
    throw InputError(journal_path(folder_) + ":" +
                     std::to_string(journal_.evaluation_lines.at(record.index)) + ": has " +
                     std::to_string(record.objectives.size()) + " objectives of " +
                     std::to_string(experiment_.objectives.size()));
  }

  void tell(const std::vector<EvaluationRecord>& records) {
    std::vector<Evaluation> evaluations;
    for (const EvaluationRecord& record : records) {
      evaluations.push_back(to_evaluation(space_, record));
      failed_ += record.status == EvaluationStatus::kFailed;
      all_.push_back(record);
    }
    algorithm_->tell(evaluations);
    told_ += std::int64_t(records.size());
    report(told_);
  }

  void report(std::int64_t done) const {
    if (!options_.progress) return;
    options_.progress({done, experiment_.search.evaluations, replayed_, failed_});
  }

  /// Failures from before a resume do not count: whoever resumes has seen to them.
  void stop_after_failures(const std::vector<EvaluationRecord>& records) {
    for (const EvaluationRecord& record : records) {
      if (record.index < fresh_from_) continue;
      const bool ok = record.status == EvaluationStatus::kOk;
      failures_in_a_row_ = ok ? 0 : failures_in_a_row_ + 1;
      if (failures_in_a_row_ < experiment_.search.max_consecutive_failures) continue;
      writer().close();
      throw EnvironmentError(
          folder_ + ": " + std::to_string(failures_in_a_row_) +
          " candidates in a row failed, the last (" + std::to_string(record.index) +
          ") with: " + record.reason +
          "; all is journalled: remove the cause and give the same command again to go on");
    }
  }

  RunResult finish() {
    RunResult result;
    result.exhausted = told_ < experiment_.search.evaluations;
    result.evaluations = told_;
    result.replayed = replayed_;
    result.failed = failed_;
    std::sort(all_.begin(), all_.end(), [](const EvaluationRecord& a, const EvaluationRecord& b) {
      return a.index < b.index;
    });
    Front known;
    if (std::filesystem::exists(folder_ + "/front.json")) {
      try {
        known = read_front(folder_);
      } catch (const InputError& error) {
        notice(std::string(error.what()) + "; it is written anew from the journal");
      }
    }
    result.front = build_front(experiment_.objectives, all_, known.dropped);
    keep_measured_facts(known, result.front);
    writer().close();
    write_front_files(folder_, result.front);
    if (result.front.members.empty() && result.front.dropped.empty()) refuse_infeasible();
    return result;
  }

  [[noreturn]] void refuse_infeasible() const {
    const EvaluationRecord* nearest = nullptr;
    for (const EvaluationRecord& record : all_) {
      if (record.status != EvaluationStatus::kOk) continue;
      if (!nearest || record.violation < nearest->violation) nearest = &record;
    }
    const std::string counts = "no feasible result: of " + std::to_string(told_) + " candidates " +
                               std::to_string(failed_) + " failed";
    if (!nearest) {
      throw NoFeasibleResult(
          counts + ", the last with: " + (all_.empty() ? "none was asked" : all_.back().reason));
    }
    throw NoFeasibleResult(counts + "; the nearest is " + nearest->genotype + " (candidate " +
                           std::to_string(nearest->index) + ") with " +
                           source_.binding_constraint(*nearest));
  }

  const SearchExperiment& experiment_;
  const SearchSpace& space_;
  const std::string& folder_;
  const SearchRunOptions& options_;
  EvaluationSource source_;
  std::unique_ptr<SearchAlgorithm> algorithm_;
  int threads_ = 1;
  JournalContents journal_;  ///< as found
  std::optional<JournalWriter> writer_;
  std::vector<EvaluationRecord> all_;  ///< told
  std::int64_t told_ = 0, replayed_ = 0, failed_ = 0;
  std::int64_t fresh_from_ = std::numeric_limits<std::int64_t>::max();  ///< first index computed
  std::int64_t failures_in_a_row_ = 0;
};

}  // namespace

RunResult run_search(const SearchExperiment& experiment, SearchParts& parts,
                     const std::string& folder, const SearchRunOptions& options) {
  SearchRun run(experiment, parts, folder, options);
  run.check();  // before anything is written
  const RunLock lock(folder);
  require_same_experiment(folder, experiment);
  if (!std::filesystem::exists(experiment_path(folder))) {
    write_text(experiment_path(folder), write_resolved(experiment));
  }
  Manifest manifest{.program = kProgramVersion,
                    .algorithm = {},
                    .kernel_set = parts.kernel_set,
                    .digests = parts.digests};
  manifest.digests["config"] = config_digest(experiment);
  manifest.digests["space"] = parts.space.digest;
  if (parts.accuracy) {
    manifest.digests["evaluator"] = parts.accuracy->prepare(folder, options.prepare_progress);
  }
  run.open(std::move(manifest));
  return run.run();
}

}  // namespace edgefront
