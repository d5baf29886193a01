#include "evaluators/predictor_evaluator.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>

#include "space/error.h"

namespace edgefront {
namespace {

constexpr int kInputs = 128, kResolutions = 8, kSmallestResolution = 112, kResolutionStep = 16;
constexpr std::array<int, 3> kKernels{3, 5, 7}, kExpansions{3, 4, 6};

/// Index of `value` among the three that the predictor knows.
std::size_t one_of(const std::array<int, 3>& known, int value, const char* what) {
  const auto found = std::find(known.begin(), known.end(), value);
  if (found == known.end()) {
    throw InputError(std::string("predictor: ") + what + " " + std::to_string(value) +
                     "; accepted are " + std::to_string(known[0]) + ", " +
                     std::to_string(known[1]) + " and " + std::to_string(known[2]));
  }
  return static_cast<std::size_t>(found - known.begin());
}

/// What a genotype says to named decisions.
class Answers {
 public:
  Answers(const SearchSpace& space, const Genotype& genotype) {
    for (std::size_t i = 0; i < space.decisions.size(); ++i) {
      texts_[space.decisions[i].name] = &space.decisions[i].choices[genotype.choices[i]];
    }
  }
  /// The chosen number, or `fixed` where there is nothing to decide.
  int number(const std::string& decision, double fixed) const {
    const auto found = texts_.find(decision);
    if (found == texts_.end()) return static_cast<int>(fixed);
    int value = 0;
    std::from_chars(found->second->data(), found->second->data() + found->second->size(), value);
    return value;
  }

 private:
  std::map<std::string, const std::string*> texts_;
};

class PredictorEvaluator : public AccuracyEvaluator {
 public:
  PredictorEvaluator(const SearchSpace& space, std::vector<DenseLayer> layers)
      : space_(space), layers_(std::move(layers)) {}

  std::string prepare(const std::string&, const EvaluatorProgress&) override { return ""; }

  Accuracy evaluate(const AccuracyRequest& request) override {
    const Genotype genotype = canonical(space_, request.genotype);
    Accuracy accuracy;
    accuracy.ok = true;
    accuracy.error_percent =
        100 * (1 - run_dense(layers_, ofa_inputs(ofa_setting(space_, genotype))).front());
    return accuracy;
  }

 private:
  const SearchSpace space_;
  const std::vector<DenseLayer> layers_;
};

}  // namespace

std::vector<double> run_dense(std::span<const DenseLayer> layers, std::vector<double> values) {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const DenseLayer& layer = layers[l];
    std::vector<double> next = layer.bias;
    for (std::size_t o = 0; o < next.size(); ++o) {
      const double* weights = layer.weights.data() + o * values.size();
      for (std::size_t i = 0; i < values.size(); ++i) next[o] += weights[i] * values[i];
      if (l + 1 < layers.size()) next[o] = std::max(next[o], 0.0);
    }
    values = std::move(next);
  }
  return values;
}

std::vector<double> ofa_inputs(const OfaSetting& setting) {
  constexpr std::size_t kSlots = OfaSetting::kStages * OfaSetting::kBlocks;
  std::vector<double> inputs(kInputs, 0.0);
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    if (setting.kernel_size[slot] == 0) continue;
    inputs[slot * 3 + one_of(kKernels, setting.kernel_size[slot], "kernel_size")] = 1;
    inputs[kSlots * 3 + slot * 3 +
           one_of(kExpansions, setting.expand_ratio[slot], "expand_ratio")] = 1;
  }
  const int steps = (setting.resolution - kSmallestResolution) / kResolutionStep;
  if (setting.resolution < kSmallestResolution || steps >= kResolutions ||
      setting.resolution % kResolutionStep != 0) {
    throw InputError("predictor: resolution " + std::to_string(setting.resolution) +
                     "; accepted are 112, 128, … 224");
  }
  inputs[kSlots * 6 + static_cast<std::size_t>(steps)] = 1;
  return inputs;
}

OfaSetting ofa_setting(const SearchSpace& space, const Genotype& genotype) {
  const Answers answers(space, genotype);
  OfaSetting setting;
  setting.resolution = answers.number("resolution", space.resolution.front());
  int varying = 0;
  for (std::size_t s = 0; s < space.stages.size(); ++s) {
    const StageChoices& stage = space.stages[s];
    if (stage.depth.size() < 2) continue;
    if (varying == OfaSetting::kStages) break;
    const std::string name = "stage" + std::to_string(s + 1);
    const int depth = answers.number(name + ".depth", stage.depth.front());
    if (depth > OfaSetting::kBlocks) {
      throw InputError("predictor: " + space.name + ": " + name + " has " + std::to_string(depth) +
                       " blocks; accepted are at most 4");
    }
    for (int b = 0; b < depth; ++b) {
      const std::string block = name + ".block" + std::to_string(b + 1);
      const auto slot = static_cast<std::size_t>(varying * OfaSetting::kBlocks + b);
      setting.kernel_size[slot] =
          answers.number(block + ".kernel_size", stage.block.kernel_size.front());
      setting.expand_ratio[slot] =
          answers.number(block + ".expand_ratio", stage.block.expand_ratio.front());
    }
    ++varying;
  }
  if (varying != OfaSetting::kStages) {
    throw InputError("predictor: " + space.name + " has " + std::to_string(varying) +
                     " stages with a choice of depth; accepted are the five of Once-for-All");
  }
  return setting;
}

std::unique_ptr<AccuracyEvaluator> make_predictor_evaluator(const SearchSpace& space,
                                                            std::vector<DenseLayer> layers) {
  int width = kInputs;
  for (const DenseLayer& layer : layers) {
    const auto weights = static_cast<std::size_t>(layer.inputs) *
                         static_cast<std::size_t>(std::max(layer.outputs, 0));
    if (layer.inputs != width || layer.outputs < 1 || layer.weights.size() != weights ||
        layer.bias.size() != static_cast<std::size_t>(layer.outputs)) {
      throw InputError("predictor: a layer of " + std::to_string(layer.inputs) + " inputs and " +
                       std::to_string(layer.outputs) + " outputs follows " + std::to_string(width) +
                       " values");
    }
    width = layer.outputs;
  }
  if (layers.empty() || width != 1) throw InputError("predictor: its last layer has one output");
  // A space that does not fit is refused now, not by the first candidate.
  ofa_inputs(
      ofa_setting(space, canonical(space, {std::vector<std::uint8_t>(space.decisions.size(), 0)})));
  return std::make_unique<PredictorEvaluator>(space, std::move(layers));
}

}  // namespace edgefront
