#include "runtime/probe/session.h"

#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "runtime/interpreter.h"
#include "runtime/model.h"
#include "runtime/model_file.h"
#include "runtime/probe/clock.h"
#include "runtime/probe/line_reader.h"
#include "runtime/probe/pinning.h"
#include "runtime/probe/rounds.h"

namespace edgefront {
namespace {

constexpr int kProgressLines = 20;  // per stage of a batch

struct NumberedJob {
  int line = 0;
  ProbeJob job;
};

// Of a job in memory, from its line or from a file.
Status model_of(const ProbeJob& job, Model* out) {
  if (!job.path.empty()) return read_model_file(job.path, out);
  return decode_model(job.efm.data(), job.efm.size(), "model '" + job.name + "'", out);
}

// Loads a network by itself: what it takes, and which steps it has.
Status find_facts(const Model& model, const ProbeJob& job, NetworkFacts* out) {
  InterpreterOptions options;
  options.kernel_set = job.kernel_set;
  options.threads = job.threads;
  std::unique_ptr<Interpreter> interpreter;
  ns_per_tick();  // calibrated before, not while something is timed
  std::uint64_t start = ticks_now();
  if (Status s = Interpreter::load(model, options, &interpreter); !s.ok()) return s;
  out->load_us = elapsed_us(ticks_now() - start);
  start = ticks_now();
  interpreter->invoke();
  out->first_invoke_us = elapsed_us(ticks_now() - start);
  out->kernel_set = interpreter->kernel_set().name;
  out->threads = job.threads;
  for (std::size_t i = 0; i < interpreter->steps().size(); ++i) {
    out->keys.push_back(interpreter->key(static_cast<int>(i)).text());
  }
  out->arena_bytes = interpreter->plan().arena_bytes;
  out->packed_bytes = interpreter->plan().packed_bytes;
  return {};
}

// All that a session knows between its steps.
class Session {
 public:
  Session(std::FILE* out, DeviceIdentity identity,
          const std::function<void(const std::string&, int, int)>& progress)
      : out_(out), identity_(std::move(identity)), progress_(progress) {}

  void handshake(const DeviceState& state) {
    ProbeResult result;
    result.kind = ResultKind::kHandshake;
    result.identity = identity_;
    result.state = state;
    write(result);
  }

  SessionSummary converse(std::FILE* in) {
    LineReader lines(fileno(in), fileno(out_));
    std::string text;
    bool closed = false;  // no job since the last batch
    for (int line = 1; summary_.written && lines.next(kMaxLineBytes, &text); ++line) {
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      if (jobs_.size() >= std::size_t{kMaxJobs}) {
        error(line, "more than " + std::to_string(kMaxJobs) + " jobs; the rest is not read");
        break;
      }
      ProbeJob job;
      Status status = parse_job(text, &job);
      closed = status.ok() && job.kind == JobKind::kRun;
      if (closed) {
        measure_batch(true);
      } else if (!status.ok()) {
        error(line, status.message());
      } else {
        accept(line, std::move(job));
      }
    }
    if (lines.cut()) summary_.written = false;
    if (!closed && summary_.written) measure_batch(false);
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
        break;
      case JobKind::kNetwork:
        status = check_measurable(job.graph, job.kernel_set, job.threads);
        break;
      case JobKind::kModel: {
        Model model;
        status = model_of(job, &model);
        if (status.ok()) status = check_measurable(model.graph, job.kernel_set, job.threads);
        break;
      }
      case JobKind::kRoof: {
        const KernelSet* set = nullptr;
        status = choose_kernel_set(job.kernel_set, &set);
        break;
      }
      case JobKind::kReference:
      case JobKind::kRun:
        break;
    }
    if (status.ok()) {
      jobs_.push_back({line, std::move(job)});
    } else {
      error(line, status.message());
    }
  }

  // `live`: a host waits for the results and goes on afterwards.
  void measure_batch(bool live) {
    live_ = live;
    for (const NumberedJob& one : jobs_) {
      if (one.job.kind == JobKind::kReference) measure_reference(one);
      if (one.job.kind == JobKind::kRoof) measure_roof(one);
    }
    measure_all_layers();
    measure_all_networks();
    ProbeResult result;
    result.kind = ResultKind::kDone;
    result.layers = summary_.layers - before_.layers;
    result.networks = summary_.networks - before_.networks;
    result.errors = summary_.errors - before_.errors;
    write(result);
    before_ = summary_;
    jobs_.clear();
    seen_.clear();
  }

  void measure_reference(const NumberedJob& one) {
    ProbeResult result;
    result.kind = ResultKind::kReference;
    result.line = one.line;
    result.state = describe_state("");
    write(result);
  }

  void measure_roof(const NumberedJob& one) {
    const KernelSet* set = nullptr;
    Status status = choose_kernel_set(one.job.kernel_set, &set);
    ProbeResult result;
    if (status.ok()) {
      const PinnedTeam pinned(protocol_.cpu, 1);
      status = measure_roofs(*set, identity_, &result.roofs);
    }
    if (!status.ok()) return error(one.line, status.message());
    result.kind = ResultKind::kRoof;
    result.line = one.line;
    write(result);
  }

  void measure_all_layers() {
    std::vector<LayerKey> keys;
    std::vector<int> lines;
    for (const NumberedJob& one : jobs_) {
      if (one.job.kind != JobKind::kLayer) continue;
      keys.push_back(one.job.key);
      lines.push_back(one.line);
    }
    if (keys.empty()) return;
    std::vector<LayerMeasurement> measured;
    const Status status = measure_layers(keys, protocol_, progress_of("layers"), &measured);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!status.ok()) {
        error(lines[i], status.message());
        continue;
      }
      ProbeResult result;
      result.kind = ResultKind::kLayer;
      result.line = lines[i];
      result.layer = measured[i];
      write(result);
      ++summary_.layers;
    }
  }

  // Networks that share a kernel set and a number of threads are interleaved with each other.
  void measure_all_networks() {
    std::map<std::pair<std::string, int>, std::vector<const NumberedJob*>> settings;
    for (const NumberedJob& one : jobs_) {
      if (one.job.kind != JobKind::kNetwork && one.job.kind != JobKind::kModel) continue;
      settings[{one.job.kernel_set, one.job.threads}].push_back(&one);
    }
    for (const auto& setting : settings) measure_setting(setting.second);
  }

  // Models that cannot be loaded after all (a file has changed meanwhile) give an error; the others
  // stay in `jobs`.
  void load_models(std::vector<const NumberedJob*>* jobs, std::vector<Model>* models,
                   std::vector<NetworkFacts>* facts) {
    std::vector<const NumberedJob*> good;
    for (const NumberedJob* one : *jobs) {
      Model model;
      Status status;
      if (one->job.kind == JobKind::kModel) {
        status = model_of(one->job, &model);
      } else {
        model = generated_model(one->job.graph, stream_value(protocol_.seed, one->line));
      }
      NetworkFacts fact;
      if (status.ok()) status = find_facts(model, one->job, &fact);
      if (!status.ok()) {
        error(one->line, status.message());
        continue;
      }
      good.push_back(one);
      models->push_back(std::move(model));
      facts->push_back(std::move(fact));
    }
    *jobs = std::move(good);
  }

  void measure_setting(std::vector<const NumberedJob*> jobs) {
    std::vector<Model> models;
    std::vector<NetworkFacts> facts;
    load_models(&jobs, &models, &facts);
    if (jobs.empty()) return;
    std::vector<const Model*> views;
    std::vector<std::string> names;
    for (const Model& model : models) views.push_back(&model);
    for (const NumberedJob* one : jobs) names.push_back(one->job.name);
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
      result.facts = std::move(facts[i]);
      write(result);
      ++summary_.networks;
    }
  }

  ProbeProgress progress_of(const std::string& stage) {
    return [this, stage, printed = -1](int done, int total) mutable {
      if (!live_) {
        if (progress_) progress_(stage, done, total);
        return;
      }
      const int part = static_cast<int>(std::int64_t{kProgressLines} * done / total);
      if (part == printed) return;
      printed = part;
      ProbeResult result;
      result.kind = ResultKind::kProgress;
      result.stage = stage;
      result.done = done;
      result.total = total;
      write(result);
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
  DeviceIdentity identity_;
  const std::function<void(const std::string&, int, int)>& progress_;
  ProtocolOptions protocol_;
  std::vector<NumberedJob> jobs_;  // of the batch that is being read or measured
  std::set<std::string> seen_;     // its layer keys
  bool live_ = false;
  SessionSummary summary_, before_;  // so far, and when the batch began
};

}  // namespace

SessionSummary run_session(std::FILE* in, std::FILE* out, const DeviceIdentity& identity,
                           const DeviceState& state,
                           const std::function<void(const std::string&, int, int)>& progress) {
  Session session(out, identity, progress);
  session.handshake(state);
  return session.converse(in);
}

}  // namespace edgefront
