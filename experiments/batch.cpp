#include "experiments/batch.h"

#include <filesystem>
#include <map>
#include <set>

#include "experiments/experiment_fields.h"
#include "space/error.h"
#include "space/toml_reader.h"

namespace edgefront {
namespace {

constexpr int kManyRuns = 100'000;

class BatchReader {
 public:
  BatchReader(const TomlTable& root, std::string folder)
      : root_(root), folder_(std::move(folder)) {}

  Batch read() {
    batch_.name = root_.string("name");
    batch_.retries = static_cast<int>(root_.integer("retries", batch_.retries, 0, 1000));
    batch_.parallel = static_cast<int>(root_.integer("parallel", batch_.parallel, 1, kManyThreads));
    read_product();
    for (const TomlTable& table : root_.tables("run")) {
      Change change;
      if (table.has("algorithm")) change.algorithm = algorithm(table, table.string("algorithm"));
      if (table.has("seed")) change.seed = static_cast<std::uint64_t>(table.integer("seed"));
      read_evaluations(table, change);
      add(table, "experiment", table.string("experiment"), change);
    }
    if (batch_.runs.empty()) root_.fail("experiments", "is missing, and there is no [[run]]");
    root_.finish();
    return std::move(batch_);
  }

 private:
  struct Change {
    std::optional<AlgorithmKind> algorithm;
    std::optional<std::uint64_t> seed;
    std::optional<int> evaluations;
  };

  static AlgorithmKind algorithm(const TomlTable& table, const std::string& name) {
    std::string accepted;
    for (const auto& [known, kind] : kAlgorithmNames) {
      if (name == known) return kind;
      accepted += (accepted.empty() ? "" : ", ") + std::string(known);
    }
    table.fail(table.has("algorithm") ? "algorithm" : "algorithms",
               "came \"" + name + "\"; accepted: " + accepted);
  }

  static void read_evaluations(const TomlTable& table, Change& change) {
    if (!table.has("evaluations")) return;
    change.evaluations = static_cast<int>(table.integer_in("evaluations", 1, 100'000'000));
  }

  void read_product() {
    Change change;
    read_evaluations(root_, change);
    const auto seeds = root_.integer("seeds", 0, 0, kManyRuns);
    const auto first = root_.integer("first_seed", 0);
    const std::vector<std::string> algorithms = root_.strings("algorithms", {});
    for (const std::string& file : root_.strings("experiments", {})) {
      for (std::size_t a = 0; a < std::max<std::size_t>(algorithms.size(), 1); ++a) {
        if (!algorithms.empty()) change.algorithm = algorithm(root_, algorithms[a]);
        for (std::int64_t s = 0; s < std::max<std::int64_t>(seeds, 1); ++s) {
          if (seeds > 0) change.seed = static_cast<std::uint64_t>(first + s);
          add(root_, "experiments", file, change);
        }
      }
    }
  }

  /// The file, read once.
  const SearchExperiment& experiment(const std::string& file) {
    namespace fs = std::filesystem;
    const auto found = experiments_.find(file);
    if (found != experiments_.end()) return found->second;
    std::error_code ignored;
    const std::string beside = (fs::path(folder_) / file).string();
    const bool here = fs::path(file).is_absolute() || fs::exists(file, ignored);
    return experiments_[file] = load_experiment(here ? file : beside);
  }

  void add(const TomlTable& table, const char* key, const std::string& file, const Change& change) {
    PlannedRun run;
    run.config = experiment(file);
    if (change.algorithm) run.config.search.algorithm = *change.algorithm;
    if (change.seed) run.config.seed = *change.seed;
    if (change.evaluations) run.config.search.evaluations = *change.evaluations;
    run.experiment = std::filesystem::path(file).stem().string();
    run.name = run.experiment + "-" + algorithm_name(run.config.search.algorithm) + "-" +
               std::to_string(run.config.seed);
    if (!names_.insert(run.name).second) {
      table.fail(key, "\"" + run.name +
                          "\" stands twice: experiment, algorithm and seed are the "
                          "same; accepted are different ones");
    }
    if (batch_.runs.size() >= kManyRuns) table.fail(key, "more than 100,000 runs");
    batch_.runs.push_back(std::move(run));
  }

  const TomlTable& root_;
  const std::string folder_;
  Batch batch_;
  std::map<std::string, SearchExperiment> experiments_;
  std::set<std::string> names_;
};

}  // namespace

Batch load_batch(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const TomlTable root = open_toml(path);
  return BatchReader(root, folder.empty() ? "." : folder).read();
}

}  // namespace edgefront
