#include <algorithm>
#include <cassert>
#include <cmath>

#include "evaluators/torch/clones.h"
#include "evaluators/torch/kernels.h"

namespace edgefront::torch_kernels {
namespace {

/// Rows whose sums are kept in binary32 before they are added up in binary64.
constexpr std::int64_t kRowsPerSum = 128;

/// activation(z) and its derivative, written without branches so that loops over channels
/// vectorise, and so that NaN goes through: divergence must reach the loss.
template <Activation kActivation>
EDGEFRONT_INLINE float activate(float z) {
  if constexpr (kActivation == Activation::kRelu) return z < 0.0f ? 0.0f : z;
  if constexpr (kActivation == Activation::kRelu6) {
    const float low = z < 0.0f ? 0.0f : z;
    return low > 6.0f ? 6.0f : low;
  }
  if constexpr (kActivation == Activation::kHswish) {
    const float low = z + 3.0f < 0.0f ? 0.0f : z + 3.0f;
    return z * (low > 6.0f ? 6.0f : low) * (1.0f / 6.0f);
  }
  return z;
}

template <Activation kActivation>
EDGEFRONT_INLINE float slope(float z) {
  if constexpr (kActivation == Activation::kRelu) return z > 0.0f ? 1.0f : 0.0f;
  if constexpr (kActivation == Activation::kRelu6) {
    const float above = z > 0.0f ? 1.0f : 0.0f;
    return z < 6.0f ? above : 0.0f;
  }
  if constexpr (kActivation == Activation::kHswish) {
    const float middle = (2.0f * z + 3.0f) * (1.0f / 6.0f);
    const float low = z > -3.0f ? middle : 0.0f;
    return z < 3.0f ? low : 1.0f;
  }
  return 1.0f;
}

template <Activation kActivation>
EDGEFRONT_INLINE void apply(std::span<const float> x, const float* scale, const float* shift,
                            std::int64_t channels, float* y) {
  const std::int64_t rows = static_cast<std::int64_t>(x.size()) / channels;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* from = x.data() + r * channels;
    float* to = y + r * channels;
    EDGEFRONT_VECTOR_LOOP
    for (std::int64_t c = 0; c < channels; ++c) {
      to[c] = activate<kActivation>(from[c] * scale[c] + shift[c]);
    }
  }
}

/// First pass: Σ g and Σ g·x̂ per channel, where g = dL/dy·activation'(z).
template <Activation kActivation>
EDGEFRONT_INLINE void sum_gradients(const NormBackward& a, const float* scale, const float* shift,
                                    double* sum_g, double* sum_gx, float* part_g, float* part_gx) {
  const std::int64_t channels = a.mean.size();
  const std::int64_t rows = static_cast<std::int64_t>(a.x.size()) / channels;
  for (std::int64_t begin = 0; begin < rows; begin += kRowsPerSum) {
    std::fill_n(part_g, channels, 0.0f);
    std::fill_n(part_gx, channels, 0.0f);
    for (std::int64_t r = begin; r < std::min(rows, begin + kRowsPerSum); ++r) {
      const float* x = a.x.data() + r * channels;
      const float* dy = a.y_gradient.data() + r * channels;
      EDGEFRONT_VECTOR_LOOP
      for (std::int64_t c = 0; c < channels; ++c) {
        const float g = dy[c] * slope<kActivation>(x[c] * scale[c] + shift[c]);
        part_g[c] += g;
        part_gx[c] += g * (x[c] - a.mean[c]);
      }
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      sum_g[c] += part_g[c];
      sum_gx[c] += double(part_gx[c]) * a.inverse_stddev[c];
    }
  }
}

/// Second pass: dx = g·scale + x·from_x + constant, with the per-channel numbers of the first.
template <Activation kActivation>
EDGEFRONT_INLINE void input_gradients(const NormBackward& a, const float* scale, const float* shift,
                                      const float* from_x, const float* constant, float* dx) {
  const std::int64_t channels = a.mean.size();
  const std::int64_t rows = static_cast<std::int64_t>(a.x.size()) / channels;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* x = a.x.data() + r * channels;
    const float* dy = a.y_gradient.data() + r * channels;
    float* to = dx + r * channels;
    EDGEFRONT_VECTOR_LOOP
    for (std::int64_t c = 0; c < channels; ++c) {
      const float g = dy[c] * slope<kActivation>(x[c] * scale[c] + shift[c]);
      to[c] = g * scale[c] + x[c] * from_x[c] + constant[c];
    }
  }
}

template <Activation kActivation>
EDGEFRONT_INLINE void backward(const NormBackward& a, float* x_gradient, float* gamma_gradient,
                               float* beta_gradient) {
  const std::size_t channels = a.mean.size();
  const double rows = double(a.x.size()) / channels;
  std::vector<float> scale(channels), shift(channels), from_x(channels), constant(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    scale[c] = a.gamma[c] * a.inverse_stddev[c];
    shift[c] = a.beta[c] - a.mean[c] * scale[c];
  }
  std::vector<double> sum_g(channels), sum_gx(channels);
  sum_gradients<kActivation>(a, scale.data(), shift.data(), sum_g.data(), sum_gx.data(),
                             from_x.data(), constant.data());
  // dx = scale·(g − mean(g) − x̂·mean(g·x̂)), with x̂ = (x − mean)·inverse_stddev.
  for (std::size_t c = 0; c < channels; ++c) {
    gamma_gradient[c] = float(sum_gx[c]);
    beta_gradient[c] = float(sum_g[c]);
    from_x[c] = float(-double(scale[c]) * a.inverse_stddev[c] * sum_gx[c] / rows);
    constant[c] = float(-scale[c] * sum_g[c] / rows - double(from_x[c]) * a.mean[c]);
  }
  input_gradients<kActivation>(a, scale.data(), shift.data(), from_x.data(), constant.data(),
                               x_gradient);
}

}  // namespace

EDGEFRONT_CLONES void channel_statistics(std::span<const float> x, std::int64_t channels,
                                         std::vector<float>& mean, std::vector<float>& variance) {
  const std::int64_t rows = static_cast<std::int64_t>(x.size()) / channels;
  std::vector<double> sums(channels), squares(channels);
  std::vector<float> part(channels), part_squares(channels);
  // Differences from the first row: E[x²] − E[x]² loses all digits where the mean is large.
  const float* origin = x.data();
  for (std::int64_t begin = 0; begin < rows; begin += kRowsPerSum) {
    std::fill(part.begin(), part.end(), 0.0f);
    std::fill(part_squares.begin(), part_squares.end(), 0.0f);
    float* p = part.data();
    float* q = part_squares.data();
    for (std::int64_t r = begin; r < std::min(rows, begin + kRowsPerSum); ++r) {
      const float* row = x.data() + r * channels;
      EDGEFRONT_VECTOR_LOOP
      for (std::int64_t c = 0; c < channels; ++c) {
        const float d = row[c] - origin[c];
        p[c] += d;
        q[c] += d * d;
      }
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      sums[c] += p[c];
      squares[c] += q[c];
    }
  }
  mean.resize(channels);
  variance.resize(channels);
  for (std::int64_t c = 0; c < channels; ++c) {
    const double m = sums[c] / rows;
    mean[c] = float(origin[c] + m);
    variance[c] = float(std::max(squares[c] / rows - m * m, 0.0));
  }
}

EDGEFRONT_CLONES void norm_activation(std::span<const float> x,
                                      const NormCoefficients& coefficients, Activation activation,
                                      float* y) {
  const float* scale = coefficients.scale.data();
  const float* shift = coefficients.shift.data();
  const std::int64_t channels = coefficients.scale.size();
  switch (activation) {
    case Activation::kNone:
      return apply<Activation::kNone>(x, scale, shift, channels, y);
    case Activation::kRelu:
      return apply<Activation::kRelu>(x, scale, shift, channels, y);
    case Activation::kRelu6:
      return apply<Activation::kRelu6>(x, scale, shift, channels, y);
    case Activation::kHswish:
      return apply<Activation::kHswish>(x, scale, shift, channels, y);
    case Activation::kHsigmoid:
      assert(false);
  }
}

EDGEFRONT_CLONES void norm_activation_backward(const NormBackward& arguments, float* x_gradient,
                                               float* gamma_gradient, float* beta_gradient) {
  switch (arguments.activation) {
    case Activation::kNone:
      return backward<Activation::kNone>(arguments, x_gradient, gamma_gradient, beta_gradient);
    case Activation::kRelu:
      return backward<Activation::kRelu>(arguments, x_gradient, gamma_gradient, beta_gradient);
    case Activation::kRelu6:
      return backward<Activation::kRelu6>(arguments, x_gradient, gamma_gradient, beta_gradient);
    case Activation::kHswish:
      return backward<Activation::kHswish>(arguments, x_gradient, gamma_gradient, beta_gradient);
    case Activation::kHsigmoid:
      assert(false);
  }
}

}  // namespace edgefront::torch_kernels
