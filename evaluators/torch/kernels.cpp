#include "evaluators/torch/kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "evaluators/torch/clones.h"

namespace edgefront::torch_kernels {
namespace {

constexpr int kLanes = 8;
/// Eight channels; unaligned, and may alias the floats it is laid over.
typedef float Lanes __attribute__((vector_size(32), aligned(4), may_alias));

/// One image's eight channels from `channel` on, as [y + pad][x + pad][8] with zeros around (and in
/// the lanes past the last channel), so that inner loops know no borders.
struct Plane {
  std::int64_t height, width, pad;
  std::int64_t row() const { return (width + 2 * pad) * kLanes; }
  std::int64_t size() const { return (height + 2 * pad) * row(); }
};

EDGEFRONT_INLINE void gather(const Plane& plane, const float* image, std::int64_t channels,
                             std::int64_t channel, float* out) {
  const std::int64_t lanes = std::min<std::int64_t>(kLanes, channels - channel);
  for (std::int64_t y = 0; y < plane.height; ++y) {
    float* to = out + (y + plane.pad) * plane.row() + plane.pad * kLanes;
    const float* from = image + y * plane.width * channels + channel;
    for (std::int64_t x = 0; x < plane.width; ++x, to += kLanes, from += channels) {
      if (lanes == kLanes) {
        *reinterpret_cast<Lanes*>(to) = *reinterpret_cast<const Lanes*>(from);
      } else {
        for (std::int64_t i = 0; i < lanes; ++i) to[i] = from[i];
      }
    }
  }
}

EDGEFRONT_INLINE void scatter(const Plane& plane, const float* in, std::int64_t channels,
                              std::int64_t channel, float* image) {
  const std::int64_t lanes = std::min<std::int64_t>(kLanes, channels - channel);
  for (std::int64_t y = 0; y < plane.height; ++y) {
    const float* from = in + (y + plane.pad) * plane.row() + plane.pad * kLanes;
    float* to = image + y * plane.width * channels + channel;
    for (std::int64_t x = 0; x < plane.width; ++x, to += channels, from += kLanes) {
      if (lanes == kLanes) {
        *reinterpret_cast<Lanes*>(to) = *reinterpret_cast<const Lanes*>(from);
      } else {
        for (std::int64_t i = 0; i < lanes; ++i) to[i] = from[i];
      }
    }
  }
}

/// out[y][x] = Σ in[y·stride + ky][x·stride + kx]·w[ky][kx]; `in_row` and `out_row` in floats.
template <int K>
EDGEFRONT_INLINE void correlate(const float* in, std::int64_t in_row, const float* weights,
                                int stride, std::int64_t height, std::int64_t width, float* out,
                                std::int64_t out_row) {
  const std::int64_t step = stride * kLanes;
  for (std::int64_t y = 0; y < height; ++y) {
    const float* row = in + y * stride * in_row;
    float* to = out + y * out_row;
    std::int64_t x = 0;
    // Four at once: one chain of additions alone waits for itself.
    for (; x + 4 <= width; x += 4, row += 4 * step, to += 4 * kLanes) {
      Lanes sums[4] = {};
      for (int t = 0; t < K * K; ++t) {
        const float* tap = row + t / K * in_row + t % K * kLanes;
        const Lanes w = *reinterpret_cast<const Lanes*>(weights + t * kLanes);
        for (int i = 0; i < 4; ++i) {
          sums[i] += *reinterpret_cast<const Lanes*>(tap + i * step) * w;
        }
      }
      for (int i = 0; i < 4; ++i) *reinterpret_cast<Lanes*>(to + i * kLanes) = sums[i];
    }
    for (; x < width; ++x, row += step, to += kLanes) {
      Lanes sum = {};
      for (int t = 0; t < K * K; ++t) {
        sum += *reinterpret_cast<const Lanes*>(row + t / K * in_row + t % K * kLanes) *
               *reinterpret_cast<const Lanes*>(weights + t * kLanes);
      }
      *reinterpret_cast<Lanes*>(to) = sum;
    }
  }
}

/// w[ky][kx] += Σ in[y·stride + ky][x·stride + kx]·g[y][x]
template <int K>
EDGEFRONT_INLINE void correlate_weights(const float* in, std::int64_t in_row, const float* gradient,
                                        std::int64_t gradient_row, int stride, std::int64_t height,
                                        std::int64_t width, float* weight_gradient) {
  for (int ky = 0; ky < K; ++ky) {
    Lanes sums[K] = {};
    for (std::int64_t y = 0; y < height; ++y) {
      const float* row = in + (y * stride + ky) * in_row;
      const float* g_row = gradient + y * gradient_row;
      for (std::int64_t x = 0; x < width; ++x) {
        const Lanes g = *reinterpret_cast<const Lanes*>(g_row + x * kLanes);
        for (int kx = 0; kx < K; ++kx) {
          sums[kx] += g * *reinterpret_cast<const Lanes*>(row + (x * stride + kx) * kLanes);
        }
      }
    }
    for (int kx = 0; kx < K; ++kx) {
      *reinterpret_cast<Lanes*>(weight_gradient + (ky * K + kx) * kLanes) += sums[kx];
    }
  }
}

/// in_gradient[y·stride + ky][x·stride + kx] += g[y][x]·w[ky][kx]
template <int K>
EDGEFRONT_INLINE void spread(const float* gradient, std::int64_t gradient_row, const float* weights,
                             int stride, std::int64_t height, std::int64_t width,
                             float* in_gradient, std::int64_t in_row) {
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const Lanes g = *reinterpret_cast<const Lanes*>(gradient + y * gradient_row + x * kLanes);
      float* corner = in_gradient + y * stride * in_row + x * stride * kLanes;
      for (int ky = 0; ky < K; ++ky) {
        for (int kx = 0; kx < K; ++kx) {
          *reinterpret_cast<Lanes*>(corner + ky * in_row + kx * kLanes) +=
              g * *reinterpret_cast<const Lanes*>(weights + (ky * K + kx) * kLanes);
        }
      }
    }
  }
}

/// The filters of eight channels, [k·k][8]; `flipped` in reverse order.
void gather_weights(const float* weights, std::int64_t channels, std::int64_t channel, int taps,
                    bool flipped, float* out) {
  const std::int64_t lanes = std::min<std::int64_t>(kLanes, channels - channel);
  for (int t = 0; t < taps; ++t) {
    float* to = out + (flipped ? taps - 1 - t : t) * kLanes;
    for (std::int64_t i = 0; i < kLanes; ++i) {
      to[i] = i < lanes ? weights[t * channels + channel + i] : 0.0f;
    }
  }
}

template <int K>
EDGEFRONT_INLINE void forward(const DepthwiseShape& s, const float* input, const float* weights,
                              float* output) {
  const Plane in{s.height, s.width, K / 2};
  const Plane out{s.out_height(), s.out_width(), 0};
  std::vector<float> in_plane(in.size()), out_plane(out.size()), filter(K * K * kLanes);
  for (std::int64_t c = 0; c < s.channels; c += kLanes) {
    gather_weights(weights, s.channels, c, K * K, false, filter.data());
    std::fill(in_plane.begin(), in_plane.end(), 0.0f);
    for (std::int64_t n = 0; n < s.batch; ++n) {
      gather(in, input + n * s.height * s.width * s.channels, s.channels, c, in_plane.data());
      correlate<K>(in_plane.data(), in.row(), filter.data(), s.stride, out.height, out.width,
                   out_plane.data(), out.row());
      scatter(out, out_plane.data(), s.channels, c,
              output + n * out.height * out.width * s.channels);
    }
  }
}

template <int K>
EDGEFRONT_INLINE void backward(const DepthwiseShape& s, const float* input, const float* weights,
                               const float* output_gradient, float* input_gradient,
                               float* weight_gradient) {
  const Plane in{s.height, s.width, K / 2};
  const Plane out{s.out_height(), s.out_width(), K / 2};  // padded: stride 1 reads it as a gather
  std::vector<float> in_plane(in.size()), g_plane(out.size()), spread_plane(in.size());
  std::vector<float> filter(K * K * kLanes), sums(K * K * kLanes);
  const float* g_inner = g_plane.data() + out.pad * out.row() + out.pad * kLanes;
  for (std::int64_t c = 0; c < s.channels; c += kLanes) {
    gather_weights(weights, s.channels, c, K * K, s.stride == 1, filter.data());
    std::fill(in_plane.begin(), in_plane.end(), 0.0f);
    std::fill(g_plane.begin(), g_plane.end(), 0.0f);
    std::fill(sums.begin(), sums.end(), 0.0f);
    for (std::int64_t n = 0; n < s.batch; ++n) {
      const std::int64_t in_offset = n * s.height * s.width * s.channels;
      gather(in, input + in_offset, s.channels, c, in_plane.data());
      gather(out, output_gradient + n * out.height * out.width * s.channels, s.channels, c,
             g_plane.data());
      correlate_weights<K>(in_plane.data(), in.row(), g_inner, out.row(), s.stride, out.height,
                           out.width, sums.data());
      if (!input_gradient) continue;
      if (s.stride == 1) {
        correlate<K>(g_plane.data(), out.row(), filter.data(), 1, s.height, s.width,
                     spread_plane.data() + in.pad * in.row() + in.pad * kLanes, in.row());
      } else {
        std::fill(spread_plane.begin(), spread_plane.end(), 0.0f);
        spread<K>(g_inner, out.row(), filter.data(), s.stride, out.height, out.width,
                  spread_plane.data(), in.row());
      }
      scatter(in, spread_plane.data(), s.channels, c, input_gradient + in_offset);
    }
    const std::int64_t lanes = std::min<std::int64_t>(kLanes, s.channels - c);
    for (int t = 0; t < K * K; ++t) {
      for (std::int64_t i = 0; i < lanes; ++i) {
        weight_gradient[t * s.channels + c + i] = sums[t * kLanes + i];
      }
    }
  }
}

}  // namespace

EDGEFRONT_CLONES void depthwise_forward(const DepthwiseShape& shape, const float* input,
                                        const float* weights, float* output) {
  switch (shape.kernel_size) {
    case 1:
      return forward<1>(shape, input, weights, output);
    case 3:
      return forward<3>(shape, input, weights, output);
    case 5:
      return forward<5>(shape, input, weights, output);
    case 7:
      return forward<7>(shape, input, weights, output);
  }
}

EDGEFRONT_CLONES void depthwise_backward(const DepthwiseShape& shape, const float* input,
                                         const float* weights, const float* output_gradient,
                                         float* input_gradient, float* weight_gradient) {
  switch (shape.kernel_size) {
    case 1:
      return backward<1>(shape, input, weights, output_gradient, input_gradient, weight_gradient);
    case 3:
      return backward<3>(shape, input, weights, output_gradient, input_gradient, weight_gradient);
    case 5:
      return backward<5>(shape, input, weights, output_gradient, input_gradient, weight_gradient);
    case 7:
      return backward<7>(shape, input, weights, output_gradient, input_gradient, weight_gradient);
  }
}

}  // namespace edgefront::torch_kernels
