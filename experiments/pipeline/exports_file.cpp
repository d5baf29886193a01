#include "experiments/pipeline/exports_file.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "experiments/host.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

using Json = nlohmann::ordered_json;

std::string path_of(const std::string& run_folder) { return run_folder + "/exports.json"; }

Json to_json(const ExportedNetwork& n) {
  Json out = {{"index", n.index},
              {"genotype", n.genotype},
              {"predicted",
               {{"latency_us", n.predicted.latency_us},
                {"latency_low_us", n.predicted.latency_low_us},
                {"latency_high_us", n.predicted.latency_high_us},
                {"arena_bytes", n.predicted.arena_bytes},
                {"packed_bytes", n.predicted.packed_bytes},
                {"weights_bytes", n.predicted.weights_bytes}}},
              {"measured", "predicted only"},
              {"float_top1", n.float_top1},
              {"int8_top1", n.int8_top1},
              {"precision", n.precision},
              {"range_method", n.range_method},
              {"files", n.files},
              {"dropped", n.dropped}};
  if (n.measured) {
    const MeasuredLatency& m = *n.measured;
    out["measured"] = {{"latency_us", m.latency_us},   {"latency_low_us", m.low_us},
                       {"latency_high_us", m.high_us}, {"p50_us", m.p50_us},
                       {"p95_us", m.p95_us},           {"p99_us", m.p99_us},
                       {"kernels", m.kernel_set}};
  }
  return out;
}

ExportedNetwork from_json(const Json& j) {
  ExportedNetwork n;
  n.index = j.at("index").get<std::int64_t>();
  n.genotype = j.at("genotype").get<std::string>();
  const Json& p = j.at("predicted");
  n.predicted = {
      p.at("latency_us").get<double>(),         p.at("latency_low_us").get<double>(),
      p.at("latency_high_us").get<double>(),    p.at("arena_bytes").get<std::int64_t>(),
      p.at("packed_bytes").get<std::int64_t>(), p.at("weights_bytes").get<std::int64_t>()};
  if (const Json& m = j.at("measured"); m.is_object()) {
    n.measured =
        MeasuredLatency{m.at("latency_us").get<double>(),      m.at("latency_low_us").get<double>(),
                        m.at("latency_high_us").get<double>(), m.at("p50_us").get<double>(),
                        m.at("p95_us").get<double>(),          m.at("p99_us").get<double>(),
                        m.at("kernels").get<std::string>()};
  }
  n.float_top1 = j.at("float_top1").get<double>();
  n.int8_top1 = j.at("int8_top1").get<double>();
  n.precision = j.value("precision", "int8");  // absent in files of earlier versions
  n.range_method = j.at("range_method").get<std::string>();
  n.files = j.at("files").get<std::vector<std::string>>();
  n.dropped = j.at("dropped").get<std::string>();
  return n;
}

}  // namespace

std::string export_stem(std::int64_t index) {
  const std::string digits = std::to_string(index);
  return std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

std::vector<ExportedNetwork> read_exports(const std::string& run_folder) {
  const std::string path = path_of(run_folder);
  std::vector<ExportedNetwork> networks;
  if (!std::filesystem::exists(path)) return networks;
  std::vector<std::uint8_t> bytes;
  require(read_file(path, &bytes));
  try {
    const Json file = Json::parse(bytes.begin(), bytes.end());
    for (const Json& j : file.at("networks")) {
      networks.push_back(from_json(j));
    }
  } catch (const Json::exception& e) {
    throw InputError(path + ": damaged (" + e.what() + "); export again to write a new one");
  }
  return networks;
}

void write_exports(const std::string& run_folder, const std::vector<ExportedNetwork>& networks) {
  Json list = Json::array();
  for (const auto& n : networks) list.push_back(to_json(n));
  const std::string text = Json{{"networks", list}}.dump(2) + "\n";
  require(write_file_atomic(path_of(run_folder), text.data(), text.size()));
}

}  // namespace edgefront
