#include "evaluators/torch/kernels.h"

#include <doctest/doctest.h>

#include <cmath>

#include "space/random.h"

using namespace edgefront;
using namespace edgefront::torch_kernels;

namespace {

std::vector<float> random_values(std::size_t count, std::uint64_t stream) {
  RandomStream random(3, stream);
  std::vector<float> out(count);
  for (float& v : out) v = static_cast<float>(random.normal());
  return out;
}

/// Calls visit(input index, weight index, output index) for every product of the convolution.
template <typename Visit>
void for_each_product(const DepthwiseShape& s, const Visit& visit) {
  const int k = s.kernel_size, pad = k / 2;
  const std::int64_t oh = (s.height + 2 * pad - k) / s.stride + 1;
  const std::int64_t ow = (s.width + 2 * pad - k) / s.stride + 1;
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t y = 0; y < oh; ++y)
      for (std::int64_t x = 0; x < ow; ++x)
        for (int ky = 0; ky < k; ++ky)
          for (int kx = 0; kx < k; ++kx) {
            const std::int64_t iy = y * s.stride + ky - pad, ix = x * s.stride + kx - pad;
            if (iy < 0 || ix < 0 || iy >= s.height || ix >= s.width) continue;
            for (std::int64_t c = 0; c < s.channels; ++c) {
              visit(((n * s.height + iy) * s.width + ix) * s.channels + c,
                    (ky * k + kx) * s.channels + c, ((n * oh + y) * ow + x) * s.channels + c);
            }
          }
}

double activation(Activation a, double z) {
  switch (a) {
    case Activation::kNone:
      return z;
    case Activation::kRelu:
      return std::max(0.0, z);
    case Activation::kRelu6:
      return std::min(6.0, std::max(0.0, z));
    case Activation::kHswish:
      return z * std::min(6.0, std::max(0.0, z + 3)) / 6;
    case Activation::kHsigmoid:
      return std::min(6.0, std::max(0.0, z + 3)) / 6;
  }
  return 0;
}

/// Σ w·activation(batch norm of x), in binary64 from the definition.
double norm_loss(const std::vector<double>& x, const std::vector<double>& gamma,
                 const std::vector<double>& beta, const std::vector<float>& w, Activation a) {
  const std::size_t channels = gamma.size(), rows = x.size() / channels;
  double loss = 0;
  for (std::size_t c = 0; c < channels; ++c) {
    double mean = 0, variance = 0;
    for (std::size_t r = 0; r < rows; ++r) mean += x[r * channels + c] / rows;
    for (std::size_t r = 0; r < rows; ++r) {
      variance += (x[r * channels + c] - mean) * (x[r * channels + c] - mean) / rows;
    }
    for (std::size_t r = 0; r < rows; ++r) {
      const double z =
          (x[r * channels + c] - mean) / std::sqrt(variance + 1e-5) * gamma[c] + beta[c];
      loss += w[r * channels + c] * activation(a, z);
    }
  }
  return loss;
}

}  // namespace

TEST_CASE("depthwise forward and backward are the sums of their definition") {
  std::uint64_t stream = 0;
  for (const int k : {1, 3, 5, 7})
    for (const int stride : {1, 2})
      for (const int size : {1, 2, 5, 9})
        for (const int channels : {1, 8, 13, 24}) {
          const DepthwiseShape s{2, size, size + 1, channels, k, stride};
          const auto x = random_values(2 * size * (size + 1) * channels, stream++);
          const auto w = random_values(k * k * channels, stream++);
          const std::size_t outputs = 2 * s.out_height() * s.out_width() * channels;
          const auto dy = random_values(outputs, stream++);
          std::vector<double> y(outputs), dx(x.size()), dw(w.size());
          for_each_product(s, [&](auto i, auto j, auto o) {
            y[o] += double(x[i]) * w[j];
            dx[i] += double(dy[o]) * w[j];
            dw[j] += double(dy[o]) * x[i];
          });
          std::vector<float> got_y(outputs), got_dx(x.size()), got_dw(w.size());
          depthwise_forward(s, x.data(), w.data(), got_y.data());
          depthwise_backward(s, x.data(), w.data(), dy.data(), got_dx.data(), got_dw.data());
          double worst = 0;
          for (std::size_t i = 0; i < outputs; ++i)
            worst = std::max(worst, std::abs(y[i] - got_y[i]));
          for (std::size_t i = 0; i < x.size(); ++i)
            worst = std::max(worst, std::abs(dx[i] - got_dx[i]));
          for (std::size_t i = 0; i < w.size(); ++i)
            worst = std::max(worst, std::abs(dw[i] - got_dw[i]));
          CAPTURE(k);
          CAPTURE(stride);
          CAPTURE(size);
          CAPTURE(channels);
          CHECK(worst < 1e-4);
        }
}

TEST_CASE("batch statistics keep their digits where the mean is large") {
  auto x = random_values(3000 * 5, 1);
  for (float& v : x) v += 10000;
  std::vector<float> mean, variance;
  channel_statistics(x, 5, mean, variance);
  for (int c = 0; c < 5; ++c) {
    double m = 0, v = 0;
    for (int r = 0; r < 3000; ++r) m += x[r * 5 + c] / 3000.0;
    for (int r = 0; r < 3000; ++r) v += (x[r * 5 + c] - m) * (x[r * 5 + c] - m) / 3000.0;
    CHECK(mean[c] == doctest::Approx(m).epsilon(1e-6));
    CHECK(variance[c] == doctest::Approx(v).epsilon(1e-3));
  }
}

TEST_CASE("gradients of batch norm with activation are the slopes of the loss") {
  const std::size_t channels = 11, rows = 23;
  for (const Activation a :
       {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kHswish}) {
    const auto x = random_values(rows * channels, 1), dy = random_values(rows * channels, 2);
    auto gamma = random_values(channels, 3), beta = random_values(channels, 4);
    for (float& g : gamma) g *= 3;  // reaches all branches of the activations
    std::vector<float> mean, variance, inverse;
    channel_statistics(x, channels, mean, variance);
    for (float v : variance) inverse.push_back(static_cast<float>(1 / std::sqrt(v + 1e-5)));
    std::vector<float> dx(x.size()), dgamma(channels), dbeta(channels);
    norm_activation_backward({x, dy, mean, inverse, gamma, beta, a}, dx.data(), dgamma.data(),
                             dbeta.data());
    std::vector<double> xs(x.begin(), x.end()), gs(gamma.begin(), gamma.end()),
        bs(beta.begin(), beta.end());
    const auto slope = [&](double& v) {
      const double old = v, h = 1e-6;
      v = old + h;
      const double up = norm_loss(xs, gs, bs, dy, a);
      v = old - h;
      const double down = norm_loss(xs, gs, bs, dy, a);
      v = old;
      return (up - down) / (2 * h);
    };
    for (std::size_t i = 0; i < xs.size(); ++i) CHECK(std::abs(slope(xs[i]) - dx[i]) < 2e-4);
    for (std::size_t c = 0; c < channels; ++c) {
      CHECK(std::abs(slope(gs[c]) - dgamma[c]) < 5e-4);
      CHECK(std::abs(slope(bs[c]) - dbeta[c]) < 5e-4);
    }
  }
}

TEST_CASE("what is not a number goes through batch norm and every activation") {
  const std::vector<float> x{1.0f, NAN};
  const NormCoefficients c{{1.0f, 1.0f}, {0.0f, 0.0f}};
  for (const Activation a :
       {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kHswish}) {
    std::vector<float> y(2);
    norm_activation(x, c, a, y.data());
    CHECK(std::isfinite(y[0]));
    CHECK(std::isnan(y[1]));
  }
}
