#include "evaluators/torch/sgd.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace edgefront {

void sgd_step(const SgdStep& step, std::span<float> value, std::span<const float> gradient,
              std::vector<float>& velocity) {
  velocity.resize(value.size());
  const float rate = static_cast<float>(step.learning_rate);
  const float momentum = static_cast<float>(step.momentum);
  const float decay = static_cast<float>(step.weight_decay);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const float g = gradient[i] + decay * value[i];
    velocity[i] = momentum * velocity[i] + g;
    value[i] -= rate * (g + momentum * velocity[i]);
  }
}

double cosine_rate(double peak, double done, double warm_up) {
  if (done < warm_up) return peak * done / warm_up;
  const double share = std::min(1.0, (done - warm_up) / std::max(1e-12, 1 - warm_up));
  return peak * 0.5 * (1 + std::cos(std::numbers::pi * share));
}

}  // namespace edgefront
