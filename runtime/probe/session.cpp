#include "runtime/probe/session.h"

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "runtime/model.h"
#include "runtime/probe/rounds.h"

namespace edgefront {
namespace {

struct NumberedJob {
  int line = 0;
  ProbeJob job;
};

// All that a session knows between its steps.
class Session {
 public:
  Session(std::FILE* out, const std::function<void(const std::string&, int, int)>& progress)
      : out_(out), progress_(progress) {}

  void handshake(const DeviceIdentity& identity, const DeviceState& state) {
    ProbeResult result;
    result.kind = ResultKind::kHandshake;
    result.identity = identity;
    result.state = state;
    write(result);
  }

  void read_jobs(std::FILE* in) {
    std::string text;
    for (int line = 1; read_line(in, kMaxLineBytes, &text); ++line) {
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      if (static_cast<int>(layers_.size() + networks_.size()) >= kMaxJobs) {
        return error(line, "more than " + std::to_string(kMaxJobs) + " jobs; the rest is not read");
      }
      ProbeJob job;
      if (Status s = parse_job(text, &job); !s.ok()) {
        error(line, s.message());
      } else {
        accept(line, std::move(job));
      }
    }
  }

  void measure_all_layers() {
    if (layers_.empty()) return;
    std::vector<LayerKey> keys;
    for (const NumberedJob& layer : layers_) keys.push_back(layer.job.key);
    std::vector<LayerMeasurement> measured;
    const Status status = measure_layers(keys, protocol_, progress_of("layers"), &measured);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (!status.ok()) {
        error(layers_[i].line, status.message());
        continue;
      }
      ProbeResult result;
      result.kind = ResultKind::kLayer;
      result.line = layers_[i].line;
      result.layer = measured[i];
      write(result);
      ++summary_.layers;
    }
  }

  // Networks that share a kernel set and a number of threads are interleaved with each other.
  void measure_all_networks() {
    std::map<std::pair<std::string, int>, std::vector<const NumberedJob*>> settings;
    for (const NumberedJob& network : networks_) {
      settings[{network.job.kernel_set, network.job.threads}].push_back(&network);
    }
    for (const auto& setting : settings) measure_setting(setting.second);
  }

  SessionSummary finish() {
    ProbeResult result;
    result.kind = ResultKind::kDone;
    result.layers = summary_.layers;
    result.networks = summary_.networks;
    result.errors = summary_.errors;
    write(result);
    return summary_;
  }

 private:
  void accept(int line, ProbeJob job) {
    Status status;
    switch (job.kind) {
      case JobKind::kProtocol:
        protocol_ = job.protocol;
        return;
      case JobKind::kLayer:
        status = check_measurable(job.key);
        if (status.ok() && !seen_.insert(job.key.text()).second) {
          status = Status::invalid("layer key '" + job.key.text() + "' was given before");
        }
        if (status.ok()) layers_.push_back({line, std::move(job)});
        break;
      case JobKind::kNetwork:
        status = check_measurable(job.graph, job.kernel_set, job.threads);
        if (status.ok()) networks_.push_back({line, std::move(job)});
        break;
    }
    if (!status.ok()) error(line, status.message());
  }

  void measure_setting(const std::vector<const NumberedJob*>& jobs) {
    std::vector<Model> models;
    std::vector<const Model*> views;
    std::vector<std::string> names;
    for (const NumberedJob* job : jobs) {
      models.push_back(generated_model(job->job.graph, stream_value(protocol_.seed, job->line)));
      names.push_back(job->job.name);
    }
    for (const Model& model : models) views.push_back(&model);
    std::vector<NetworkMeasurement> measured;
    const ProbeJob& first = jobs[0]->job;
    const Status status = measure_networks(views, names, first.kernel_set, first.threads, protocol_,
                                           progress_of("networks"), &measured);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (!status.ok()) {
        error(jobs[i]->line, status.message());
        continue;
      }
      ProbeResult result;
      result.kind = ResultKind::kNetwork;
      result.line = jobs[i]->line;
      result.network = measured[i];
      write(result);
      ++summary_.networks;
    }
  }

  ProbeProgress progress_of(const std::string& stage) {
    return [this, stage](int done, int total) {
      if (progress_) progress_(stage, done, total);
    };
  }

  void error(int line, const std::string& message) {
    ProbeResult result;
    result.kind = ResultKind::kError;
    result.line = line;
    result.message = message;
    write(result);
    ++summary_.errors;
  }

  // Flushed line by line: the other end is often a pipe, and a killed probe keeps what it said.
  void write(const ProbeResult& result) {
    const std::string line = result_line(result) + "\n";
    const bool whole = std::fwrite(line.data(), 1, line.size(), out_) == line.size();
    if (!whole || std::fflush(out_) != 0) summary_.written = false;
  }

  std::FILE* out_;
  const std::function<void(const std::string&, int, int)>& progress_;
  ProtocolOptions protocol_;
  std::vector<NumberedJob> layers_, networks_;
  std::set<std::string> seen_;
  SessionSummary summary_;
};

}  // namespace

bool read_line(std::FILE* in, std::size_t limit, std::string* line) {
  line->clear();
  bool any = false;
  for (int c = std::getc(in); c != EOF; c = std::getc(in)) {
    any = true;
    if (c == '\n') return true;
    if (line->size() <= limit) line->push_back(static_cast<char>(c));
  }
  return any;
}

SessionSummary run_session(std::FILE* in, std::FILE* out, const DeviceIdentity& identity,
                           const DeviceState& state,
                           const std::function<void(const std::string&, int, int)>& progress) {
  Session session(out, progress);
  session.handshake(identity, state);
  session.read_jobs(in);
  session.measure_all_layers();
  session.measure_all_networks();
  return session.finish();
}

}  // namespace edgefront
