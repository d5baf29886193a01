#include "experiments/pipeline/search_workers.h"

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <sstream>
#include <utility>

#include "experiments/pipeline/journal_line.h"
#include "experiments/pipeline/run_folder.h"
#include "space/error.h"

namespace edgefront {
namespace {

// Questions: "prepare FOLDER", answered by nothing, and "evaluate INDEX FIDELITY REPLICATE
// GENOTYPE", answered by the line of the journal.
constexpr char kPrepare[] = "prepare ";
constexpr char kEvaluate[] = "evaluate ";

std::string host_name() {
  char name[256] = "this host";
  ::gethostname(name, sizeof name - 1);
  return name;
}

Candidate parse_candidate(const SearchSpace& space, const std::string& text) {
  std::istringstream words(text);
  Candidate candidate;
  std::string genotype;
  words >> candidate.index >> candidate.fidelity >> candidate.replicate >> genotype;
  if (!words) throw EnvironmentError("\"" + text + "\" is no candidate");
  candidate.genotype = parse_genotype(space, genotype);
  return candidate;
}

}  // namespace

void use_workers(WorkerPool& pool, const SearchExperiment& experiment, SearchParts& parts,
                 const std::string& folder) {
  EvaluationSource source = make_evaluation_source(experiment, parts);
  const SearchSpace& space = parts.space;
  const std::string greeting =
      kPrepare + std::filesystem::absolute(folder).lexically_normal().string();
  source.side_by_side = pool.workers();
  source.evaluate = [&space, &pool, greeting](const Candidate& candidate) {
    const std::string genotype = to_text(space, candidate.genotype);
    const std::string line = pool.ask(kEvaluate + std::to_string(candidate.index) + " " +
                                          std::to_string(candidate.fidelity) + " " +
                                          std::to_string(candidate.replicate) + " " + genotype,
                                      greeting);
    const EvaluationRecord record = parse_journal_line(line, "a worker's answer").evaluation;
    if (record.index != candidate.index || record.genotype != genotype) {
      throw EnvironmentError("a worker was asked for candidate " + std::to_string(candidate.index) +
                             " and answered for " + std::to_string(record.index));
    }
    return record;
  };
  parts.source = std::make_shared<const EvaluationSource>(std::move(source));
}

SearchWorker::SearchWorker(const SearchExperiment& experiment, int rank) : experiment_(experiment) {
  const auto be_worker = [rank](CommandOptions& command) {
    command.log_stem += ".worker" + std::to_string(rank);
    command.parallel = 1;
  };
  be_worker(experiment_.evaluator.command);
  for (EvaluatorChoice& lower : experiment_.lower) be_worker(lower.command);
}

void SearchWorker::prepare(const std::string& folder) {
  if (!std::filesystem::exists(manifest_path(folder))) {
    throw EnvironmentError(folder + ": is not there on " + host_name() +
                           "; the run folder lies where all processes of the job see it");
  }
  const Manifest then = read_manifest(folder);
  opened_ = open_experiment(experiment_, [](const std::string&) {});
  SearchParts& parts = opened_.parts;
  Manifest now = then;
  now.kernel_set = parts.kernel_set;
  for (const auto& [name, digest] : parts.digests) now.digests[name] = digest;
  now.digests["config"] = config_digest(experiment_);
  now.digests["space"] = parts.space.digest;
  if (parts.accuracy) {
    now.digests["evaluator"] = parts.accuracy->prepare(
        folder, [](const std::string&, std::int64_t, std::int64_t, double) {});
  }
  try {
    require_same_manifest(folder, then, now);
  } catch (const InputError& error) {
    throw InputError(host_name() + ": " + error.what());
  }
  source_ = make_evaluation_source(experiment_, parts);
}

std::string SearchWorker::answer(const std::string& question) {
  if (question.starts_with(kPrepare)) {
    prepare(question.substr(sizeof kPrepare - 1));
    return "";
  }
  if (!source_ || !question.starts_with(kEvaluate)) {
    throw EnvironmentError("\"" + question.substr(0, 80) + "\" is no question to a worker");
  }
  return journal_line(source_->evaluate(
      parse_candidate(opened_.parts.space, question.substr(sizeof kEvaluate - 1))));
}

}  // namespace edgefront
