#include "experiments/pipeline/front_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/host.h"
#include "experiments/pipeline/json_text.h"
#include "experiments/pipeline/pooled_records.h"
#include "runtime/file.h"
#include "search/hypervolume.h"
#include "search/knee.h"
#include "search/pareto_archive.h"
#include "space/error.h"

namespace edgefront {
namespace {

using Json = nlohmann::json;

bool feasible(const EvaluationRecord& record) {
  return record.status == EvaluationStatus::kOk && record.violation == 0;
}

/// The archive does not look at genotypes.
Evaluation without_genotype(const EvaluationRecord& record) {
  return {.index = record.index,
          .genotype = {},
          .objectives = record.objectives,
          .violation = record.violation,
          .status = record.status,
          .reason = {}};
}

std::vector<ObjectiveVector> objectives_of(const ParetoArchive& archive) {
  std::vector<ObjectiveVector> points;
  for (const Evaluation& member : archive.front()) points.push_back(member.objectives);
  return points;
}

/// The front of the networks so far, each by the mean of its replicates.
class MeanArchive {
 public:
  explicit MeanArchive(std::size_t objectives) : noise_(std::vector<double>(objectives, 0.0)) {}

  /// True where the front may have changed.
  bool add(const EvaluationRecord& record) {
    const auto [place, added] = places_.try_emplace(record.genotype, means_.size());
    if (added) {
      means_.push_back(without_genotype(record));
      sums_.emplace_back();
    }
    Evaluation& mean = means_[place->second];
    Replicates& sum = sums_[place->second];
    noise_.add(sum, record.objectives, record.violation, record.standard_errors);
    if (added) return archive_.insert(mean);
    mean.objectives = sum.mean();
    mean.violation = sum.violation();
    archive_ = ParetoArchive();
    for (const Evaluation& each : means_) archive_.insert(each);
    return true;
  }

  std::vector<ObjectiveVector> front() const { return objectives_of(archive_); }

 private:
  std::map<std::string, std::size_t> places_;
  std::vector<Evaluation> means_;
  std::vector<Replicates> sums_;
  PooledNoise noise_;
  ParetoArchive archive_;
};

std::optional<std::int64_t> knee_of(const std::vector<FrontMember>& members) {
  if (members.empty()) return std::nullopt;
  std::vector<ObjectiveVector> points;
  for (const FrontMember& member : members) points.push_back(member.objectives);
  return members[static_cast<std::size_t>(knee(points))].index;
}

std::string measured_json(const std::map<std::string, double>& measured) {
  return measured.empty() ? json_string("predicted only") : json_object(measured);
}

std::map<std::string, double> read_measured(const Json& json) {
  std::map<std::string, double> measured;
  if (json.is_object()) measured = json.get<std::map<std::string, double>>();
  return measured;
}

std::string member_json(const FrontMember& member) {
  std::string out = "{\"index\":" + std::to_string(member.index) +
                    ",\"genotype\":" + json_string(member.genotype) +
                    ",\"objectives\":" + json_numbers(member.objectives) +
                    ",\"metrics\":" + json_object(member.metrics);
  if (member.front_probability) {
    out += ",\"front_probability\":" + json_number(*member.front_probability) +
           ",\"replicates\":" + std::to_string(member.replicates) +
           ",\"standard_error\":" + json_numbers(member.standard_error);
  }
  if (member.exported) {
    const ExportedFacts& facts = *member.exported;
    out += ",\"measured\":" + measured_json(facts.measured) +
           ",\"float_top1\":" + json_number(facts.float_top1) +
           ",\"int8_top1\":" + json_number(facts.int8_top1) +
           ",\"files\":" + json_strings(facts.files);
  } else if (member.measured) {
    out += ",\"measured\":" + measured_json(*member.measured);
  }
  return out + "}";
}

std::string dropped_json(const DroppedMember& member) {
  return "{\"index\":" + std::to_string(member.index) +
         ",\"genotype\":" + json_string(member.genotype) +
         ",\"reason\":" + json_string(member.reason) +
         ",\"measured\":" + measured_json(member.measured) + "}";
}

FrontMember read_member(const Json& json) {
  FrontMember member;
  member.index = json.at("index").get<std::int64_t>();
  member.genotype = json.at("genotype").get<std::string>();
  member.objectives = json.at("objectives").get<std::vector<double>>();
  member.metrics = json.at("metrics").get<std::map<std::string, double>>();
  if (json.contains("front_probability")) {
    member.front_probability = json.at("front_probability").get<double>();
    member.replicates = json.at("replicates").get<int>();
    member.standard_error = json.at("standard_error").get<std::vector<double>>();
  }
  if (json.contains("float_top1")) {
    ExportedFacts facts;
    facts.measured = read_measured(json.at("measured"));
    facts.float_top1 = json.at("float_top1").get<double>();
    facts.int8_top1 = json.at("int8_top1").get<double>();
    facts.files = json.at("files").get<std::vector<std::string>>();
    member.exported = std::move(facts);
  } else if (json.contains("measured")) {
    member.measured = read_measured(json.at("measured"));
  }
  return member;
}

std::string device_front_json(const DeviceFront& front) {
  return "{\"device\":" + json_string(front.device) +
         ",\"objectives\":" + json_strings(front.objectives) +
         ",\"reference\":" + json_numbers(front.reference) +
         ",\"hypervolume\":" + (front.hypervolume ? json_number(*front.hypervolume) : "null") +
         ",\"members\":" + Json(front.members).dump() + "}";
}

DeviceFront read_device_front(const Json& json) {
  DeviceFront front;
  front.device = json.at("device").get<std::string>();
  front.objectives = json.at("objectives").get<std::vector<std::string>>();
  front.reference = json.at("reference").get<std::vector<double>>();
  if (!json.at("hypervolume").is_null()) front.hypervolume = json.at("hypervolume").get<double>();
  front.members = json.at("members").get<std::vector<std::int64_t>>();
  return front;
}

Front read_front_json(const Json& json) {
  Front front;
  front.objectives = json.at("objectives").get<std::vector<std::string>>();
  front.reference = json.at("reference").get<std::vector<double>>();
  if (!json.at("hypervolume").is_null()) front.hypervolume = json.at("hypervolume").get<double>();
  front.evaluations = json.at("evaluations").get<std::int64_t>();
  const Json knee = json.value("knee", Json());  // not in files of older versions
  if (!knee.is_null()) front.knee = knee.get<std::int64_t>();
  for (const Json& member : json.at("members")) front.members.push_back(read_member(member));
  for (const Json& front_of_one : json.value("fronts", Json::array())) {
    front.fronts.push_back(read_device_front(front_of_one));
  }
  for (const Json& member : json.value("dropped", Json::array())) {
    front.dropped.push_back(
        {member.at("index").get<std::int64_t>(), member.at("genotype").get<std::string>(),
         member.at("reason").get<std::string>(), read_measured(member.at("measured"))});
  }
  for (const FrontMember& member : front.members) {
    if (member.objectives.size() != front.objectives.size()) {
      throw InputError("a member has " + std::to_string(member.objectives.size()) +
                       " objectives of " + std::to_string(front.objectives.size()));
    }
  }
  return front;
}

}  // namespace

std::vector<double> reference_point(const std::vector<EvaluationRecord>& records) {
  std::vector<double> largest;
  for (const EvaluationRecord& record : records) {
    if (!feasible(record)) continue;
    if (largest.empty()) largest = record.objectives;
    for (std::size_t m = 0; m < largest.size(); ++m) {
      largest[m] = std::max(largest[m], record.objectives[m]);
    }
  }
  for (double& value : largest) value = value == 0 ? 1.0 : value * 1.1;
  return largest;
}

Front build_front(const std::vector<std::string>& objectives,
                  const std::vector<EvaluationRecord>& records,
                  std::vector<DroppedMember> dropped) {
  Front front;
  front.objectives = objectives;
  front.evaluations = static_cast<std::int64_t>(records.size());
  const PooledRecords pooled(records);
  front.reference = reference_point(pooled.networks());
  std::set<std::string> losers;
  for (const DroppedMember& member : dropped) losers.insert(member.genotype);
  ParetoArchive archive, winners;
  std::map<std::int64_t, std::size_t> by_index;
  for (std::size_t i = 0; i < pooled.networks().size(); ++i) {
    const EvaluationRecord& record = pooled.networks()[i];
    archive.insert(without_genotype(record));
    if (losers.count(record.genotype) == 0) winners.insert(without_genotype(record));
    by_index[record.index] = i;
  }
  front.fronts = device_fronts(objectives, records, dropped);
  front.dropped = std::move(dropped);
  if (objectives.size() <= 3) {
    front.hypervolume =
        front.reference.empty() ? 0.0 : hypervolume(objectives_of(archive), front.reference);
  }
  std::vector<double> probabilities;
  if (pooled.noisy()) probabilities = pooled.front_probabilities(losers);
  for (const Evaluation& member : winners.front()) {
    const std::size_t i = by_index.at(member.index);
    const EvaluationRecord& record = pooled.networks()[i];
    front.members.push_back({record.index, record.genotype, record.objectives, record.metrics});
    if (!pooled.noisy()) continue;
    front.members.back().front_probability = probabilities[i];
    front.members.back().replicates = pooled.evaluations(i);
    front.members.back().standard_error = pooled.standard_error(i);
  }
  front.knee = knee_of(front.members);
  return front;
}

std::vector<double> hypervolume_curve(const std::vector<EvaluationRecord>& records,
                                      const std::vector<double>& reference) {
  std::vector<double> curve;
  if (reference.empty() || reference.size() > 3) return curve;
  const int top = top_fidelity(records);
  MeanArchive means(reference.size());
  double volume = 0;
  for (const EvaluationRecord& record : records) {
    const bool counts = record.status == EvaluationStatus::kOk && record.fidelity == top;
    if (counts && means.add(record)) volume = hypervolume(means.front(), reference);
    curve.push_back(volume);
  }
  return curve;
}

std::string front_json(const Front& front) {
  std::string out =
      "{\n\"objectives\":" + json_strings(front.objectives) +
      ",\n\"reference\":" + json_numbers(front.reference) +
      ",\n\"hypervolume\":" + (front.hypervolume ? json_number(*front.hypervolume) : "null") +
      ",\n\"evaluations\":" + std::to_string(front.evaluations) +
      ",\n\"knee\":" + (front.knee ? std::to_string(*front.knee) : "null") + ",\n\"members\":[";
  for (std::size_t i = 0; i < front.members.size(); ++i) {
    out += (i == 0 ? "\n" : ",\n") + member_json(front.members[i]);
  }
  out += "\n]";
  for (std::size_t i = 0; i < front.dropped.size(); ++i) {
    out += (i == 0 ? ",\n\"dropped\":[\n" : ",\n") + dropped_json(front.dropped[i]);
  }
  if (!front.dropped.empty()) out += "\n]";
  for (std::size_t i = 0; i < front.fronts.size(); ++i) {
    out += (i == 0 ? ",\n\"fronts\":[\n" : ",\n") + device_front_json(front.fronts[i]);
  }
  return out + (front.fronts.empty() ? "\n}\n" : "\n]\n}\n");
}

std::string front_csv(const Front& front) {
  std::string out = "index,genotype";
  for (const std::string& name : front.objectives) out += "," + name;
  out += ",measured_latency_us,float_top1,int8_top1\n";
  for (const FrontMember& member : front.members) {
    out += std::to_string(member.index) + "," + member.genotype;
    for (const double value : member.objectives) out += "," + json_number(value);
    std::map<std::string, double> measured;
    if (member.measured) measured = *member.measured;
    if (member.exported) measured = member.exported->measured;
    const auto latency = measured.find("latency_us");
    out += latency == measured.end() ? "," : "," + json_number(latency->second);
    out += member.exported ? "," + json_number(member.exported->float_top1) + "," +
                                 json_number(member.exported->int8_top1) + "\n"
                           : ",,\n";
  }
  return out;
}

std::string hypervolume_csv(const std::vector<double>& curve) {
  std::string out = "evaluation,hypervolume\n";
  for (std::size_t i = 0; i < curve.size(); ++i) {
    out += std::to_string(i + 1) + "," + json_number(curve[i]) + "\n";
  }
  return out;
}

void write_front_files(const std::string& folder, const Front& front) {
  const std::string json = front_json(front), csv = front_csv(front);
  require(write_file_atomic(folder + "/front.json", json.data(), json.size()));
  require(write_file_atomic(folder + "/front.csv", csv.data(), csv.size()));
}

Front read_front(const std::string& folder) {
  const std::string path = folder + "/front.json";
  std::vector<std::uint8_t> bytes;
  require(read_file(path, &bytes));
  const Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_discarded()) throw InputError(path + ": is not JSON; `search` writes it anew");
  try {
    return read_front_json(json);
  } catch (const Json::exception& error) {
    throw InputError(path + ": " + error.what() + "; `search` writes it anew");
  } catch (const InputError& error) {
    throw InputError(path + ": " + error.what());
  }
}

}  // namespace edgefront
