#include "runtime/probe/jobs.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/runtime/probe/same_statistics.h"

using namespace edgefront;

namespace {

constexpr const char* kGraph =
    R"({"tensors":[{"shape":[4,4,8],"precision":"int8"},{"shape":[4,4,16],"precision":"int8"}],)"
    R"("layers":[{"name":"a","op":"conv2d","inputs":[0],"output":1,"kernel_size":1,"stride":1,)"
    R"("block":0,"precision":"int8"}],"inputs":[0],"outputs":[1]})";

std::string network(const std::string& graph) {
  return R"({"job":"network","name":"n","graph":)" + graph + "}";
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

void refuses_job(const std::string& line, const std::string& reason) {
  ProbeJob job;
  const Status status = parse_job(line, &job);
  CHECK(status.code() == StatusCode::kInvalid);
  CHECK_MESSAGE(status.message().find(reason) != std::string::npos, status.message());
}

void refuses_result(const std::string& line, const std::string& reason) {
  ProbeResult result;
  const Status status = parse_result(line, &result);
  CHECK(status.code() == StatusCode::kInvalid);
  CHECK_MESSAGE(status.message().find(reason) != std::string::npos, status.message());
}

LatencyStatistics some_statistics() {
  LatencyStatistics statistics;
  statistics.latency_us = 12.125;
  statistics.latency_low_us = 12;
  statistics.latency_high_us = 12.25;
  statistics.p50_us = 12.0625;
  statistics.p95_us = 13.5;
  statistics.p99_us = 15;
  statistics.samples = 50;
  statistics.rejected = 3;
  return statistics;
}

}  // namespace

TEST_CASE("a layer job is one line with the key's text") {
  ProbeJob job;
  const std::string text = "conv2d int8 14x14x16>14x14x96 k1 s1 relu6 t1 avx2@1";
  REQUIRE(parse_job(R"({"job":"layer","key":")" + text + "\"}", &job).ok());
  CHECK(job.kind == JobKind::kLayer);
  CHECK(job.key.text() == text);
  CHECK(job_line(job) == R"({"job":"layer","key":")" + text + "\"}");
}

TEST_CASE("a network job carries its graph there and back") {
  ProbeJob job, again;
  REQUIRE(parse_job(network(kGraph), &job).ok());
  CHECK(job.kind == JobKind::kNetwork);
  CHECK(job.name == "n");
  CHECK(job.kernel_set == "");
  CHECK(job.threads == 1);
  CHECK(job.graph.tensors[1].shape == Shape{4, 4, 16});
  CHECK(job.graph.layers[0].name == "a");
  CHECK(job.graph.layers[0].inputs[0] == 0);
  CHECK(job.graph.layers[0].inputs[1] == -1);
  const std::string line = job_line(job);
  CHECK(line.find(kGraph) != std::string::npos);
  REQUIRE(parse_job(line, &again).ok());
  CHECK(job_line(again) == line);
}

TEST_CASE("a protocol job sets what it names and leaves the rest at its defaults") {
  ProbeJob job, again;
  REQUIRE(
      parse_job(R"({"job":"protocol","min_samples":7,"seed":18446744073709551615})", &job).ok());
  CHECK(job.kind == JobKind::kProtocol);
  CHECK(job.protocol.min_samples == 7);
  CHECK(job.protocol.seed == ~std::uint64_t{0});
  CHECK(job.protocol.max_samples == ProtocolOptions{}.max_samples);
  job.protocol.disturbance = 1.5;
  job.protocol.cpu = 3;
  job.protocol.passes = 2;
  job.protocol.pass_s = 1.5;
  job.protocol.patience_s = 0;
  job.protocol.chain_layers = 48;
  job.protocol.chain_weights_bytes = 4096;
  REQUIRE(parse_job(job_line(job), &again).ok());
  CHECK(again.protocol.disturbance == 1.5);
  CHECK(again.protocol.cpu == 3);
  CHECK(again.protocol.passes == 2);
  CHECK(again.protocol.pass_s == 1.5);
  CHECK(again.protocol.patience_s == 0);
  CHECK(again.protocol.chain_layers == 48);
  CHECK(again.protocol.chain_weights_bytes == 4096);
  CHECK(again.protocol.seed == ~std::uint64_t{0});
}

TEST_CASE("a line that is no job is refused with its reason") {
  refuses_job("", "not valid JSON");
  refuses_job("{\"job\":\"layer\"", "not valid JSON");
  refuses_job("[1]", "not a JSON object");
  refuses_job("{}", "lacks the field 'job'");
  refuses_job(R"({"job":"sleep"})", "unknown kind 'sleep'");
  refuses_job(R"({"job":3})", "'job' must be a string");
  refuses_job(R"({"job":"layer"})", "lacks the field 'key'");
  refuses_job(R"({"job":"layer","key":"conv2d"})", "layer key 'conv2d'");
  refuses_job(R"({"job":"layer","key":"x","kye":1})", "layer key 'x'");
  refuses_job(R"({"job":"layer","key":"conv2d int8 4x4x8>4x4x8 k1 s1 none t1 avx2@1","n":1})",
              "unknown field 'n'");
  refuses_job("{\"job\":\"layer\",\"key\":\"" + std::string(5000, 'x') + "\"}",
              "at most 4096 bytes");
  refuses_job(std::string(kMaxLineBytes + 1, ' '), "accepted are at most");
  refuses_job(std::string(100000, '['), "not valid JSON");
}

TEST_CASE("a protocol outside its bounds is refused") {
  refuses_job(R"({"job":"protocol","min_samples":4})", "an integer from 5 to 100000");
  refuses_job(R"({"job":"protocol","min_samples":7.5})", "'min_samples' must be an integer");
  refuses_job(R"({"job":"protocol","max_samples":10})", "max_samples below min_samples");
  refuses_job(R"({"job":"protocol","relative_half_width":"3%"})", "must be a number from");
  refuses_job(R"({"job":"protocol","disturbance":0.5})", "'disturbance' must be a number");
  refuses_job(R"({"job":"protocol","seed":-1})", "non-negative 64-bit integer");
  refuses_job(R"({"job":"protocol","passes":0})", "'passes' must be an integer from 1");
  refuses_job(R"({"job":"protocol","pass_s":-1})", "'pass_s' must be a number");
  refuses_job(R"({"job":"protocol","chain_layers":0})", "'chain_layers' must be");
  refuses_job(R"({"job":"protocol","cpu":99999999999999999999})", "'cpu' must be an integer");
}

TEST_CASE("a network whose graph is wrong is refused with its reason") {
  const std::string graph = kGraph;
  refuses_job(network("7"), "graph is not an object");
  refuses_job(network(replaced(graph, "\"conv2d\"", "\"conv3d\"")), "unknown op 'conv3d'");
  refuses_job(network(replaced(graph, "\"int8\"", "\"int4\"")), "must be 'fp32' or 'int8'");
  refuses_job(network(replaced(graph, "[4,4,8]", "[4,4]")), "height, width and channels");
  refuses_job(network(replaced(graph, "[4,4,8]", "[4,-4,8]")), "tensor ids");
  refuses_job(network(replaced(graph, "\"inputs\":[0],\"output\"", "\"inputs\":[],\"output\"")),
              "one or two inputs");
  refuses_job(network(replaced(graph, "\"output\":1", "\"output\":\"1\"")),
              "'output' must be an integer");
  refuses_job(network(replaced(graph, "[4,4,16]", "[4,5,16]")), "'a'");
  refuses_job(network(replaced(graph, "\"outputs\":[1]", "\"outputs\":[5]")), "output 5");
  refuses_job(network(replaced(graph, "\"stride\":1", "\"strides\":1")), "'stride'");
  refuses_job(R"({"job":"network","name":"n","threads":0,"graph":{}})", "'threads'");
}

TEST_CASE("a handshake carries the device and its state there and back") {
  ProbeResult result, again;
  result.kind = ResultKind::kHandshake;
  result.identity.cpu_model = "a \"quoted\" CPU";
  result.identity.architecture = "aarch64";
  result.identity.os = "Debian";
  result.identity.features = {"asimd"};
  result.identity.kernel_sets = {"neon", "reference"};
  result.identity.cores = 4;
  result.identity.memory_bytes = std::int64_t{8} << 30;
  result.identity.l2_bytes = 512 << 10;
  result.identity.core_kind = "capacity 1024";
  result.identity.kernel_versions = {"neon:conv@2"};
  result.state.governor = "ondemand";
  result.state.temperature_c = 51.25;
  REQUIRE(parse_result(result_line(result), &again).ok());
  CHECK(again.kind == ResultKind::kHandshake);
  CHECK(again.identity.cpu_model == "a \"quoted\" CPU");
  CHECK(again.identity.kernel_sets == result.identity.kernel_sets);
  CHECK(again.identity.memory_bytes == result.identity.memory_bytes);
  CHECK(again.identity.l1d_bytes == -1);
  CHECK(again.identity.l2_bytes == 512 << 10);
  CHECK(again.identity.core_kind == "capacity 1024");
  CHECK(again.identity.kernel_versions == result.identity.kernel_versions);
  CHECK(again.state.governor == "ondemand");
  CHECK(again.state.temperature_c == 51.25);
  CHECK(again.state.clock_mhz == -1);
  refuses_result(replaced(result_line(result), "\"version\":2", "\"version\":3"),
                 "version 3, accepted are 1 to 2");
  refuses_result(replaced(result_line(result), "\"core_kind\":\"capacity 1024\",", ""),
                 "device lacks the field 'core_kind'");
}

TEST_CASE("a handshake of version 1 knows neither kinds of cores nor kernel versions") {
  ProbeResult result;
  REQUIRE(parse_result(
              R"({"result":"handshake","version":1,"device":{"cpu_model":"c","architecture":"a",)"
              R"("os":"o","features":[],"kernel_sets":["neon"],"cores":4,"memory_bytes":1,)"
              R"("l1d_bytes":-1,"l2_bytes":-1,"l3_bytes":-1},"state":{"governor":"",)"
              R"("clock_mhz":-1,"temperature_c":-1,"load_1min":-1,"reference_kernel_us":-1}})",
              &result)
              .ok());
  CHECK(result.version == 1);
  CHECK(result.identity.kernel_sets == std::vector<std::string>{"neon"});
  CHECK(result.identity.core_kind.empty());
  CHECK(result.identity.kernel_versions.empty());
}

TEST_CASE("a model job carries the bytes of a file, or its path on the device") {
  ProbeJob job, again;
  job.kind = JobKind::kModel;
  job.name = "m";
  job.threads = 2;
  for (int i = 0; i < 256; ++i) job.efm.push_back(static_cast<std::uint8_t>(i));
  REQUIRE(parse_job(job_line(job), &again).ok());
  CHECK(again.kind == JobKind::kModel);
  CHECK(again.efm == job.efm);
  CHECK(again.threads == 2);
  job.efm.clear();
  job.path = "models/a.efm";
  REQUIRE(parse_job(job_line(job), &again).ok());
  CHECK(again.path == "models/a.efm");
  CHECK(again.efm.empty());
  refuses_job(R"({"job":"model","name":"m"})", "either the field 'efm' or the field 'path'");
  refuses_job(R"({"job":"model","name":"m","path":"a","efm":"QQ=="})", "either the field");
  refuses_job(R"({"job":"model","name":"m","efm":"Q=="})", "in base64");
  refuses_job(R"({"job":"model","name":"m","efm":""})", "in base64");
  refuses_job(R"({"job":"model","name":"m","path":""})", "empty path");
}

TEST_CASE("jobs without a network are one line each") {
  ProbeJob job;
  REQUIRE(parse_job(R"({"job":"run"})", &job).ok());
  CHECK(job.kind == JobKind::kRun);
  CHECK(job_line(job) == R"({"job":"run"})");
  REQUIRE(parse_job(R"({"job":"reference"})", &job).ok());
  CHECK(job.kind == JobKind::kReference);
  REQUIRE(parse_job(R"({"job":"roof","kernel_set":"neon"})", &job).ok());
  CHECK(job.kind == JobKind::kRoof);
  CHECK(job_line(job) == R"({"job":"roof","kernel_set":"neon"})");
  refuses_job(R"({"job":"run","now":1})", "unknown field 'now'");
}

TEST_CASE("progress, state and roofs come back as they were sent") {
  ProbeResult result, again;
  result.kind = ResultKind::kProgress;
  result.stage = "layers";
  result.done = 3;
  result.total = 20;
  CHECK(result_line(result) == R"({"result":"progress","stage":"layers","done":3,"total":20})");
  REQUIRE(parse_result(result_line(result), &again).ok());
  CHECK(again.done == 3);
  refuses_result(replaced(result_line(result), "\"done\":3", "\"done\":21"), "more than there is");

  result.kind = ResultKind::kReference;
  result.line = 4;
  result.state.reference_kernel_us = 10.5;
  REQUIRE(parse_result(result_line(result), &again).ok());
  CHECK(again.line == 4);
  CHECK(again.state.reference_kernel_us == 10.5);

  result.kind = ResultKind::kRoof;
  result.roofs.kernel_set = "neon";
  result.roofs.int8_gops = 38.5;
  result.roofs.levels = {{"L1", 32768, 16384, 20.25}, {"DRAM", 0, 64 << 20, 4}};
  REQUIRE(parse_result(result_line(result), &again).ok());
  CHECK(again.roofs.kernel_set == "neon");
  CHECK(again.roofs.int8_gops == 38.5);
  REQUIRE(again.roofs.levels.size() == 2);
  CHECK(again.roofs.levels[0].probe_bytes == 16384);
  CHECK(again.roofs.levels[1].gb_s == 4);
  result.roofs.levels.clear();
  refuses_result(result_line(result), "has no level");
}

TEST_CASE("a network's result tells what ran, and another runtime its name") {
  ProbeResult result, again;
  result.kind = ResultKind::kNetwork;
  result.line = 1;
  result.network = {"net", some_statistics(), {1.5}};
  result.facts.kernel_set = "neon";
  result.facts.threads = 2;
  result.facts.keys = {"add int8 4x4x8>4x4x8 k1 s1 none t2 neon@1"};
  result.facts.load_us = 12.5;
  result.facts.arena_bytes = 4096;
  result.runtime = "tflite-2.14";
  REQUIRE(parse_result(result_line(result), &again).ok());
  CHECK(again.facts.kernel_set == "neon");
  CHECK(again.facts.threads == 2);
  CHECK(again.facts.keys == result.facts.keys);
  CHECK(again.facts.load_us == 12.5);
  CHECK(again.facts.first_invoke_us == -1);
  CHECK(again.facts.arena_bytes == 4096);
  CHECK(again.facts.packed_bytes == -1);
  CHECK(again.runtime == "tflite-2.14");
  refuses_result(replaced(result_line(result), "tflite-2.14", "tf lite"), "one word");
}

TEST_CASE("bytes that are no UTF-8 do not break a line") {
  ProbeResult result, again;
  result.kind = ResultKind::kError;
  result.line = 1;
  result.message = "job '\xff\n'";
  const std::string line = result_line(result);
  CHECK(line.find('\n') == std::string::npos);
  REQUIRE(parse_result(line, &again).ok());
  CHECK(again.message == "job '\xEF\xBF\xBD\n'");
}

TEST_CASE("layer and network results come back bit for bit") {
  ProbeResult result, again;
  result.kind = ResultKind::kLayer;
  result.line = 17;
  REQUIRE(LayerKey::parse("add int8 4x4x8>4x4x8 k1 s1 none t1 avx2@1", &result.layer.key).ok());
  result.layer.statistics = some_statistics();
  REQUIRE(parse_result(result_line(result), &again).ok());
  CHECK(again.line == 17);
  CHECK(again.layer.key == result.layer.key);
  check_same(again.layer.statistics, result.layer.statistics);

  result.kind = ResultKind::kNetwork;
  result.network = {"net", some_statistics(), {0.1, 2.0 / 3}, 0.0125};
  REQUIRE(parse_result(result_line(result), &again).ok());
  CHECK(again.network.name == "net");
  check_same(again.network.statistics, some_statistics());
  CHECK(again.network.pass_spread == result.network.pass_spread);
  CHECK(again.network.step_latency_us == result.network.step_latency_us);
}

TEST_CASE("results that cannot be true are refused") {
  ProbeResult result;
  result.kind = ResultKind::kLayer;
  result.line = 1;
  REQUIRE(LayerKey::parse("add int8 4x4x8>4x4x8 k1 s1 none t1 avx2@1", &result.layer.key).ok());
  result.layer.statistics = some_statistics();
  const std::string line = result_line(result);
  refuses_result(replaced(line, "12.125", "0"), "no series of times");
  refuses_result(replaced(line, "12.125", "12.5"), "no series of times");
  refuses_result(replaced(line, "12.125", "null"), "'latency_us' must be a number");
  refuses_result(replaced(line, "\"samples\":50", "\"samples\":4"), "'samples'");
  refuses_result(replaced(line, "\"line\":1", "\"line\":0"), "'line'");
  refuses_result(line.substr(0, line.size() - 1), "not valid JSON");
  refuses_result(R"({"result":"maybe"})", "unknown kind 'maybe'");
}

TEST_CASE("the done line counts what a run gave") {
  ProbeResult result, again;
  result.kind = ResultKind::kDone;
  result.layers = 3;
  result.networks = 2;
  result.errors = 1;
  CHECK(result_line(result) == R"({"result":"done","layers":3,"networks":2,"errors":1})");
  REQUIRE(parse_result(result_line(result), &again).ok());
  CHECK(again.layers == 3);
  CHECK(again.networks == 2);
  CHECK(again.errors == 1);
}
