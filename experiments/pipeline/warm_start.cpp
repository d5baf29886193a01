#include "experiments/pipeline/warm_start.h"

#include <map>
#include <set>

#include "experiments/pipeline/journal_line.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

/// Keys that do not change what an evaluation is; of files, digests speak.
bool may_differ(const std::string& key) {
  return key == "name" || key == "seed" || starts_with(key, "search.") ||
         starts_with(key, "export.") || may_change_on_resume(key);
}

void require_equal(const std::string& folder, const std::map<std::string, std::string>& then,
                   const std::map<std::string, std::string>& now, const std::string& what) {
  std::set<std::string> keys;
  for (const auto& [key, value] : then) keys.insert(key);
  for (const auto& [key, value] : now) keys.insert(key);
  const auto shown = [](const auto& map, const std::string& key) -> std::string {
    const auto found = map.find(key);
    return found == map.end() || found->second.empty() ? "nothing" : found->second;
  };
  for (const std::string& key : keys) {
    if (shown(then, key) == shown(now, key)) continue;
    throw InputError(folder + ": cannot be a warm start: " + what + key + " is " +
                     shown(then, key) + " there and " + shown(now, key) +
                     " here, so its evaluations mean something else");
  }
}

std::map<std::string, std::string> compared_keys(const SearchExperiment& experiment) {
  std::map<std::string, std::string> keys = resolved_keys(experiment);
  std::erase_if(keys, [](const auto& entry) { return may_differ(entry.first); });
  return keys;
}

std::map<std::string, std::string> compared_digests(const Manifest& manifest) {
  std::map<std::string, std::string> digests = manifest.digests;
  digests.erase("config");
  // A supernet is trained for each run anew, with the run's seed.
  digests.erase("evaluator");
  digests["kernel_set"] = manifest.kernel_set;
  return digests;
}

}  // namespace

std::string warm_start_journal(const std::string& folder, const SearchExperiment& experiment,
                               const Manifest& manifest) {
  const RunState old = load_run(folder);
  require_equal(folder, compared_keys(old.experiment), compared_keys(experiment), "");
  require_equal(folder, compared_digests(old.manifest), compared_digests(manifest),
                "the digest of ");
  if (old.evaluations.empty()) {
    throw InputError(folder + ": cannot be a warm start: it has no evaluations");
  }
  std::string lines;
  std::int64_t index = 0;
  for (EvaluationRecord record : old.evaluations) {
    record.index = index++;
    lines += journal_line(record) + "\n";
  }
  const AdoptRecord adoption{
      .at = 0, .through = index - 1, .warm_start = digest_hex(lines.data(), lines.size())};
  return journal_header_line() + "\n" + lines + journal_line(adoption) + "\n";
}

void require_same_warm_start(const JournalContents& journal, const std::string& warm_start,
                             const std::string& path) {
  const auto digest = [](const JournalContents& contents) -> std::string {
    const auto adoption = contents.adoptions.find(0);
    return adoption == contents.adoptions.end() ? "" : adoption->second.warm_start;
  };
  if (digest(journal) == digest(parse_journal(warm_start, path))) return;
  throw InputError(path + ": the run was begun " +
                   (digest(journal).empty() ? "without a warm start" : "with another warm start") +
                   "; start a new run with another --out, or leave --warm-start away");
}

}  // namespace edgefront
