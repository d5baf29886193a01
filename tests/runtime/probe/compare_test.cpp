#include "runtime/probe/compare.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "runtime/probe/jobs.h"

using namespace edgefront;

namespace {

LatencyStatistics statistics(double low, double latency, double high) {
  LatencyStatistics s;
  s.latency_us = latency;
  s.latency_low_us = low;
  s.latency_high_us = high;
  return s;
}

LayerKey key_from(const std::string& text) {
  LayerKey key;
  const Status status = LayerKey::parse(text, &key);
  REQUIRE_MESSAGE(status.ok(), status.message());
  return key;
}

Status read(const std::string& jobs, std::vector<LayerKey>* layers, ProtocolOptions* protocol) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file);
  std::fwrite(jobs.data(), 1, jobs.size(), file);
  std::rewind(file);
  const Status status = read_comparison(file, layers, protocol);
  std::fclose(file);
  return status;
}

const std::string kLayer = "conv2d int8 4x4x8>4x4x16 k1 s1 relu6 t1 reference@1";

std::string job(const std::string& key) { return R"({"job":"layer","key":")" + key + "\"}\n"; }

}  // namespace

TEST_CASE("common layers are distinct and this program can measure all of them") {
  std::set<std::string> texts;
  const KernelSet& reference = *kernel_sets().back();
  for (LayerKey key : common_layers()) {
    CHECK(texts.insert(key.text()).second);
    key.kernel_set = reference.name;
    key.kernel_version = reference.pointwise_version;
    const Status status = check_measurable(key);
    CHECK_MESSAGE(status.ok(), status.message());
  }
  CHECK(texts.size() == 27);
}

TEST_CASE("layers are compared in both precisions with the chosen kernels, each once") {
  ProtocolOptions quick;
  quick.warmup = 0;
  quick.passes = 1;
  quick.min_samples = quick.max_samples = 5;
  quick.patience_s = 0;
  const std::vector<LayerKey> layers = {key_from(kLayer),
                                        key_from("conv2d fp32 4x4x8>4x4x16 k1 s1 relu6 t1 avx2@1"),
                                        key_from("mul fp32 4x4x8>4x4x8 k1 s1 none t1 neon@7")};
  const KernelSet* best = nullptr;
  REQUIRE(choose_kernel_set("", &best).ok());
  std::vector<LayerComparison> compared;
  const Status status = compare_precisions(layers, *best, quick, nullptr, &compared);
  REQUIRE_MESSAGE(status.ok(), status.message());
  REQUIRE(compared.size() == 2);
  CHECK(compared[0].key.op == OpKind::kConv2d);
  CHECK(compared[0].key.precision == Precision::kInt8);
  CHECK(compared[0].key.kernel_set == best->name);
  CHECK(compared[1].key.op == OpKind::kMul);
  for (const LayerComparison& layer : compared) {
    CHECK(layer.int8.samples >= 5);
    CHECK(layer.fp32.samples >= 5);
    CHECK(layer.fp32.latency_us > 0);
  }
}

TEST_CASE("the table names the faster precision only beyond both intervals") {
  const LayerComparison int8{key_from(kLayer), statistics(9, 10, 11), statistics(38, 40, 42)};
  const LayerComparison fp32{key_from("add int8 4x4x8>4x4x8 k1 s1 none t2 reference@1"),
                             statistics(19, 20, 21), statistics(9.9, 10, 10.1)};
  const LayerComparison open{key_from("conv2d int8 4x4x8>2x2x16 k3 s2 none+add t1 reference@1"),
                             statistics(9, 10, 11), statistics(10, 20, 30)};
  CHECK(comparison_table({int8, fp32, open}) ==
        "   int8 us    fp32 us  int8/fp32  faster  layer\n"
        "     10.00      40.00      0.250  int8    conv2d 4x4x8>4x4x16 k1 s1 relu6 t1\n"
        "     20.00      10.00      2.000  fp32    add 4x4x8>4x4x8 k1 s1 none t2\n"
        "     10.00      20.00      0.500  -       conv2d 4x4x8>2x2x16 k3 s2 none+add t1\n"
        "geometric mean 0.630; int8 is faster in 1 of 3 layers, fp32 in 1, neither beyond the 95 % "
        "intervals in 1\n");
}

TEST_CASE("jobs for a comparison are layers and a protocol; anything else is named by its line") {
  std::vector<LayerKey> layers;
  ProtocolOptions protocol;
  REQUIRE(read("{\"job\":\"protocol\",\"passes\":1}\n\n" + job(kLayer), &layers, &protocol).ok());
  REQUIRE(layers.size() == 1);
  CHECK(layers[0].text() == kLayer);
  CHECK(protocol.passes == 1);
  const auto message = [&](const std::string& jobs) {
    return read(jobs, &layers, &protocol).message();
  };
  std::vector<LayerKey> none;
  CHECK(read("\n", &none, &protocol).message() == "there is no layer among the jobs");
  CHECK(message("\nwhat\n").find("line 2: ") == 0);
  CHECK(message(job("quantize int8 4x4x8>4x4x8 k1 s1 none t1 reference@1")) ==
        "line 1: layer key 'quantize int8 4x4x8>4x4x8 k1 s1 none t1 reference@1' has no second "
        "precision to compare");
  CHECK(message(job("conv2d int8 4x4x8>5x5x16 k1 s1 relu6 t1 reference@1")).find("5x5x16") !=
        std::string::npos);
  ProbeJob network;
  network.kind = JobKind::kNetwork;
  REQUIRE(graph_of(key_from(kLayer), &network.graph).ok());
  CHECK(message(job(kLayer) + job_line(network) + "\n") ==
        "line 2: only layers are compared, this is a network");
}
