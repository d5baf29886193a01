#include "runtime/probe/compare.h"

#include <cmath>
#include <set>

#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"
#include "runtime/probe/jobs.h"
#include "runtime/probe/line_reader.h"

namespace edgefront {
namespace {

constexpr const char* kCommonLayers[] = {
    "conv2d 224x224x3>112x112x32 k3 s2 relu6",
    "depthwise_conv2d 112x112x32>112x112x32 k3 s1 relu6",
    "conv2d 112x112x32>112x112x16 k1 s1 none",
    "conv2d 112x112x16>112x112x96 k1 s1 relu6",
    "depthwise_conv2d 112x112x96>56x56x96 k3 s2 relu6",
    "conv2d 56x56x24>56x56x144 k1 s1 relu6",
    "depthwise_conv2d 56x56x144>56x56x144 k3 s1 relu6",
    "conv2d 56x56x144>56x56x24 k1 s1 none+add",
    "conv2d 28x28x32>28x28x192 k1 s1 relu6",
    "depthwise_conv2d 28x28x192>28x28x192 k3 s1 relu6",
    "depthwise_conv2d 28x28x120>28x28x120 k5 s1 relu",
    "conv2d 28x28x192>28x28x32 k1 s1 none+add",
    "conv2d 14x14x64>14x14x384 k1 s1 relu6",
    "conv2d 14x14x80>14x14x480 k1 s1 hswish",
    "depthwise_conv2d 14x14x384>14x14x384 k3 s1 relu6",
    "depthwise_conv2d 14x14x672>7x7x672 k5 s2 hswish",
    "depthwise_conv2d 14x14x384>14x14x384 k7 s1 relu6",
    "conv2d 14x14x384>14x14x64 k1 s1 none+add",
    "conv2d 7x7x160>7x7x960 k1 s1 relu6",
    "depthwise_conv2d 7x7x960>7x7x960 k3 s1 relu6",
    "conv2d 7x7x960>7x7x160 k1 s1 none+add",
    "conv2d 7x7x320>7x7x1280 k1 s1 relu6",
    "global_average_pool 28x28x120>1x1x120 k1 s1 none",
    "fully_connected 1x1x120>1x1x32 k1 s1 relu",
    "fully_connected 1x1x32>1x1x120 k1 s1 hsigmoid",
    "mul 28x28x120>28x28x120 k1 s1 none",
    "fully_connected 1x1x1280>1x1x1000 k1 s1 none",
};

/// "conv2d 4x4x8>4x4x16 k1 s1 relu6 t1": without precision and kernel set.
std::string layer_text(const LayerKey& key) {
  std::string text = key.text();
  text.resize(text.rfind(' '));
  const std::size_t precision = text.find(' ');
  return text.erase(precision, text.find(' ', precision + 1) - precision);
}

std::string formatted(const char* format, double a, double b, double ratio, const char* faster) {
  char line[96];
  std::snprintf(line, sizeof line, format, a, b, ratio, faster);
  return line;
}

}  // namespace

Status rekey(LayerKey key, Precision precision, const KernelSet& set, LayerKey* out) {
  if (key.op == OpKind::kQuantize || key.op == OpKind::kDequantize) {
    return Status::invalid("layer key '" + key.text() + "' has no second precision to compare");
  }
  key.precision = precision;
  LayerGraph graph;
  if (Status s = graph_of(key, &graph); !s.ok()) return s;
  *out = key_of(graph, execution_steps(graph, set, {true, BlockPath::kBanded, {}, 0})[0], set,
                key.threads);
  return {};
}

double time_ratio(const LayerComparison& layer) {
  return layer.int8.latency_us / layer.fp32.latency_us;
}

const char* faster_precision(const LayerComparison& layer) {
  if (layer.int8.latency_high_us < layer.fp32.latency_low_us) return "int8";
  if (layer.fp32.latency_high_us < layer.int8.latency_low_us) return "fp32";
  return "-";
}

std::vector<LayerKey> common_layers() {
  std::vector<LayerKey> layers;
  for (const char* text : kCommonLayers) {
    std::string words = text;
    words.insert(words.find(' '), " int8");
    LayerKey key;
    if (LayerKey::parse(words + " t1 reference@0", &key).ok()) layers.push_back(key);
  }
  return layers;
}

Status read_comparison(std::FILE* in, std::vector<LayerKey>* layers, ProtocolOptions* protocol) {
  LineReader lines(fileno(in));
  std::string text;
  for (int line = 1; lines.next(kMaxLineBytes, &text); ++line) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    ProbeJob job;
    Status status = parse_job(text, &job);
    if (status.ok()) {
      switch (job.kind) {
        case JobKind::kProtocol:
          *protocol = job.protocol;
          break;
        case JobKind::kLayer: {
          LayerKey unused;
          status = rekey(job.key, Precision::kInt8, *kernel_sets().back(), &unused);
          layers->push_back(std::move(job.key));
          break;
        }
        case JobKind::kNetwork:
        case JobKind::kModel:
          status = Status::invalid("only layers are compared, this is a network");
          break;
        case JobKind::kReference:
        case JobKind::kRoof:
          status = Status::invalid("only layers are compared");
          break;
        case JobKind::kRun:
          break;
      }
    }
    if (!status.ok()) {
      return Status::invalid("line " + std::to_string(line) + ": " + status.message());
    }
  }
  return layers->empty() ? Status::invalid("there is no layer among the jobs") : Status();
}

Status compare_precisions(const std::vector<LayerKey>& layers, const KernelSet& set,
                          const ProtocolOptions& options, const ProbeProgress& progress,
                          std::vector<LayerComparison>* out) {
  std::vector<LayerKey> keys;  // int8, fp32, int8, …
  std::set<std::string> seen;
  for (const LayerKey& layer : layers) {
    if (!seen.insert(layer_text(layer)).second) continue;
    for (const Precision precision : {Precision::kInt8, Precision::kFloat32}) {
      LayerKey key;
      if (Status s = rekey(layer, precision, set, &key); !s.ok()) return s;
      if (Status s = check_measurable(key); !s.ok()) return s;
      keys.push_back(std::move(key));
    }
  }
  std::vector<LayerMeasurement> measured;
  if (Status s = measure_layers(keys, options, progress, &measured); !s.ok()) return s;
  out->clear();
  for (std::size_t i = 0; i < measured.size(); i += 2) {
    out->push_back({measured[i].key, measured[i].statistics, measured[i + 1].statistics});
  }
  return {};
}

std::string comparison_table(const std::vector<LayerComparison>& layers) {
  std::string table = "   int8 us    fp32 us  int8/fp32  faster  layer\n";
  double logarithms = 0;
  int int8 = 0, fp32 = 0;
  for (const LayerComparison& layer : layers) {
    const std::string faster = faster_precision(layer);
    int8 += faster == "int8";
    fp32 += faster == "fp32";
    logarithms += std::log(time_ratio(layer));
    table += formatted("%10.2f %10.2f %10.3f  %-6s  ", layer.int8.latency_us, layer.fp32.latency_us,
                       time_ratio(layer), faster.c_str());
    table += layer_text(layer.key) + "\n";
  }
  if (layers.empty()) return table;
  const int count = static_cast<int>(layers.size());
  char mean[32];
  std::snprintf(mean, sizeof mean, "%.3f", std::exp(logarithms / count));
  return table + "geometric mean " + mean + "; int8 is faster in " + std::to_string(int8) + " of " +
         std::to_string(count) + " layers, fp32 in " + std::to_string(fp32) +
         ", neither beyond the 95 % intervals in " + std::to_string(count - int8 - fp32) + "\n";
}

}  // namespace edgefront
