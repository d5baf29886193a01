#include "costmodels/precision_choice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "costmodels/min_cut.h"
#include "runtime/interpreter.h"

namespace edgefront {
namespace {

/// Picoseconds, so that sums are exact.
std::int64_t picoseconds(double us) { return std::llround(us * 1e6); }

/// A tensor between steps: who writes it, who reads it, and what its conversions cost.
struct Border {
  int writer = MinCut::kSource;  ///< node; graph inputs come as int8
  std::set<int> readers;         ///< nodes; graph outputs are read as int8
};

class Chooser {
 public:
  Chooser(const LayerGraph& graph, const DeviceProfile& profile, const KernelSet& set, int threads)
      : int8_(with_precision(graph, Precision::kInt8)),
        fp32_(with_precision(graph, Precision::kFloat32)),
        profile_(profile),
        set_(set),
        threads_(threads),
        steps_(fuse(int8_)) {}

  PrecisionChoice choose() {
    for (const Step& step : steps_) add_step(step);
    for (const std::int32_t id : int8_.outputs) borders_[id].readers.insert(MinCut::kSource);
    for (const auto& [id, border] : borders_) add_conversions(id, border);
    const std::vector<bool> sink_side = cut_.solve();
    PrecisionChoice choice;
    choice.float_layers.resize(int8_.layers.size());
    choice.steps = static_cast<int>(steps_.size());
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const bool is_float = sink_side[std::size_t(nodes_[i])];
      choice.float_steps += is_float;
      choice.int8_us += int8_us_[i];
      choice.chosen_us += is_float ? fp32_us_[i] : int8_us_[i];
      for (const std::int32_t layer :
           {steps_[i].layer, steps_[i].activation_layer, steps_[i].add_layer}) {
        if (layer >= 0) choice.float_layers[std::size_t(layer)] = is_float;
      }
    }
    choice.chosen_us += conversions_us(sink_side);
    choice.missing.assign(missing_.begin(), missing_.end());
    return choice;
  }

 private:
  const LatencyStatistics* entry(const LayerKey& key) {
    const std::string text = key.text();
    const auto found = profile_.layers.find(text);
    if (found != profile_.layers.end()) return &found->second.statistics;
    missing_.insert(text);
    return nullptr;
  }

  void add_step(const Step& step) {
    const int node = cut_.add_node();
    nodes_.push_back(node);
    const LatencyStatistics* int8 = entry(key_of(int8_, step, set_, threads_));
    const LatencyStatistics* fp32 = entry(key_of(fp32_, step, set_, threads_));
    const bool both = int8 != nullptr && fp32 != nullptr;
    // A node on the source side is int8 and pays its edge to the sink, and the other way round.
    cut_.add_edge(node, MinCut::kSink, both ? picoseconds(int8->latency_low_us) : 0);
    cut_.add_edge(MinCut::kSource, node,
                  both ? picoseconds(fp32->latency_high_us) : MinCut::kNever);
    int8_us_.push_back(int8 != nullptr ? int8->latency_us : 0);
    fp32_us_.push_back(fp32 != nullptr ? fp32->latency_us : 0);
    for (const std::int32_t id : {step.input, step.input2, step.residual}) {
      if (id >= 0) borders_[id].readers.insert(node);
    }
    borders_[step.output].writer = node;
  }

  const LatencyStatistics* conversion(OpKind op, std::int32_t tensor) {
    LayerKey key;
    key.op = op;
    key.precision = op == OpKind::kQuantize ? Precision::kInt8 : Precision::kFloat32;
    key.input = key.output = int8_.tensors[std::size_t(tensor)].shape;
    key.threads = threads_;
    key.kernel_set = set_.name;
    key.kernel_version = set_.elementwise_version;
    return entry(key);
  }

  std::int64_t conversion_cost(OpKind op, std::int32_t tensor) {
    const LatencyStatistics* statistics = conversion(op, tensor);
    return statistics != nullptr ? picoseconds(statistics->latency_high_us) : MinCut::kNever;
  }

  void add_conversions(std::int32_t tensor, const Border& border) {
    // fp32 writer, an int8 reader: `any_int8` is dragged to the source side by such a reader.
    const int any_int8 = cut_.add_node();
    for (const int reader : border.readers) cut_.add_edge(reader, any_int8, MinCut::kNever);
    cut_.add_edge(any_int8, border.writer, conversion_cost(OpKind::kQuantize, tensor));
    // int8 writer, an fp32 reader: `any_float` is dragged to the sink side by such a reader.
    const int any_float = cut_.add_node();
    for (const int reader : border.readers) cut_.add_edge(any_float, reader, MinCut::kNever);
    cut_.add_edge(border.writer, any_float, conversion_cost(OpKind::kDequantize, tensor));
  }

  double conversions_us(const std::vector<bool>& is_float) {
    double sum = 0;
    for (const auto& [id, border] : borders_) {
      const bool written_float = is_float[std::size_t(border.writer)];
      const bool differs =
          std::any_of(border.readers.begin(), border.readers.end(),
                      [&](int reader) { return is_float[std::size_t(reader)] != written_float; });
      if (!differs) continue;
      sum += conversion(written_float ? OpKind::kQuantize : OpKind::kDequantize, id)->latency_us;
    }
    return sum;
  }

  const LayerGraph int8_, fp32_;
  const DeviceProfile& profile_;
  const KernelSet& set_;
  const int threads_;
  const std::vector<Step> steps_;
  MinCut cut_;
  std::vector<int> nodes_;  ///< per step
  std::vector<double> int8_us_, fp32_us_;
  std::map<std::int32_t, Border> borders_;
  std::set<std::string> missing_;
};

}  // namespace

PrecisionChoice cheapest_precisions(const LayerGraph& graph, const DeviceProfile& profile,
                                    const KernelSet& set, int threads) {
  return Chooser(graph, profile, set, threads).choose();
}

}  // namespace edgefront
