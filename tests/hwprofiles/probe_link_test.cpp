#include "hwprofiles/probe_link.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace edgefront {
namespace {

const std::string kRealProbe = EDGEFRONT_BIN_DIR "/edgefront-probe - 2>/dev/null";

std::string handshake() {
  ProbeResult result;
  result.kind = ResultKind::kHandshake;
  result.identity.cpu_model = "fake";
  result.identity.architecture = "none";
  return result_line(result);
}

LayerKey key(int channels) {
  LayerKey out;
  const std::string c = std::to_string(channels);
  REQUIRE(LayerKey::parse("conv2d int8 4x4x8>4x4x" + c + " k1 s1 relu6 t1 reference@1", &out).ok());
  return out;
}

ProbeJob layer_job(int channels) {
  ProbeJob job;
  job.key = key(channels);
  return job;
}

std::string layer_line(int line, int channels) {
  ProbeResult result;
  result.kind = ResultKind::kLayer;
  result.line = line;
  result.layer.key = key(channels);
  result.layer.statistics = {2, 1, 3, 2, 3, 4, 10, 0};
  return result_line(result);
}

std::string done_line(int layers) {
  ProbeResult result;
  result.layers = layers;
  return result_line(result);
}

/// A shell command that prints these lines, the first at once and the others after a line of input
/// that says "run".
std::string fake_probe(const std::vector<std::string>& lines) {
  std::string command = "printf '%s\\n' '" + handshake() + "'; grep -m1 run >/dev/null; ";
  for (const std::string& line : lines) command += "printf '%s\\n' '" + line + "'; ";
  return command;
}

LinkOptions with_command(const std::string& command) {
  LinkOptions options;
  options.command = command;
  return options;
}

/// What run() hands on before it ends, and how it ends.
struct Conversation {
  std::vector<int> channels;
  std::string error;
};

Conversation converse(const std::string& command, const std::vector<ProbeJob>& jobs) {
  Conversation out;
  ProbeLink link(with_command(command));
  try {
    link.run(jobs,
             [&](std::size_t index, const ProbeResult& result) {
               CHECK(result.layer.key == jobs[index].key);
               out.channels.push_back(result.layer.key.output.channels);
             },
             {});
  } catch (const LinkCut& cut) {
    out.error = cut.what();
  }
  return out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("jobs are answered by their lines, in any order") {
  const Conversation said =
      converse(fake_probe({layer_line(2, 16), layer_line(1, 8), done_line(2)}),
               {layer_job(8), layer_job(16)});
  CHECK(said.error.empty());
  CHECK(said.channels == std::vector<int>{16, 8});
}

TEST_CASE("the real probe serves several batches over one link") {
  ProbeLink link(with_command(kRealProbe));
  CHECK(link.identity().architecture == describe_device("").architecture);
  ProbeJob quick;
  quick.kind = JobKind::kProtocol;
  quick.protocol.warmup = 0;
  quick.protocol.passes = 1;
  quick.protocol.min_samples = quick.protocol.max_samples = 5;
  for (const int channels : {8, 16}) {
    int answers = 0, progress = 0;
    link.run(
        {quick, layer_job(channels)},
        [&](std::size_t index, const ProbeResult& result) {
          CHECK(index == 1);
          CHECK(result.layer.key == key(channels));
          CHECK(result.layer.statistics.latency_us > 0);
          ++answers;
        },
        [&](const std::string&, int, int) { ++progress; });
    CHECK(answers == 1);
    CHECK(progress > 0);
  }
}

TEST_CASE("a line that is cut keeps what came whole and says how it ended") {
  const std::string whole = layer_line(1, 8), half = layer_line(2, 16).substr(0, 60);
  const std::vector<ProbeJob> jobs = {layer_job(8), layer_job(16)};
  Conversation said = converse(fake_probe({whole}) + "printf '%s' '" + half + "'; exit 7", jobs);
  CHECK(said.channels == std::vector<int>{8});
  CHECK_MESSAGE(has(said.error, "within a line; it ended with exit code 7"), said.error);
  said = converse(fake_probe({whole}) + "kill -9 $$", jobs);
  CHECK(said.channels == std::vector<int>{8});
  CHECK_MESSAGE(has(said.error, "closed it; it was ended by signal 9"), said.error);
}

TEST_CASE("answers that nobody asked for cut the line") {
  const std::vector<ProbeJob> jobs = {layer_job(8), layer_job(16)};
  const auto cut_by = [&](const std::vector<std::string>& lines, const std::string& reason) {
    const Conversation said = converse(fake_probe(lines), jobs);
    CHECK_MESSAGE(has(said.error, reason), said.error);
    return said.channels.size();
  };
  CHECK(cut_by({layer_line(1, 8), "Connection reset\x1b[31m"}, "\"Connection reset?[31m\" is no") ==
        1);
  CHECK(cut_by({layer_line(1, 16)}, "not asked, on line 1") == 0);
  CHECK(cut_by({layer_line(3, 8)}, "not asked, on line 3") == 0);
  CHECK(cut_by({layer_line(1, 8), layer_line(1, 8)}, "not asked, on line 1") == 1);
  CHECK(cut_by({handshake()}, "not asked") == 0);
  CHECK(cut_by({layer_line(1, 8), done_line(1)}, "without an answer to all jobs") == 1);
}

TEST_CASE("a command that is no probe is refused before any job") {
  const auto refused = [](const std::string& command, const std::string& reason) {
    CHECK_THROWS_WITH_AS(ProbeLink{with_command(command)}, doctest::Contains(reason.c_str()),
                         EnvironmentError);
  };
  refused("exit 255", "cut: the command closed it; it ended with exit code 255");
  refused("echo Welcome", "\"Welcome\" is no result (line is not valid JSON)");
  refused("printf '%s\\n' '" + done_line(0) + "'; cat", "did not begin with a handshake");
  std::string old = handshake();
  old.replace(old.find("\"version\":2"), 11, "\"version\":1");
  old.erase(old.find(",\"core_kind\""),
            old.find("]}", old.find("kernel_versions")) + 1 - old.find(",\"core_kind\""));
  refused("printf '%s\\n' '" + old + "'; cat", "version 1 of the lines, needed is 2");
}

TEST_CASE("a silent probe is given up") {
  LinkOptions options = with_command("exec sleep 100");
  options.silence_s = 0;
  CHECK_THROWS_WITH_AS(ProbeLink{options}, doctest::Contains("nothing came for 0 s"), LinkCut);
}

TEST_CASE("many long jobs and many answers at once do not block each other") {
  // The probe refuses each line before it reads the next, in more bytes than a pipe holds.
  std::vector<ProbeJob> jobs(400, layer_job(8));
  for (ProbeJob& job : jobs) {
    job.kind = JobKind::kModel;
    job.path = std::string(2000, 'x');
  }
  ProbeLink link(with_command(kRealProbe));
  std::size_t errors = 0;
  link.run(
      jobs,
      [&](std::size_t, const ProbeResult& r) { errors += r.kind == ResultKind::kError ? 1 : 0; },
      {});
  CHECK(errors == jobs.size());
}

}  // namespace edgefront
