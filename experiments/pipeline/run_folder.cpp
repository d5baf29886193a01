#include "experiments/pipeline/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/host.h"
#include "experiments/pipeline/json_text.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

using Json = nlohmann::json;

constexpr const char* kRemedy = "; start a new run with another --out, or undo the change";

template <typename Map>
std::set<std::string> keys_of(const Map& a, const Map& b) {
  std::set<std::string> keys;
  for (const auto& [key, value] : a) keys.insert(key);
  for (const auto& [key, value] : b) keys.insert(key);
  return keys;
}

/// The text under `key`, or "nothing".
std::string shown(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() || found->second.empty() ? "nothing" : found->second;
}

std::string this_process() {
  char host[256] = "an unknown host";
  if (::gethostname(host, sizeof host) == 0) host[sizeof host - 1] = 0;
  return "process " + std::to_string(::getpid()) + " on " + host + "\n";
}

/// ": process 123 on HOST", or nothing where the owner has not said so yet.
std::string lock_owner(int fd) {
  char text[300];
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  if (size <= 1 || text[size - 1] != '\n') return "";
  return ": " + std::string(text, static_cast<std::size_t>(size - 1));
}

}  // namespace

std::string experiment_path(const std::string& folder) { return folder + "/experiment.toml"; }
std::string manifest_path(const std::string& folder) { return folder + "/manifest.json"; }
std::string journal_path(const std::string& folder) { return folder + "/journal.jsonl"; }

std::string manifest_json(const Manifest& manifest) {
  return "{\n\"edgefront\":" + json_string(manifest.program) +
         ",\n\"algorithm\":" + json_string(manifest.algorithm) +
         ",\n\"kernel_set\":" + json_string(manifest.kernel_set) +
         ",\n\"digests\":" + json_object(manifest.digests) + "\n}\n";
}

Manifest read_manifest(const std::string& folder) {
  const std::string path = manifest_path(folder);
  std::vector<std::uint8_t> bytes;
  require(read_file(path, &bytes));
  const Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_discarded()) throw InputError(path + ": is damaged: not JSON");
  try {
    return {.program = json.at("edgefront").get<std::string>(),
            .algorithm = json.at("algorithm").get<std::string>(),
            .kernel_set = json.at("kernel_set").get<std::string>(),
            .digests = json.at("digests").get<std::map<std::string, std::string>>()};
  } catch (const Json::exception& error) {
    throw InputError(path + ": is damaged: " + error.what());
  }
}

std::string config_digest(const SearchExperiment& experiment) {
  std::string text;
  for (const auto& [key, value] : resolved_keys(experiment)) {
    if (!may_change_on_resume(key)) text += key + " = " + value + "\n";
  }
  return digest_hex(text.data(), text.size());
}

void require_same_experiment(const std::string& folder, const SearchExperiment& now) {
  const std::string path = experiment_path(folder);
  if (!std::filesystem::exists(path)) {
    if (std::filesystem::exists(journal_path(folder))) {
      throw InputError(path + ": is missing, but the folder holds a journal");
    }
    return;
  }
  // A run that was refused before its first ask (an evaluator that does not start) is none yet.
  const auto has = [](const std::string& file) { return std::filesystem::exists(file); };
  if (!has(manifest_path(folder)) && !has(journal_path(folder)) && !has(folder + "/supernet.bin")) {
    return;
  }
  const SearchExperiment then = load_experiment(path);
  const auto was = resolved_keys(then), is = resolved_keys(now);
  for (const std::string& key : keys_of(was, is)) {
    if (may_change_on_resume(key) || shown(was, key) == shown(is, key)) continue;
    throw InputError(path + ": the run was begun with " + key + " = " + shown(was, key) +
                     " and is now given " + shown(is, key) + kRemedy);
  }
  if (now.search.evaluations < then.search.evaluations) {
    throw InputError(path + ": the run was begun with search.evaluations = " +
                     std::to_string(then.search.evaluations) + " and is now given " +
                     std::to_string(now.search.evaluations) + "; accepted is the same or more");
  }
}

void require_same_manifest(const std::string& folder, const Manifest& then, const Manifest& now) {
  const std::string path = manifest_path(folder);
  const auto refuse = [&](const std::string& what, const std::string& was, const std::string& is) {
    throw InputError(path + ": " + what + " has changed since the run began (was " + was + ", is " +
                     is + ")" + kRemedy);
  };
  if (then.kernel_set != now.kernel_set) refuse("kernel_set", then.kernel_set, now.kernel_set);
  for (const std::string& key : keys_of(then.digests, now.digests)) {
    const std::string was = shown(then.digests, key), is = shown(now.digests, key);
    if (was != is) refuse("the digest of " + key, was, is);
  }
}

RunLock::RunLock(const std::string& folder) {
  make_folder(folder);
  const std::string path = folder + "/lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) throw EnvironmentError(path + ": cannot be opened: " + std::strerror(errno));
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int cause = errno;
    const std::string owner = lock_owner(fd_);
    ::close(fd_);
    throw EnvironmentError(cause == EWOULDBLOCK
                               ? folder + ": another process is writing this run" + owner +
                                     "; wait for it or end it"
                               : path + ": cannot be locked: " + std::strerror(cause) +
                                     "; the folder must lie on a file system with locks");
  }
  // For people: the lock is the kernel's, and what stands in the file may be of an owner long gone.
  const std::string self = this_process();
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, self.data(), self.size(), 0) < 0) {
    const int cause = errno;
    ::close(fd_);
    throw EnvironmentError(path + ": cannot be written: " + std::strerror(cause));
  }
}

RunLock::~RunLock() { ::close(fd_); }

RunState load_run(const std::string& folder) {
  RunState state;
  if (!std::filesystem::is_directory(folder)) {
    throw InputError(folder + ": is not a run folder; `search` makes one");
  }
  state.experiment = load_experiment(experiment_path(folder));
  state.manifest = read_manifest(folder);
  const auto config = state.manifest.digests.find("config");
  if (config == state.manifest.digests.end() || config->second != config_digest(state.experiment)) {
    throw InputError(experiment_path(folder) + ": is not what the run was made with (" +
                     manifest_path(folder) + " has another digest)");
  }
  const std::string path = journal_path(folder);
  for (auto& [index, record] : read_journal(path).evaluations) {
    const bool ok = record.status == EvaluationStatus::kOk;
    if (ok && record.objectives.size() != state.experiment.objectives.size()) {
      throw InputError(path + ": evaluation " + std::to_string(index) + " has " +
                       std::to_string(record.objectives.size()) + " objectives of " +
                       std::to_string(state.experiment.objectives.size()));
    }
    state.evaluations.push_back(std::move(record));
  }
  Front known;
  if (std::filesystem::exists(folder + "/front.json")) known = read_front(folder);
  state.front = build_front(state.experiment.objectives, state.evaluations, known.dropped);
  state.hypervolume = hypervolume_curve(state.evaluations, state.front.reference);
  keep_measured_facts(known, state.front);
  return state;
}

void keep_measured_facts(const Front& old, Front& front) {
  for (FrontMember& member : front.members) {
    for (const FrontMember& known : old.members) {
      if (known.genotype != member.genotype) continue;
      member.exported = known.exported;
      member.measured = known.measured;
    }
  }
}

}  // namespace edgefront
