// Stochastic gradient descent with Nesterov momentum on plain arrays.
#pragma once

#include <span>
#include <vector>

namespace edgefront {

struct SgdStep {
  double learning_rate = 0.1;
  double momentum = 0.9;
  double weight_decay = 0;
};

/// One array: g = gradient + weight_decay·value; velocity = momentum·velocity + g;
/// value −= learning_rate·(g + momentum·velocity). An empty velocity starts at zero.
void sgd_step(const SgdStep& step, std::span<float> value, std::span<const float> gradient,
              std::vector<float>& velocity);

/// Rate after the share `done` of a training: rises linearly over the first `warm_up` share, then
/// falls by half a cosine to zero (Loshchilov & Hutter 2017, "SGDR", without restarts).
double cosine_rate(double peak, double done, double warm_up);

}  // namespace edgefront
