// A trainable network built from a layer graph: forward and backward passes on libtorch, weights as
// plain arrays in the layouts of runtime/export/float_model.h. No libtorch type appears here, so
// that only two files pay for its headers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/export/float_model.h"
#include "runtime/graph.h"

namespace edgefront {

using WeightMap = std::map<std::string, FloatLayer>;  ///< as FloatModel::layers

enum class ParameterKind { kWeights, kBias, kGamma, kBeta };

/// One trainable array. Views into the network, valid until its next training step or its end.
struct Parameter {
  std::string layer;
  ParameterKind kind = ParameterKind::kWeights;
  bool convolution = false;  ///< weight decay acts on these weights only
  std::span<float> value;
  std::span<const float> gradient;  ///< empty: nothing flowed here
};

/// Real-valued, normalised NHWC images, one after another.
struct ImageBatch {
  std::span<const float> images;
  int count = 0, height = 0, width = 0, channels = 0;
};

/// What the network should say: a probability per class for each image. The loss is
/// T²·cross-entropy(softmax(logits/T), targets): hard, smoothed (T = 1) and distilled labels alike;
/// T² keeps the gradient of the distillation from vanishing with the temperature (Hinton et al.
/// 2015, "Distilling the knowledge in a neural network", §2).
struct Targets {
  std::span<const float> probabilities;
  double temperature = 1;
};

struct StepResult {
  double loss = 0;            ///< mean over the batch; not finite where training diverges
  std::vector<float> logits;  ///< count x classes
};

/// Not thread-safe; different networks may be used in different threads, also replicas of one.
/// Images of another size than the graph's input are resized bilinearly.
class Network {
 public:
  /// `weights` as initial_weights() or FloatModel::layers; missing running statistics are 0 and 1.
  Network(const LayerGraph& graph, const WeightMap& weights);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Another network with the same parameter arrays, but gradients and batch-norm statistics of its
  /// own: to work on a share of each batch in another thread.
  std::unique_ptr<Network> replica() const;

  /// Forward with batch statistics, and backward; replaces all gradients. Running statistics move
  /// towards those of the batch by 0.1.
  StepResult train_step(const ImageBatch& batch, const Targets& targets);

  /// Logits with running statistics.
  std::vector<float> logits(const ImageBatch& batch);

  /// Sets the running statistics to the mean of those of the given batches: call reset, then once
  /// for each batch.
  void reset_statistics();
  void add_statistics(const ImageBatch& batch);

  std::vector<Parameter> parameters();
  WeightMap weights() const;

 private:
  struct Impl;
  explicit Network(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One libtorch and BLAS thread for the calling thread. Every thread that uses a network calls it
/// once: work side by side is by tasks, because a parallel region of two threads waits whole
/// scheduler slices as soon as another program takes a core.
void use_one_thread();

struct LibraryDescription {
  std::string text;     ///< version of libtorch and BLAS
  std::string warning;  ///< "" = none
};
LibraryDescription describe_libraries();

}  // namespace edgefront
