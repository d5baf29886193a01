#include "runtime/probe/session.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "runtime/kernels/kernel_set.h"
#include "runtime/model.h"
#include "runtime/model_file.h"
#include "runtime/probe/line_reader.h"

using namespace edgefront;

namespace {

constexpr const char* kQuick =
    R"({"job":"protocol","warmup":0,"patience_s":0,"min_samples":5,"max_samples":5,)"
    R"("passes":1})"
    "\n";

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Closer>;

// A file without a name that holds this text, to be read from its start.
File file_with(const std::string& text) {
  File file(std::tmpfile());
  REQUIRE(file);
  REQUIRE(std::fwrite(text.data(), 1, text.size(), file.get()) == text.size());
  std::rewind(file.get());
  return file;
}

std::vector<ProbeResult> run(const std::string& jobs, SessionSummary* summary) {
  const File in = file_with(jobs), out = file_with("");
  *summary = run_session(in.get(), out.get(), DeviceIdentity{}, DeviceState{}, nullptr);
  std::rewind(out.get());
  std::vector<ProbeResult> results;
  LineReader lines(fileno(out.get()));
  for (std::string line; lines.next(kMaxLineBytes, &line);) {
    const Status status = parse_result(line, &results.emplace_back());
    CHECK_MESSAGE(status.ok(), status.message());
  }
  return results;
}

// The job line of a layer as the reference kernels of this program run it.
std::string layer(const std::string& words) {
  const KernelSet& reference = *kernel_sets().back();
  return R"({"job":"layer","key":")" + words + " t1 reference@" +
         std::to_string(reference.pointwise_version) + "\"}\n";
}

const std::string kPointwise = "conv2d int8 4x4x8>4x4x16 k1 s1 relu6";

}  // namespace

TEST_CASE("a session answers with a handshake, results in the order of the jobs, and a count") {
  SessionSummary summary;
  const auto results =
      run(kQuick + layer(kPointwise) + "\n" + layer("conv2d fp32 4x4x8>4x4x16 k1 s1 none+add"),
          &summary);
  REQUIRE(results.size() == 4);
  CHECK(results[0].kind == ResultKind::kHandshake);
  CHECK(results[1].kind == ResultKind::kLayer);
  CHECK(results[1].line == 2);
  CHECK(results[1].layer.key.output == Shape{4, 4, 16});
  CHECK(results[1].layer.statistics.latency_us > 0);
  CHECK(results[2].line == 4);
  CHECK(results[2].layer.key.residual);
  CHECK(results[3].kind == ResultKind::kDone);
  CHECK(results[3].layers == 2);
  CHECK(summary.layers == 2);
  CHECK(summary.errors == 0);
  CHECK(summary.written);
}

TEST_CASE("each line that cannot be measured is named, and the others are measured") {
  SessionSummary summary;
  const auto results =
      run(kQuick + std::string("what\n") + layer(kPointwise) + layer(kPointwise) +
              R"({"job":"layer","key":"conv2d int8 4x4x8>4x4x16 k1 s1 relu6 t1 mmx@1"})"
              "\n"
              R"({"job":"layer","key":"conv2d int8 4x4x8>4x4x16 k1 s1 relu6 t1 reference@77"})"
              "\n" +
              layer("conv2d int8 4x4x8>5x5x16 k1 s1 relu6") +
              layer("add int8 16384x16384x1>16384x16384x1 k1 s1 none"),
          &summary);
  const std::vector<std::pair<int, std::string>> expected = {
      {2, "not valid JSON"},
      {4, "given before"},
      {5, "mmx"},
      {6, "reference@77' is not what this program runs"},
      {7, "4x4x8>5x5x16"},
      {8, "too large"}};
  REQUIRE(results.size() == expected.size() + 3);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const ProbeResult& result = results[i + 1];
    CHECK(result.kind == ResultKind::kError);
    CHECK(result.line == expected[i].first);
    CHECK_MESSAGE(result.message.find(expected[i].second) != std::string::npos, result.message);
  }
  CHECK(results[7].kind == ResultKind::kLayer);
  CHECK(results[7].line == 3);
  CHECK(results.back().errors == 6);
}

TEST_CASE("a network comes back with the latency of each of its steps") {
  ProbeJob job;
  job.kind = JobKind::kNetwork;
  job.name = "tiny";
  job.kernel_set = "reference";
  LayerKey key;
  REQUIRE(LayerKey::parse("conv2d int8 4x4x8>4x4x16 k3 s1 relu6 t1 reference@1", &key).ok());
  REQUIRE(graph_of(key, &job.graph).ok());
  SessionSummary summary;
  const auto results = run(kQuick + job_line(job) + "\n", &summary);
  REQUIRE(results.size() == 3);
  CHECK(results[1].kind == ResultKind::kNetwork);
  CHECK(results[1].network.name == "tiny");
  CHECK(results[1].network.step_latency_us.size() == 1);
  CHECK(summary.networks == 1);
}

TEST_CASE("an empty input gives an empty run") {
  SessionSummary summary;
  const auto results = run("", &summary);
  REQUIRE(results.size() == 2);
  CHECK(results[1].kind == ResultKind::kDone);
  CHECK(results[1].layers == 0);
}

TEST_CASE("a host that is gone is noticed") {
  const File in = file_with(layer(kPointwise));
  const File out(std::fopen("/dev/full", "w"));
  REQUIRE(out);
  const auto summary = run_session(in.get(), out.get(), DeviceIdentity{}, DeviceState{}, nullptr);
  CHECK_FALSE(summary.written);
}

namespace {

std::string tiny_model_line(const std::string& kernel_set) {
  ProbeJob job;
  job.kind = JobKind::kModel;
  job.name = "tiny model";
  job.kernel_set = kernel_set;
  LayerKey key;
  REQUIRE(LayerKey::parse("conv2d int8 4x4x8>4x4x16 k3 s1 relu6 t1 reference@1", &key).ok());
  LayerGraph graph;
  REQUIRE(graph_of(key, &graph).ok());
  job.efm = encode_model(generated_model(graph, 1));
  return job_line(job) + "\n";
}

}  // namespace

TEST_CASE("each batch is answered when it is closed, and the conversation goes on") {
  SessionSummary summary;
  const std::string run_line = "{\"job\":\"run\"}\n";
  const auto results = run(kQuick + layer(kPointwise) + run_line + layer(kPointwise) + "what\n" +
                               run_line + run_line + "\n",
                           &summary);
  std::vector<ProbeResult> shown;  // without progress
  for (const ProbeResult& result : results) {
    if (result.kind != ResultKind::kProgress) shown.push_back(result);
  }
  REQUIRE(shown.size() == 7);
  CHECK(shown.size() < results.size());
  CHECK(shown[1].kind == ResultKind::kLayer);
  CHECK(shown[1].line == 2);
  CHECK(shown[2].kind == ResultKind::kDone);
  CHECK(shown[2].layers == 1);
  CHECK(shown[3].kind == ResultKind::kError);
  CHECK(shown[3].line == 5);
  CHECK(shown[4].kind == ResultKind::kLayer);
  CHECK(shown[4].line == 4);  // a key may come again in another batch
  CHECK(shown[5].layers == 1);
  CHECK(shown[5].errors == 1);
  CHECK(shown[6].kind == ResultKind::kDone);
  CHECK(shown[6].layers + shown[6].networks + shown[6].errors == 0);
  CHECK(summary.layers == 2);
  CHECK(summary.errors == 1);
}

TEST_CASE("a model file runs as a network, and the result tells what it takes") {
  SessionSummary summary;
  const auto results = run(kQuick + tiny_model_line("reference"), &summary);
  REQUIRE(results.size() == 3);
  REQUIRE(results[1].kind == ResultKind::kNetwork);
  CHECK(results[1].network.name == "tiny model");
  CHECK(results[1].facts.kernel_set == "reference");
  CHECK(results[1].facts.threads == 1);
  REQUIRE(results[1].facts.keys.size() == 1);
  CHECK(results[1].facts.keys[0].find("conv2d int8 4x4x8>4x4x16") == 0);
  CHECK(results[1].facts.load_us > 0);
  CHECK(results[1].facts.arena_bytes > 0);
}

TEST_CASE("a model that is none, is not there or does not fit is an error of its line") {
  SessionSummary summary;
  const auto results = run(kQuick + std::string(R"({"job":"model","name":"m","efm":"QUJD"})") +
                               "\n" + R"({"job":"model","name":"m","path":"no/such.efm"})" + "\n" +
                               tiny_model_line("mmx") + R"({"job":"roof","kernel_set":"mmx"})",
                           &summary);
  REQUIRE(results.size() == 6);
  const char* reasons[] = {"model 'm'", "no/such.efm", "mmx", "mmx"};
  for (int i = 0; i < 4; ++i) {
    CHECK(results[i + 1].kind == ResultKind::kError);
    CHECK(results[i + 1].line == i + 2);
    CHECK_MESSAGE(results[i + 1].message.find(reasons[i]) != std::string::npos,
                  results[i + 1].message);
  }
  CHECK(summary.errors == 4);
}

TEST_CASE("the state of the machine can be asked for at any time") {
  SessionSummary summary;
  const auto results = run("{\"job\":\"reference\"}\n", &summary);
  REQUIRE(results.size() == 3);
  CHECK(results[1].kind == ResultKind::kReference);
  CHECK(results[1].line == 1);
  CHECK(results[1].state.reference_kernel_us > 0);
}
