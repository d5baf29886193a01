#include "hwprofiles/result_import.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "runtime/probe/jobs.h"
#include "space/error.h"

namespace edgefront {
namespace {

const std::string kKey = "conv2d int8 4x4x8>4x4x8 k1 s1 relu6 t1 reference@1";

ProbeResult handshake() {
  ProbeResult result;
  result.kind = ResultKind::kHandshake;
  result.identity.cpu_model = "fake";
  result.identity.architecture = "none";
  return result;
}

ProbeResult layer(double latency_us, const std::string& runtime = "") {
  ProbeResult result;
  result.kind = ResultKind::kLayer;
  result.line = 1;
  REQUIRE(LayerKey::parse(kKey, &result.layer.key).ok());
  result.layer.statistics = {latency_us, latency_us, latency_us, latency_us,
                             latency_us, latency_us, 10,         0};
  result.runtime = runtime;
  return result;
}

ProbeResult network(const std::string& name) {
  ProbeResult result;
  result.kind = ResultKind::kNetwork;
  result.line = 2;
  result.network.name = name;
  result.network.statistics = layer(5).layer.statistics;
  result.facts.kernel_set = "reference";
  result.facts.threads = 1;
  result.facts.keys = {kKey, kKey};
  return result;
}

class ResultFile {
 public:
  ResultFile() {
    std::string name = (std::filesystem::temp_directory_path() / "results_XXXXXX").string();
    const int file = mkstemp(name.data());
    REQUIRE(file >= 0);
    close(file);
    path_ = name;
  }
  ~ResultFile() { std::filesystem::remove(path_); }
  const std::string& write(const std::vector<ProbeResult>& results, const std::string& tail = "") {
    std::ofstream out(path_);
    for (const ProbeResult& result : results) out << result_line(result) << "\n";
    out << tail;
    return path_;
  }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("results from a file become entries, and networks the sums of their layers") {
  ResultFile file;
  DeviceProfile profile;
  const ImportSummary summary = import_results(
      file.write({handshake(), network("fp32 0123 1.2"), layer(3), ProbeResult{}}), profile);
  CHECK(summary.layers == 1);
  CHECK(summary.networks == 1);
  CHECK_FALSE(summary.cut);
  CHECK(profile.identity.cpu_model == "fake");
  CHECK(profile.layers.at(kKey).statistics.latency_us == 3);
  REQUIRE(profile.networks.size() == 1);
  CHECK(profile.networks[0].precision == Precision::kFloat32);
  CHECK(profile.networks[0].space_digest == "0123");
  CHECK(profile.networks[0].genotype == "1.2");
  CHECK(profile.networks[0].predicted_sum_us == 6);
}

TEST_CASE("a torn last line is left out and told, a broken one within the file is refused") {
  ResultFile file;
  DeviceProfile profile;
  const std::string torn = result_line(layer(3)).substr(0, 50);
  ImportSummary summary = import_results(file.write({handshake(), layer(2)}, torn), profile);
  CHECK(summary.cut);
  CHECK(profile.layers.at(kKey).statistics.latency_us == 2);
  CHECK_THROWS_WITH_AS(import_results(file.write({handshake()}, torn + "\n"), profile),
                       doctest::Contains(":2: line is not valid JSON"), InputError);
  CHECK_THROWS_WITH_AS(import_results(file.write({layer(2)}), profile),
                       doctest::Contains("does not begin with a probe's handshake"), InputError);
}

TEST_CASE("results of another device are refused by the field that differs") {
  ResultFile file;
  DeviceProfile profile;
  import_results(file.write({handshake(), layer(2)}), profile);
  ProbeResult other = handshake();
  other.identity.core_kind = "capacity 446";
  CHECK_THROWS_WITH_AS(
      import_results(file.write({other, layer(9)}), profile),
      doctest::Contains("comes from another device: core_kind is \"capacity 446\""), InputError);
  CHECK(profile.layers.at(kKey).statistics.latency_us == 2);
}

TEST_CASE("another runtime is kept with its name and never mixed with ours") {
  ResultFile file;
  DeviceProfile profile;
  import_results(file.write({handshake(), layer(2, "tflite-2.14")}), profile);
  CHECK(profile.layers.at(kKey).runtime == "tflite-2.14");
  CHECK_THROWS_WITH_AS(import_results(file.write({handshake(), layer(2)}), profile),
                       doctest::Contains("a profile holds one runtime"), InputError);
}

TEST_CASE("networks whose layers are missing wait, and errors are counted") {
  ResultFile file;
  DeviceProfile profile;
  ProbeResult error;
  error.kind = ResultKind::kError;
  error.line = 3;
  error.message = "too large";
  const ImportSummary summary = import_results(
      file.write({handshake(), network("int8 0123 1.2"), network("no name"), error}), profile);
  CHECK(summary.networks == 0);
  CHECK(summary.waiting == 2);
  CHECK(summary.errors == 1);
  CHECK(summary.first_error == "too large");
  CHECK(summary.cut);
  CHECK(profile.networks.empty());
}

}  // namespace edgefront
