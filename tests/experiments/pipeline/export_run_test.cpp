#include "experiments/pipeline/export_run.h"

#include <doctest/doctest.h>

#include "space/error.h"
#include "tests/temporary_folder.h"

using namespace edgefront;

namespace {

ExportedNetwork network(std::int64_t index, double latency_us, double top1) {
  ExportedNetwork n;
  n.index = index;
  n.genotype = "1." + std::to_string(index);
  n.measured = MeasuredLatency{latency_us, latency_us * 0.99, latency_us * 1.01, latency_us,
                               latency_us, latency_us,        "reference"};
  n.int8_top1 = top1;
  return n;
}

}  // namespace

TEST_CASE("networks that another one dominates as measured are dropped, all others stay") {
  std::vector<ExportedNetwork> networks{network(1, 10, 85), network(2, 20, 90), network(3, 25, 89),
                                        network(4, 40, 91), network(5, 40, 91)};
  networks.push_back(network(6, 1, 99));
  networks.back().dropped = "training failed: diverged";  // neither beats nor is judged
  networks.push_back(network(7, 0, 99));
  networks.back().measured.reset();
  drop_dominated(networks);
  CHECK(networks[0].dropped.empty());
  CHECK(networks[1].dropped.empty());
  CHECK(networks[2].dropped == "dominated as measured by 2 (20.00 us, 90.00 %)");
  CHECK(networks[3].dropped.empty());  // equal in both: neither is better
  CHECK(networks[4].dropped.empty());
  CHECK(networks[5].dropped == "training failed: diverged");
  CHECK(networks[6].dropped.empty());
}

TEST_CASE("formats are named by a list, and an unknown one is refused with what is accepted") {
  CHECK(parse_export_formats({"efm"}).onnx == false);
  CHECK(parse_export_formats({"efm"}).c == false);
  const ExportFormats both = parse_export_formats({"c", "onnx"});
  CHECK(both.onnx);
  CHECK(both.c);
  CHECK_THROWS_WITH_AS(parse_export_formats({"efm", "tflite"}),
                       "format is 'tflite'; accepted are efm, onnx, c, separated by commas",
                       InputError);
  CHECK_THROWS_WITH_AS(parse_export_formats({}), doctest::Contains("accepted are efm, onnx, c"),
                       InputError);
}

TEST_CASE("exports.json gives back what was written") {
  const TemporaryFolder folder;
  CHECK(read_exports(folder.path()).empty());
  ExportedNetwork n = network(42, 12.5, 91.25);
  n.predicted = {12.25, 11, 13, 4096, 2048, 1024};
  n.float_top1 = 91.5;
  n.range_method = "mse";
  n.files = {"0042.efm", "0042.onnx"};
  ExportedNetwork predicted_only;
  predicted_only.dropped = "why";
  write_exports(folder.path(), {n, predicted_only});
  const auto read = read_exports(folder.path());
  REQUIRE(read.size() == 2);
  CHECK(read[0].index == 42);
  CHECK(read[0].genotype == "1.42");
  CHECK(read[0].predicted.latency_high_us == 13);
  CHECK(read[0].predicted.weights_bytes == 1024);
  REQUIRE(read[0].measured);
  CHECK(read[0].measured->low_us == 12.5 * 0.99);
  CHECK(read[0].measured->kernel_set == "reference");
  CHECK(read[0].files == n.files);
  CHECK(!read[1].measured);
  CHECK(read[1].dropped == "why");
}

TEST_CASE("a damaged exports.json is refused by name") {
  const TemporaryFolder folder;
  folder.write("exports.json", "{\"networks\": [{\"index\": 1}]}");
  try {
    read_exports(folder.path());
    FAIL("accepted");
  } catch (const InputError& e) {
    CHECK(std::string(e.what()).find("exports.json: damaged") != std::string::npos);
  }
}
