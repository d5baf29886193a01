#include "evaluators/torch/supernet_training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "evaluators/torch/sgd.h"
#include "evaluators/torch/training.h"
#include "space/lower.h"

namespace edgefront {
namespace {

constexpr double kMomentum = 0.9;
constexpr double kWeightDecay = 1e-5;
constexpr double kWarmUp = 0.05;
constexpr double kAllFreed = 0.7;  ///< of the training, then all decisions are drawn
/// Gradients of all networks of a step are scaled down to this length at most: the first steps of a
/// new random network through half-trained weights throw the others back otherwise.
constexpr double kLongestGradient = 5;
constexpr double kProgressSeconds = 0.5;

struct SubNetwork {
  Architecture architecture;
  LayerGraph graph;
};

SubNetwork sub_network(const SearchSpace& space, const Genotype& genotype) {
  SubNetwork out;
  out.architecture = decode(space, canonical(space, genotype));
  out.graph = lower(out.architecture);
  return out;
}

/// Each decision with probability `freed` uniformly (unlike uniform over networks, this visits
/// shallow ones as well), otherwise as in `largest`.
Genotype random_genotype(const SearchSpace& space, const Genotype& largest, double freed,
                         RandomStream& random) {
  Genotype out = largest;
  for (std::size_t i = 0; i < out.choices.size(); ++i) {
    const auto choice = static_cast<std::uint8_t>(random.below(space.decisions[i].choices.size()));
    if (random.uniform() < freed) out.choices[i] = choice;
  }
  return out;
}

std::vector<float> softened(std::vector<float> logits, std::size_t classes, double temperature) {
  for (std::size_t begin = 0; begin < logits.size(); begin += classes) {
    float* row = logits.data() + begin;
    const float top = *std::max_element(row, row + classes);
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      row[c] = static_cast<float>(std::exp((row[c] - top) / temperature));
      sum += row[c];
    }
    for (std::size_t c = 0; c < classes; ++c) row[c] = static_cast<float>(row[c] / sum);
  }
  return logits;
}

/// One thread's share of a batch through all networks of the step; the first is the teacher. Adds
/// to `sums` and returns the teacher's loss, or one that is not finite.
double train_side(const SharedWeights& shared, const std::vector<SubNetwork>& networks,
                  const ImageBatch& batch, std::span<const float> labels, double temperature,
                  SharedWeights::Sums& sums) {
  Targets targets{.probabilities = labels};
  std::vector<float> taught;
  double loss = 0;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const SubNetwork& sub = networks[i];
    Network network(sub.graph, shared.extract(sub.architecture, sub.graph));
    StepResult result = network.train_step(batch, targets);
    if (!std::isfinite(result.loss)) return result.loss;
    SharedWeights::add_gradients(sub.architecture, sub.graph, network.parameters(), sums);
    if (i == 0) {
      loss = result.loss;
      taught = softened(std::move(result.logits), labels.size() / batch.count, temperature);
      targets = {.probabilities = taught, .temperature = temperature};
    }
  }
  return loss;
}

/// sums[0] := mean over the threads; clears the others.
void merge(std::vector<SharedWeights::Sums>& sums) {
  for (auto& [key, total] : sums[0]) {
    for (const ParameterKind kind : {ParameterKind::kWeights, ParameterKind::kBias,
                                     ParameterKind::kGamma, ParameterKind::kBeta}) {
      std::vector<float>& to = total.array(kind);
      for (std::size_t t = 1; t < sums.size(); ++t) {
        std::vector<float>& from = sums[t].at(key).array(kind);
        for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
        std::fill(from.begin(), from.end(), 0.0f);
      }
      for (float& g : to) g /= static_cast<float>(sums.size());
    }
  }
}

double length_of(const SharedWeights::Sums& sums) {
  double squares = 0;
  for (const auto& [key, layer] : sums) {
    for (const auto* a : {&layer.weights, &layer.bias, &layer.gamma, &layer.beta}) {
      for (float g : *a) squares += double(g) * g;
    }
  }
  return std::sqrt(squares);
}

/// Moves what some network of this step used, and clears the sums.
void apply(SharedWeights& shared, SharedWeights::Sums& sums, SharedWeights::Sums& velocities,
           double rate) {
  const float scale = static_cast<float>(std::min(1.0, kLongestGradient / length_of(sums)));
  for (auto& [key, sum] : sums) {
    if (!sum.touched) continue;
    sum.touched = false;
    for (const ParameterKind kind : {ParameterKind::kWeights, ParameterKind::kBias,
                                     ParameterKind::kGamma, ParameterKind::kBeta}) {
      std::vector<float>& gradient = sum.array(kind);
      for (float& g : gradient) g *= scale;
      const bool decays = kind == ParameterKind::kWeights && sum.op != OpKind::kFullyConnected;
      sgd_step({.learning_rate = rate,
                .momentum = kMomentum,
                .weight_decay = decays ? kWeightDecay : 0.0},
               shared.layers().at(key).array(kind), gradient, velocities.at(key).array(kind));
      std::fill(gradient.begin(), gradient.end(), 0.0f);
    }
  }
}

/// Steps done and wanted, by number or by the clock.
class Budget {
 public:
  explicit Budget(const SupernetOptions& options) : options_(options) {}
  double elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  double done(std::int64_t step) const {
    return options_.steps > 0 ? double(step) / options_.steps : elapsed() / options_.seconds;
  }

 private:
  const SupernetOptions& options_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::string train_steps(SharedWeights& shared, const SearchSpace& space, const BatchMaker& batches,
                        const std::vector<int>& images, const SupernetOptions& options,
                        std::uint64_t seed, const EvaluatorProgress& progress) {
  const int threads = std::clamp(options.threads, 1, options.batch_size);
  const Genotype largest = largest_genotype(space);
  const SubNetwork teacher = sub_network(space, largest);
  ImageOrder order(images, mix_seed(seed, 5));
  std::vector<SharedWeights::Sums> sums(threads, shared.zeros());
  SharedWeights::Sums velocities = shared.zeros();
  std::vector<float> pixels;
  const Budget budget(options);
  double reported = 0;
  for (std::int64_t step = 0; budget.done(step) < 1; ++step) {
    RandomStream random(mix_seed(seed, 6), step);
    std::vector<SubNetwork> networks{teacher};
    const double freed = std::min(1.0, budget.done(step) / kAllFreed);
    for (int i = 0; i < options.random_subnets; ++i) {
      networks.push_back(sub_network(space, random_genotype(space, largest, freed, random)));
    }
    const std::vector<int> chosen = order.next(options.batch_size);
    const ImageBatch batch = batches.augmented(
        chosen, {.shift_pixels = options.shift_pixels, .flip = options.flip}, random, pixels);
    const std::vector<float> labels = smoothed_targets(batches, chosen, space.classes, 0);
    std::vector<double> losses(threads);
    run_side_by_side(threads, [&](int t) {
      const int begin = batch.count * t / threads, end = batch.count * (t + 1) / threads;
      const std::size_t image = batch.images.size() / batch.count, classes = space.classes;
      ImageBatch part = batch;
      part.count = end - begin;
      part.images = batch.images.subspan(begin * image, (end - begin) * image);
      losses[t] = train_side(shared, networks, part,
                             std::span(labels).subspan(begin * classes, (end - begin) * classes),
                             options.distillation_temperature, sums[t]);
    });
    for (double loss : losses) {
      if (!std::isfinite(loss)) return "diverged at step " + std::to_string(step);
    }
    for (auto& [key, layer] : sums[0]) {
      for (std::size_t t = 1; t < sums.size(); ++t) {
        layer.touched |= std::exchange(sums[t].at(key).touched, false);
      }
    }
    merge(sums);
    apply(shared, sums[0], velocities,
          cosine_rate(options.learning_rate, budget.done(step + 1), kWarmUp));
    const double elapsed = budget.elapsed();
    if (progress && elapsed - reported > kProgressSeconds) {
      reported = elapsed;
      const double share = std::min(1.0, budget.done(step + 1));
      const auto done = (step + 1) * options.batch_size;
      progress("supernet", done, static_cast<std::int64_t>(done / std::max(share, 1e-9)),
               done / elapsed);
    }
  }
  return "";
}

}  // namespace

std::string train_supernet(SharedWeights& shared, const SearchSpace& space,
                           const BatchMaker& batches, const std::vector<int>& images,
                           const SupernetOptions& options, std::uint64_t seed,
                           const EvaluatorProgress& progress) {
  try {
    return train_steps(shared, space, batches, images, options, seed, progress);
  } catch (const std::exception& error) {
    return failure_text(error);
  }
}

}  // namespace edgefront
