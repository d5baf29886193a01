#include "evaluators/torch/sgd.h"

#include <doctest/doctest.h>

using namespace edgefront;

TEST_CASE("two Nesterov steps worked out by hand") {
  std::vector<float> value{1.0f}, velocity;
  const std::vector<float> gradient{0.5f};
  const SgdStep step{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.1};
  // g = 0.5 + 0.1·1 = 0.6, v = 0.6, value = 1 − 0.1·(0.6 + 0.54) = 0.886
  sgd_step(step, value, gradient, velocity);
  CHECK(value[0] == doctest::Approx(0.886));
  // g = 0.5886, v = 0.54 + 0.5886 = 1.1286, value = 0.886 − 0.1·(0.5886 + 1.01574)
  sgd_step(step, value, gradient, velocity);
  CHECK(velocity[0] == doctest::Approx(1.1286));
  CHECK(value[0] == doctest::Approx(0.725566));
}

TEST_CASE("the rate rises linearly, peaks after the warm-up and falls by half a cosine to zero") {
  CHECK(cosine_rate(0.4, 0.05, 0.1) == doctest::Approx(0.2));
  CHECK(cosine_rate(0.4, 0.1, 0.1) == doctest::Approx(0.4));
  CHECK(cosine_rate(0.4, 0.55, 0.1) == doctest::Approx(0.2));
  CHECK(cosine_rate(0.4, 1.0, 0.1) == doctest::Approx(0.0));
  CHECK(cosine_rate(0.4, 1.2, 0.1) == doctest::Approx(0.0));
  CHECK(cosine_rate(0.4, 0.0, 0.0) == doctest::Approx(0.4));
}
