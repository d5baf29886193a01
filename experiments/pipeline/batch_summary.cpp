#include "experiments/pipeline/batch_summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "experiments/host.h"
#include "experiments/pipeline/front_files.h"
#include "experiments/pipeline/journal.h"
#include "experiments/pipeline/run_folder.h"
#include "runtime/probe/statistics.h"
#include "search/hypervolume.h"
#include "search/pareto_archive.h"
#include "space/toml_reader.h"

namespace edgefront {
namespace {

constexpr std::size_t kMostObjectives = 5;

struct Evaluated {
  const BatchRun* run = nullptr;
  std::vector<EvaluationRecord> records;
};

/// Answers of a run in the order of their indices.
std::vector<EvaluationRecord> records_of(const BatchRun& run) {
  std::vector<EvaluationRecord> records;
  for (auto& [index, record] : read_journal(journal_path(run.folder)).evaluations) {
    records.push_back(std::move(record));
  }
  return records;
}

std::vector<ObjectiveVector> joint_front(const std::vector<Evaluated>& all) {
  ParetoArchive archive;
  for (const Evaluated& one : all) {
    for (const EvaluationRecord& record : one.records) {
      if (record.status != EvaluationStatus::kOk) continue;
      Evaluation evaluation;
      evaluation.index = record.index;
      evaluation.objectives = record.objectives;
      evaluation.violation = record.violation;
      archive.insert(evaluation);
    }
  }
  std::vector<ObjectiveVector> front;
  for (const Evaluation& member : archive.front()) front.push_back(member.objectives);
  return front;
}

std::vector<double> reference_of(const std::vector<ObjectiveVector>& front) {
  std::vector<double> reference = front.front(), best = front.front();
  for (const ObjectiveVector& point : front) {
    for (std::size_t i = 0; i < point.size(); ++i) {
      reference[i] = std::max(reference[i], point[i]);
      best[i] = std::min(best[i], point[i]);
    }
  }
  for (std::size_t i = 0; i < reference.size(); ++i) {
    double margin = 0.1 * (reference[i] - best[i]);
    if (!(margin > 0)) margin = reference[i] != 0 ? 0.1 * std::abs(reference[i]) : 1;
    reference[i] += margin;
  }
  return reference;
}

/// Share of `whole` after each record.
std::vector<double> curve_of(const std::vector<EvaluationRecord>& records,
                             const std::vector<double>& reference, double whole) {
  std::vector<ObjectiveVector> front;
  std::vector<double> curve;
  double share = 0;
  for (const EvaluationRecord& record : records) {
    const auto weakly_dominates = [&](const ObjectiveVector& member) {
      return member == record.objectives || dominates(member, record.objectives);
    };
    const bool counts = record.status == EvaluationStatus::kOk && record.violation == 0;
    if (counts && std::none_of(front.begin(), front.end(), weakly_dominates)) {
      std::erase_if(front,
                    [&](const auto& member) { return dominates(record.objectives, member); });
      front.push_back(record.objectives);
      share = hypervolume(front, reference) / whole;
    }
    curve.push_back(share);
  }
  return curve;
}

std::vector<double> values_after(const AlgorithmQuality& algorithm, int evaluations) {
  std::vector<double> values;
  for (const RunQuality& run : algorithm.runs)
    values.push_back(value_after(run.curve, evaluations));
  return values;
}

void compare(ExperimentQuality& quality) {
  std::size_t longest = 0;
  for (const auto& algorithm : quality.algorithms) {
    for (const RunQuality& run : algorithm.runs) longest = std::max(longest, run.curve.size());
  }
  for (std::size_t a = 0; a < quality.algorithms.size(); ++a) {
    for (std::size_t b = a + 1; b < quality.algorithms.size(); ++b) {
      for (const std::size_t part : {4, 2, 1}) {
        const int at = static_cast<int>(std::max<std::size_t>(longest / part, 1));
        const auto first = values_after(quality.algorithms[a], at);
        const auto second = values_after(quality.algorithms[b], at);
        quality.comparisons.push_back({.first = quality.algorithms[a].algorithm,
                                       .second = quality.algorithms[b].algorithm,
                                       .evaluations = at,
                                       .median_first = quantile(first, 0.5),
                                       .median_second = quantile(second, 0.5),
                                       .test = mann_whitney(first, second)});
      }
    }
  }
}

ExperimentQuality quality_of(const std::string& experiment, const std::vector<Evaluated>& all) {
  ExperimentQuality quality;
  quality.experiment = experiment;
  quality.objectives = all.front().run->planned.config.objectives;
  const std::vector<ObjectiveVector> front = joint_front(all);
  if (front.empty() || quality.objectives.size() > kMostObjectives) return quality;
  quality.reference = reference_of(front);
  const double whole = hypervolume(front, quality.reference);
  for (const Evaluated& one : all) {
    const std::string name = algorithm_name(one.run->planned.config.search.algorithm);
    auto algorithm = std::find_if(quality.algorithms.begin(), quality.algorithms.end(),
                                  [&](const auto& known) { return known.algorithm == name; });
    if (algorithm == quality.algorithms.end()) {
      algorithm = quality.algorithms.insert(algorithm, {name, {}});
    }
    algorithm->runs.push_back({one.run->planned.name, one.run->planned.config.seed,
                               curve_of(one.records, quality.reference, whole)});
  }
  compare(quality);
  return quality;
}

const RunQuality* quality_named(const std::vector<ExperimentQuality>& qualities,
                                const std::string& name) {
  for (const ExperimentQuality& quality : qualities) {
    for (const AlgorithmQuality& algorithm : quality.algorithms) {
      for (const RunQuality& run : algorithm.runs) {
        if (run.name == name) return &run;
      }
    }
  }
  return nullptr;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size() + 1), ' ');
  return text;
}

}  // namespace

std::vector<ExperimentQuality> summarise(const std::vector<BatchRun>& runs) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<Evaluated>> done;
  for (const BatchRun& run : runs) {
    if (run.state != BatchState::kDone) continue;
    if (!done.count(run.planned.experiment)) order.push_back(run.planned.experiment);
    done[run.planned.experiment].push_back({&run, records_of(run)});
  }
  std::vector<ExperimentQuality> qualities;
  for (const std::string& name : order) qualities.push_back(quality_of(name, done[name]));
  return qualities;
}

double value_after(const std::vector<double>& curve, int evaluations) {
  if (curve.empty()) return 0;
  return curve[std::min(static_cast<std::size_t>(evaluations), curve.size()) - 1];
}

std::string summary_csv(const std::vector<BatchRun>& runs,
                        const std::vector<ExperimentQuality>& qualities) {
  std::string out =
      "run,experiment,algorithm,seed,state,attempts,evaluations,hypervolume_share,reason\n";
  for (const BatchRun& run : runs) {
    const RunQuality* quality = quality_named(qualities, run.planned.name);
    out += csv_field(run.planned.name) + "," + csv_field(run.planned.experiment) + "," +
           algorithm_name(run.planned.config.search.algorithm) + "," +
           std::to_string(run.planned.config.seed) + "," + batch_state_name(run.state) + "," +
           std::to_string(run.attempts) + "," +
           (quality ? std::to_string(quality->curve.size()) : "") + "," +
           (quality ? number_text(quality->last()) : "") + "," + csv_field(run.reason) + "\n";
  }
  return out;
}

std::string summary_json(const std::string& name, const std::vector<BatchRun>& runs,
                         const std::vector<ExperimentQuality>& qualities) {
  using Json = nlohmann::ordered_json;
  Json out;
  out["name"] = name;
  out["runs"] = Json::array();
  for (const BatchRun& run : runs) {
    Json one = {{"run", run.planned.name},
                {"experiment", run.planned.experiment},
                {"algorithm", algorithm_name(run.planned.config.search.algorithm)},
                {"seed", run.planned.config.seed},
                {"state", batch_state_name(run.state)},
                {"attempts", run.attempts}};
    if (const RunQuality* quality = quality_named(qualities, run.planned.name)) {
      one["evaluations"] = quality->curve.size();
      one["hypervolume_share"] = quality->last();
    }
    if (!run.reason.empty()) one["reason"] = run.reason;
    out["runs"].push_back(one);
  }
  out["experiments"] = Json::array();
  for (const ExperimentQuality& quality : qualities) {
    Json one = {{"experiment", quality.experiment},
                {"objectives", quality.objectives},
                {"reference", quality.reference},
                {"comparisons", Json::array()}};
    for (const AlgorithmComparison& c : quality.comparisons) {
      one["comparisons"].push_back({{"first", c.first},
                                    {"second", c.second},
                                    {"evaluations", c.evaluations},
                                    {"median_first", c.median_first},
                                    {"median_second", c.median_second},
                                    {"u", c.test.u},
                                    {"p", c.test.p},
                                    {"effect", c.test.effect}});
    }
    out["experiments"].push_back(one);
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string summary_text(const std::vector<BatchRun>& runs,
                         const std::vector<ExperimentQuality>& qualities) {
  std::map<BatchState, int> states;
  for (const BatchRun& run : runs) ++states[run.state];
  std::string out = std::to_string(runs.size()) +
                    " runs: " + std::to_string(states[BatchState::kDone]) + " done, " +
                    std::to_string(states[BatchState::kFailed]) + " failed\n";
  for (const ExperimentQuality& quality : qualities) {
    out += "\n" + quality.experiment + ": share of the hypervolume that all runs reach together\n";
    out += "  " + padded("algorithm", 14) + padded("seeds", 7) + padded("quartile", 10) +
           padded("median", 10) + "quartile\n";
    for (const AlgorithmQuality& algorithm : quality.algorithms) {
      std::vector<double> last;
      for (const RunQuality& run : algorithm.runs) last.push_back(run.last());
      out += "  " + padded(algorithm.algorithm, 14) + padded(std::to_string(last.size()), 7) +
             padded(fixed(quantile(last, 0.25), 5), 10) +
             padded(fixed(quantile(last, 0.5), 5), 10) + fixed(quantile(last, 0.75), 5) + "\n";
    }
    for (const AlgorithmComparison& c : quality.comparisons) {
      out += "  " + c.first + " against " + c.second + " after " + std::to_string(c.evaluations) +
             ": " + fixed(c.median_first, 5) + " and " + fixed(c.median_second, 5) +
             ", p = " + (c.test.p < 1e-4 ? "below 0.0001" : fixed(c.test.p, 4)) + "\n";
    }
  }
  for (const BatchRun& run : runs) {
    if (run.state == BatchState::kFailed)
      out += "failed: " + run.planned.name + ": " + run.reason + "\n";
  }
  return out;
}

}  // namespace edgefront
