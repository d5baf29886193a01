// oneDNN at its best: every combination of the choices that it leaves to its user is built and
// timed, the fastest one competes.
#include <omp.h>

#include <algorithm>
#include <limits>
#include <map>

#include "tests/bench/peers/onednn_network.h"

namespace edgefront::peers {
namespace {

class OneDnnEngine : public Engine {
 public:
  OneDnnEngine(const Network& network, const EngineOptions& options, const OneDnnVariant& variant)
      : input_(network.input),
        threads_(options.threads),
        notes_(variant.text(options.precision)),
        steps_(fuse(network.model(options.precision).graph)),
        network_((omp_set_num_threads(options.threads), network.model(options.precision)),
                 variant) {}

  void write_input() override { network_.write_input(input_); }
  void run() override {
    omp_set_num_threads(threads_);
    network_.run();
  }
  std::vector<float> output() override { return network_.output(); }
  std::vector<double> run_timed() override { return network_.run_timed(); }
  std::vector<std::int32_t> step_layers() const override {
    std::vector<std::int32_t> layers;
    for (const Step& step : steps_) layers.push_back(step.layer);
    return layers;
  }
  std::string step_name(int step) const override { return network_.step_name(step); }
  std::string notes() const override { return notes_; }

 private:
  const std::vector<float>& input_;
  int threads_;
  std::string notes_;
  std::vector<Step> steps_;
  OneDnnNetwork network_;
};

std::vector<OneDnnVariant> variants(Precision precision) {
  std::vector<OneDnnVariant> result;
  for (const bool any_layout : {true, false}) {
    for (const bool is_unsigned : {true, false}) {
      for (const bool as_conv : {false, true}) {
        if (precision == Precision::kFloat32 && !is_unsigned) continue;
        result.push_back({any_layout, is_unsigned, as_conv});
      }
    }
  }
  return result;
}

/// oneDNN takes the limit once, before its first primitive.
std::string limit_isa(const std::string& isa) {
  static const std::map<std::string, dnnl::cpu_isa> kIsas = {
      {"avx2", dnnl::cpu_isa::avx2},
      {"avx2_vnni", dnnl::cpu_isa::avx2_vnni},
      {"avx512_core", dnnl::cpu_isa::avx512_core},
      {"avx512_core_vnni", dnnl::cpu_isa::avx512_core_vnni}};
  static std::string limited;
  if (isa.empty() || isa == limited) return "";
  limited = isa;
  const dnnl::status status = dnnl::set_max_cpu_isa(kIsas.at(isa));
  return status == dnnl::status::success ? "" : "it cannot be limited to " + isa;
}

struct Candidate {
  std::unique_ptr<OneDnnEngine> engine;
  bool agrees = false;
  double fastest_us = std::numeric_limits<double>::max();
  /// An engine that computes something else does not win by being faster.
  bool better_than(const Candidate& other) const {
    return agrees != other.agrees ? agrees : fastest_us < other.fastest_us;
  }
};

}  // namespace

EngineOrReason make_onednn(const Network& network, const EngineOptions& options) {
  constexpr int kRounds = 8, kRuns = 3;
  if (std::string reason = limit_isa(options.isa); !reason.empty()) return {nullptr, reason};
  std::vector<Candidate> candidates;
  std::string reason;
  for (const OneDnnVariant& variant : variants(options.precision)) {
    try {
      Candidate c;
      c.engine = std::make_unique<OneDnnEngine>(network, options, variant);
      c.engine->write_input();
      c.engine->run();
      c.agrees = difference(network, options.precision, c.engine->output()) <=
                 allowed_difference(options.precision);
      candidates.push_back(std::move(c));
    } catch (const std::exception& error) {
      reason = error.what();
    }
  }
  if (candidates.empty()) return {nullptr, reason};
  for (int round = 0; round < kRounds; ++round) {
    for (Candidate& c : candidates) {
      for (int run = 0; run < kRuns; ++run) {
        c.fastest_us = std::min(c.fastest_us, median_us(*c.engine, 1, options.threads));
      }
    }
  }
  Candidate& best =
      *std::min_element(candidates.begin(), candidates.end(),
                        [](const Candidate& a, const Candidate& b) { return a.better_than(b); });
  return {std::move(best.engine), ""};
}

}  // namespace edgefront::peers
