// Loops run in blocks of 16 with a constant trip count, so that GCC vectorises them at -O2; the
// last block goes through a buffer, so there is one body per operator.
#include "runtime/kernels/elementwise.h"

#include <string.h>

#include "runtime/kernels/requantize.h"

namespace edgefront {
namespace {

constexpr int32_t kBlock = 16;

/// The clamp of requantize_scaled() as constants.
struct Clamp {
  float low, high;
  int32_t zero_point;
};

Clamp make_clamp(int32_t zero_point, int32_t qmin, int32_t qmax) {
  return {static_cast<float>(qmin - zero_point), static_cast<float>(qmax - zero_point), zero_point};
}

// rintf() of a clamped value, |x| <= 383: adding 1.5·2^23 leaves no fraction bits, so the addition
// itself rounds half to even. Unlike rintf() this vectorises without SSE4.1.
inline float round_small(float x) {
  const float magic = 12582912.0f;
  return (x + magic) - magic;
}

void requantize_block(const float* scaled, const Clamp& clamp, int8_t* output) {
  for (int32_t i = 0; i < kBlock; ++i) {
    const float above = scaled[i] > clamp.low ? scaled[i] : clamp.low;
    const float clamped = above < clamp.high ? above : clamp.high;
    output[i] = static_cast<int8_t>(static_cast<int32_t>(round_small(clamped)) + clamp.zero_point);
  }
}

void add_block(const AddArgsS8& args, const Clamp& clamp, const int8_t* a, const int8_t* b,
               int8_t* output) {
  float sum[kBlock];
  for (int32_t i = 0; i < kBlock; ++i) {
    const float scaled_a = static_cast<float>(a[i] - args.a_zero_point) * args.a_multiplier;
    const float scaled_b = static_cast<float>(b[i] - args.b_zero_point) * args.b_multiplier;
    sum[i] = scaled_a + scaled_b;
  }
  requantize_block(sum, clamp, output);
}

void mul_block(const MulArgsS8& args, const Clamp& clamp, const int8_t* a, const int8_t* b,
               int8_t* output) {
  float scaled[kBlock];
  for (int32_t i = 0; i < kBlock; ++i) {
    const int32_t product = (a[i] - args.a_zero_point) * (b[i] - args.b_zero_point);
    scaled[i] = static_cast<float>(product) * args.multiplier;
  }
  requantize_block(scaled, clamp, output);
}

/// Calls block(first) for whole blocks of [0, count) and tail(first, rest) for what remains.
template <typename Block, typename Tail>
void for_blocks(int64_t count, const Block& block, const Tail& tail) {
  int64_t i = 0;
  for (; i + kBlock <= count; i += kBlock) block(i);
  if (i < count) tail(i, static_cast<size_t>(count - i));
}

void mul_span(const MulArgsS8& args, const Clamp& clamp, const int8_t* a, const int8_t* b,
              int8_t* output, int64_t count) {
  for_blocks(
      count, [&](int64_t i) { mul_block(args, clamp, a + i, b + i, output + i); },
      [&](int64_t i, size_t rest) {
        int8_t last_a[kBlock] = {}, last_b[kBlock] = {}, last[kBlock];
        memcpy(last_a, a + i, rest);
        memcpy(last_b, b + i, rest);
        mul_block(args, clamp, last_a, last_b, last);
        memcpy(output + i, last, rest);
      });
}

/// output[i] = function(input[i]), vectorised where the function is.
template <typename Function>
void map_f32(const float* input, float* output, int64_t count, const Function& function) {
  for_blocks(
      count,
      [&](int64_t i) {
        float block[kBlock];
        for (int32_t j = 0; j < kBlock; ++j) block[j] = function(input[i + j]);
        memcpy(output + i, block, sizeof block);
      },
      [&](int64_t i, size_t rest) {
        for (size_t j = 0; j < rest; ++j) output[i + j] = function(input[i + j]);
      });
}

inline float clamp_to_six(float x) {
  const float above = x > 0.0f ? x : 0.0f;
  return above < 6.0f ? above : 6.0f;
}

}  // namespace

void add_s8(const AddArgsS8& args) {
  const Clamp clamp = make_clamp(args.output_zero_point, args.qmin, args.qmax);
  for_blocks(
      args.count,
      [&](int64_t i) { add_block(args, clamp, args.a + i, args.b + i, args.output + i); },
      [&](int64_t i, size_t rest) {
        int8_t last_a[kBlock] = {}, last_b[kBlock] = {}, last[kBlock];
        memcpy(last_a, args.a + i, rest);
        memcpy(last_b, args.b + i, rest);
        add_block(args, clamp, last_a, last_b, last);
        memcpy(args.output + i, last, rest);
      });
}

void add_f32(const float* a, const float* b, float* output, int64_t count) {
  for_blocks(
      count,
      [&](int64_t i) {
        float block[kBlock];
        for (int32_t j = 0; j < kBlock; ++j) block[j] = a[i + j] + b[i + j];
        memcpy(output + i, block, sizeof block);
      },
      [&](int64_t i, size_t rest) {
        for (size_t j = 0; j < rest; ++j) output[i + j] = a[i + j] + b[i + j];
      });
}

void mul_s8(const MulArgsS8& args) {
  const Clamp clamp = make_clamp(args.output_zero_point, args.qmin, args.qmax);
  if (args.b_is_full) {
    mul_span(args, clamp, args.a, args.b, args.output, args.pixels * args.channels);
    return;
  }
  for (int64_t p = 0; p < args.pixels; ++p) {
    const int64_t first = p * args.channels;
    mul_span(args, clamp, args.a + first, args.b, args.output + first, args.channels);
  }
}

void mul_f32(const float* a, const float* b, float* output, int64_t pixels, int32_t channels,
             int32_t b_is_full) {
  for (int64_t p = 0; p < pixels; ++p) {
    const int64_t first = p * channels;
    const float* factor = b_is_full ? b + first : b;
    for_blocks(
        channels,
        [&](int64_t i) {
          float block[kBlock];
          for (int32_t j = 0; j < kBlock; ++j) block[j] = a[first + i + j] * factor[i + j];
          memcpy(output + first + i, block, sizeof block);
        },
        [&](int64_t i, size_t rest) {
          for (size_t j = 0; j < rest; ++j) {
            output[first + i + j] = a[first + i + j] * factor[i + j];
          }
        });
  }
}

void global_average_pool_s8(const PoolArgsS8& args) {
  for (int32_t first = 0; first < args.channels; first += kBlock) {
    const int32_t rest = args.channels - first < kBlock ? args.channels - first : kBlock;
    int32_t sums[kBlock] = {};
    for (int64_t p = 0; p < args.pixels; ++p) {
      const int8_t* pixel = args.input + p * args.channels + first;
      if (rest == kBlock) {
        for (int32_t i = 0; i < kBlock; ++i) sums[i] += pixel[i];
      } else {
        for (int32_t i = 0; i < rest; ++i) sums[i] += pixel[i];
      }
    }
    const int32_t offset = static_cast<int32_t>(args.pixels) * args.input_zero_point;
    for (int32_t i = 0; i < rest; ++i) {
      args.output[first + i] = requantize(sums[i] - offset, args.multiplier, args.output_zero_point,
                                          args.qmin, args.qmax);
    }
  }
}

void global_average_pool_f32(const float* input, float* output, int64_t pixels, int32_t channels) {
  for (int32_t first = 0; first < channels; first += kBlock) {
    const int32_t rest = channels - first < kBlock ? channels - first : kBlock;
    float sums[kBlock] = {};
    for (int64_t p = 0; p < pixels; ++p) {
      const float* pixel = input + p * channels + first;
      if (rest == kBlock) {
        for (int32_t i = 0; i < kBlock; ++i) sums[i] += pixel[i];
      } else {
        for (int32_t i = 0; i < rest; ++i) sums[i] += pixel[i];
      }
    }
    for (int32_t i = 0; i < rest; ++i) output[first + i] = sums[i] / static_cast<float>(pixels);
  }
}

void table_s8(const int8_t* input, int8_t* output, int64_t count, const int8_t* table) {
  for (int64_t i = 0; i < count; ++i) output[i] = table_lookup(table, input[i]);
}

void clamp_s8(const int8_t* input, int8_t* output, int64_t count, int32_t qmin, int32_t qmax) {
  for (int64_t i = 0; i < count; ++i) {
    const int32_t q = input[i];
    output[i] = static_cast<int8_t>(q < qmin ? qmin : (q > qmax ? qmax : q));
  }
}

void relu_f32(const float* input, float* output, int64_t count) {
  map_f32(input, output, count, [](float x) { return x > 0.0f ? x : 0.0f; });
}

void relu6_f32(const float* input, float* output, int64_t count) {
  map_f32(input, output, count, clamp_to_six);
}

void hswish_f32(const float* input, float* output, int64_t count) {
  map_f32(input, output, count, [](float x) { return x * (clamp_to_six(x + 3.0f) / 6.0f); });
}

void hsigmoid_f32(const float* input, float* output, int64_t count) {
  map_f32(input, output, count, [](float x) { return clamp_to_six(x + 3.0f) / 6.0f; });
}

void quantize_s8(const float* input, int8_t* output, int64_t count, float scale,
                 int32_t zero_point) {
  const Clamp clamp = make_clamp(zero_point, -128, 127);
  for_blocks(
      count,
      [&](int64_t i) {
        float scaled[kBlock];
        for (int32_t j = 0; j < kBlock; ++j) scaled[j] = input[i + j] / scale;
        requantize_block(scaled, clamp, output + i);
      },
      [&](int64_t i, size_t rest) {
        for (size_t j = 0; j < rest; ++j) {
          output[i + j] = requantize_scaled(input[i + j] / scale, zero_point, -128, 127);
        }
      });
}

void dequantize_s8(const int8_t* input, float* output, int64_t count, float scale,
                   int32_t zero_point) {
  for_blocks(
      count,
      [&](int64_t i) {
        float block[kBlock];
        for (int32_t j = 0; j < kBlock; ++j) {
          block[j] = static_cast<float>(input[i + j] - zero_point) * scale;
        }
        memcpy(output + i, block, sizeof block);
      },
      [&](int64_t i, size_t rest) {
        for (size_t j = 0; j < rest; ++j) {
          output[i + j] = static_cast<float>(input[i + j] - zero_point) * scale;
        }
      });
}

const ElementwiseKernels kPortableElementwise = {
    add_s8,
    mul_s8,
    global_average_pool_s8,
    table_s8,
    clamp_s8,
    add_f32,
    mul_f32,
    global_average_pool_f32,
    relu_f32,
    relu6_f32,
    hswish_f32,
    hsigmoid_f32,
    quantize_s8,
    dequantize_s8,
};

}  // namespace edgefront
