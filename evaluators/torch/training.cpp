#include "evaluators/torch/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>
#include <thread>

#include "evaluators/torch/sgd.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr int kJudgeBatch = 250;
constexpr double kProgressSeconds = 0.5;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<float> normal_values(std::int64_t count, double stddev, RandomStream& random) {
  std::vector<float> out(count);
  for (float& v : out) v = static_cast<float>(stddev * random.normal());
  return out;
}

/// One network or several replicas of it, each on its share of every batch.
class Replicas {
 public:
  Replicas(Network& network, int threads) : all_{&network} {
    for (int i = 1; i < threads; ++i) {
      owned_.push_back(network.replica());
      all_.push_back(owned_.back().get());
    }
    velocities_.resize(network.parameters().size());
  }

  /// Gradients of the whole batch; returns its mean loss.
  double gradients(const ImageBatch& batch, std::span<const float> targets) {
    const int n = static_cast<int>(all_.size());
    const std::size_t image = batch.images.size() / batch.count;
    const std::size_t classes = targets.size() / batch.count;
    std::vector<double> losses(n);
    run_side_by_side(n, [&](int i) {
      const int begin = batch.count * i / n, count = batch.count * (i + 1) / n - begin;
      ImageBatch part = batch;
      part.count = count;
      part.images = batch.images.subspan(begin * image, count * image);
      const Targets wanted{.probabilities = targets.subspan(begin * classes, count * classes)};
      losses[i] = all_[i]->train_step(part, wanted).loss;
    });
    double sum = 0;
    for (double loss : losses) sum += loss / n;
    return sum;
  }

  void step(const SgdStep& step) {
    std::vector<Parameter> parameters = all_[0]->parameters();
    std::vector<std::vector<Parameter>> others;
    for (std::size_t r = 1; r < all_.size(); ++r) others.push_back(all_[r]->parameters());
    std::vector<float> mean;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      Parameter& p = parameters[i];
      if (p.gradient.empty()) continue;
      mean.assign(p.gradient.begin(), p.gradient.end());
      for (const auto& other : others) {
        for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += other[i].gradient[k];
      }
      if (!others.empty()) {
        for (float& g : mean) g /= static_cast<float>(all_.size());
      }
      SgdStep own = step;
      if (p.kind != ParameterKind::kWeights || !p.convolution) own.weight_decay = 0;
      sgd_step(own, p.value, mean, velocities_[i]);
    }
  }

 private:
  std::vector<Network*> all_;
  std::vector<std::unique_ptr<Network>> owned_;
  std::vector<std::vector<float>> velocities_;
};

/// The loop itself; throws what libtorch throws.
std::string train_steps(Network& network, const BatchMaker& batches, const std::vector<int>& images,
                        const TrainOptions& options, int classes, std::uint64_t seed,
                        const std::string& what, const EvaluatorProgress& progress) {
  use_one_thread();
  const std::int64_t total = std::llround(options.epochs * images.size());
  const int batch_size = std::max(1, std::min(options.batch_size, static_cast<int>(images.size())));
  const std::int64_t steps = std::max<std::int64_t>(1, (total + batch_size - 1) / batch_size);
  const double warm_up = std::min(0.25, options.warm_up_epochs / std::max(1e-9, options.epochs));
  ImageOrder order(images, mix_seed(seed, 1));
  Replicas replicas(network, std::clamp(options.threads, 1, batch_size));
  std::vector<float> pixels;
  const auto start = std::chrono::steady_clock::now();
  double reported = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    RandomStream random(mix_seed(seed, 2), step);
    const std::vector<int> chosen = order.next(batch_size);
    const ImageBatch batch = batches.augmented(
        chosen, {.shift_pixels = options.shift_pixels, .flip = options.flip}, random, pixels);
    const double loss = replicas.gradients(
        batch, smoothed_targets(batches, chosen, classes, options.label_smoothing));
    if (!std::isfinite(loss)) return "diverged at step " + std::to_string(step);
    const double peak = options.learning_rate * batch_size / 128;
    replicas.step({.learning_rate = cosine_rate(peak, (step + 1.0) / (steps + 1), warm_up),
                   .momentum = options.momentum,
                   .weight_decay = options.weight_decay});
    const double elapsed = seconds_since(start);
    if (progress && (elapsed - reported > kProgressSeconds || step + 1 == steps)) {
      reported = elapsed;
      progress(what, (step + 1) * batch_size, steps * batch_size,
               (step + 1) * batch_size / std::max(1e-9, elapsed));
    }
  }
  return "";
}

}  // namespace

WeightMap initial_weights(const LayerGraph& graph, std::uint64_t seed) {
  WeightMap out;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    if (!has_weights(layer.op)) continue;
    RandomStream random(mix_seed(seed, 3), i);
    const std::int64_t in = graph.tensors[layer.inputs[0]].shape.channels;
    const std::int64_t channels = graph.tensors[layer.output].shape.channels;
    const double taps = double(layer.kernel_size) * layer.kernel_size;
    FloatLayer& to = out[layer.name];
    if (layer.op == OpKind::kFullyConnected) {
      to.weights = normal_values(channels * in, 1 / std::sqrt(3.0 * in), random);
      to.bias.assign(channels, 0.0f);
      continue;
    }
    const double fan = layer.op == OpKind::kDepthwiseConv2d ? taps : taps * channels;
    to.weights = normal_values(weight_count(graph, layer), std::sqrt(2 / fan), random);
    to.batch_norm.gamma.assign(channels, 1.0f);
    to.batch_norm.beta.assign(channels, 0.0f);
  }
  return out;
}

std::string train_network(Network& network, const BatchMaker& batches,
                          const std::vector<int>& images, const TrainOptions& options, int classes,
                          std::uint64_t seed, const std::string& what,
                          const EvaluatorProgress& progress) {
  try {
    return train_steps(network, batches, images, options, classes, seed, what, progress);
  } catch (const InputError&) {
    throw;
  } catch (const EnvironmentError&) {
    throw;
  } catch (const std::exception& error) {
    return failure_text(error);
  }
}

void recalibrate(Network& network, const BatchMaker& batches, std::span<const int> images) {
  std::vector<float> pixels;
  network.reset_statistics();
  for (std::size_t begin = 0; begin < images.size(); begin += kJudgeBatch) {
    const auto part =
        images.subspan(begin, std::min<std::size_t>(kJudgeBatch, images.size() - begin));
    network.add_statistics(batches.plain(part, pixels));
  }
}

double error_percent(Network& network, const BatchMaker& batches, std::span<const int> images) {
  std::vector<float> pixels;
  std::int64_t wrong = 0;
  for (std::size_t begin = 0; begin < images.size(); begin += kJudgeBatch) {
    const auto part =
        images.subspan(begin, std::min<std::size_t>(kJudgeBatch, images.size() - begin));
    const std::vector<float> logits = network.logits(batches.plain(part, pixels));
    const std::size_t classes = logits.size() / part.size();
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto row = logits.begin() + i * classes;
      wrong += std::max_element(row, row + classes) - row != batches.label(part[i]);
    }
  }
  return 100.0 * wrong / std::max<std::size_t>(1, images.size());
}

std::string failure_text(const std::exception& error) {
  const std::string message = error.what();
  if (dynamic_cast<const std::bad_alloc*>(&error) ||
      message.find("not enough memory") != std::string::npos ||
      message.find("can't allocate memory") != std::string::npos) {
    return "out of memory";
  }
  return "training failed: " + message.substr(0, message.find('\n'));
}

void run_side_by_side(int count, const std::function<void(int)>& task) {
  std::vector<std::exception_ptr> errors(count);
  const auto guarded = [&](int i) {
    try {
      use_one_thread();
      task(i);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < count; ++i) threads.emplace_back(guarded, i);
  guarded(0);
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

void check_data_fits(const SearchSpace& space, const Dataset& data, int held_out) {
  const auto refuse = [&](const std::string& what, std::int64_t came, std::int64_t accepted) {
    throw InputError("data " + data.name + " does not fit space " + space.name + ": " + what +
                     " is " + std::to_string(came) + ", the space has " + std::to_string(accepted));
  };
  if (data.train.channels != space.input_channels) {
    refuse("number of channels", data.train.channels, space.input_channels);
  }
  if (static_cast<int>(data.class_names.size()) != space.classes) {
    refuse("number of classes", static_cast<int>(data.class_names.size()), space.classes);
  }
  if (held_out < 1 || held_out >= data.train.count()) {
    throw InputError("held_out is " + std::to_string(held_out) + ", accepted is 1 to " +
                     std::to_string(data.train.count() - 1) + " (training images of " + data.name +
                     " less one)");
  }
}

}  // namespace edgefront
