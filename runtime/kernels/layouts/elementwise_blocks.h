// Operators without weights in blocks of four vectors, shared by the vector sets; `Lanes` is what
// differs between them:
//   Float, Int, kCount                  vectors of kCount float or int32
//   load(from, n), store(to, x, n)      the first n of kCount floats; others are 0, or not written
//   load_s8(from, n)                    the first n of kCount bytes as floats
//   set(x), add, sub, mul, div, max, min, multiply_subtract(a, b, c) = a·b − c rounded once
//   Pack(zero_point, qmin, qmax)        pack(scaled[4]) gives 4·kCount bytes
//   store_s8(to, bytes, n)              the first n of them
//   Sums                                sums of 4·kCount bytes in int16, for up to kPixels pixels:
//     add(from, n), flush(Int totals[4])
//   to_float(x)                         of an Int
// Each operator does what elementwise.cpp does, in its order: the same bits. Compiled into each
// set's own file: everything has internal linkage.
#pragma once

#include <stdint.h>
#include <string.h>

#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/unroll.h"

namespace edgefront {
namespace {

/// How many of the kCount lanes at i are among `count` values.
template <class Lanes>
int32_t lanes_left(int64_t count, int64_t i) {
  const int64_t left = count - i;
  return static_cast<int32_t>(left < 0 ? 0 : (left < Lanes::kCount ? left : Lanes::kCount));
}

/// output[i …] = pack(scaled(i, n)) for vectors of n valid values.
template <class Lanes, class Scaled>
EDGEFRONT_INLINE void map_to_bytes(int64_t count, const typename Lanes::Pack& pack, int8_t* output,
                                   const Scaled& scaled) {
  constexpr int32_t kCount = Lanes::kCount;
  typename Lanes::Float block[4];
  int64_t i = 0;
  for (; i + 4 * kCount <= count; i += 4 * kCount) {
    EDGEFRONT_UNROLL
    for (int j = 0; j < 4; ++j) block[j] = scaled(i + j * kCount, kCount);
    Lanes::store_s8(output + i, pack.pack(block), 4 * kCount);
  }
  if (i == count) return;
  EDGEFRONT_UNROLL
  for (int j = 0; j < 4; ++j) {
    const int32_t n = lanes_left<Lanes>(count, i + j * kCount);
    block[j] = n > 0 ? scaled(i + j * kCount, n) : Lanes::set(0);
  }
  Lanes::store_s8(output + i, pack.pack(block), static_cast<int32_t>(count - i));
}

/// output[i …] = value(i, n).
template <class Lanes, class Value>
EDGEFRONT_INLINE void map_to_floats(int64_t count, float* output, const Value& value) {
  constexpr int32_t kCount = Lanes::kCount;
  int64_t i = 0;
  for (; i + kCount <= count; i += kCount) {
    Lanes::store(output + i, value(i, kCount), kCount);
  }
  if (i == count) return;
  const int32_t n = static_cast<int32_t>(count - i);
  Lanes::store(output + i, value(i, n), n);
}

template <class Lanes>
void add_s8_in(const AddArgsS8& args) {
  using Float = typename Lanes::Float;
  const AddArgsS8 r = args;
  const Float zero_a = Lanes::set(static_cast<float>(r.a_zero_point));
  const Float zero_b = Lanes::set(static_cast<float>(r.b_zero_point));
  const Float multiplier_a = Lanes::set(r.a_multiplier), multiplier_b = Lanes::set(r.b_multiplier);
  const typename Lanes::Pack pack(r.output_zero_point, r.qmin, r.qmax);
  map_to_bytes<Lanes>(r.count, pack, r.output, [&](int64_t i, int32_t n) {
    const Float a = Lanes::mul(Lanes::sub(Lanes::load_s8(r.a + i, n), zero_a), multiplier_a);
    const Float b = Lanes::mul(Lanes::sub(Lanes::load_s8(r.b + i, n), zero_b), multiplier_b);
    return Lanes::add(a, b);
  });
}

/// The gate values that a block of 4·kCount values meets, for pixels side by side.
template <class Lanes>
void repeat_gate(const MulArgsS8& r, int64_t first, int8_t pattern[4 * Lanes::kCount]) {
  int32_t c = static_cast<int32_t>(first % r.channels);
  for (int32_t i = 0; i < 4 * Lanes::kCount;) {
    const int32_t room = 4 * Lanes::kCount - i;
    const int32_t n = r.channels - c < room ? r.channels - c : room;
    memcpy(pattern + i, r.b + c, static_cast<size_t>(n));
    i += n;
    c = 0;
  }
}

/// How a block is multiplied with its gate: the product of two centred bytes is exact in float, and
/// so is q·gate − zero·gate rounded once.
template <class Lanes>
struct FloatGate {
  typename Lanes::Float gate[4], offset[4], multiplier;
  typename Lanes::Pack bytes;

  FloatGate(const MulArgsS8& r, const int8_t pattern[4 * Lanes::kCount])
      : multiplier(Lanes::set(r.multiplier)), bytes(r.output_zero_point, r.qmin, r.qmax) {
    EDGEFRONT_UNROLL
    for (int j = 0; j < 4; ++j) {
      const typename Lanes::Float b = Lanes::load_s8(pattern + j * Lanes::kCount, Lanes::kCount);
      gate[j] = Lanes::sub(b, Lanes::set(static_cast<float>(r.b_zero_point)));
      offset[j] = Lanes::mul(Lanes::set(static_cast<float>(r.a_zero_point)), gate[j]);
    }
  }

  /// The first n of the block's products, as bytes.
  EDGEFRONT_INLINE auto apply(const int8_t* a, int32_t n) const {
    typename Lanes::Float block[4];
    EDGEFRONT_UNROLL
    for (int j = 0; j < 4; ++j) {
      const int32_t valid = lanes_left<Lanes>(n, j * Lanes::kCount);
      const typename Lanes::Float q =
          valid > 0 ? Lanes::load_s8(a + j * Lanes::kCount, valid) : Lanes::set(0);
      block[j] = Lanes::mul(Lanes::multiply_subtract(q, gate[j], offset[j]), multiplier);
    }
    return bytes.pack(block);
  }
};

/// A gate of one value per channel. Blocks meet the same gate values again after the smallest
/// common multiple of channels and block: those are computed one after the other.
template <class Lanes, class Gate>
void gate_s8_in(const MulArgsS8& args) {
  constexpr int32_t kBlock = 4 * Lanes::kCount;
  const MulArgsS8 r = args;
  const int64_t count = r.pixels * r.channels;
  int32_t common = kBlock;  // a power of two
  while (r.channels % common != 0) common /= 2;
  const int64_t period = int64_t{r.channels} / common * kBlock;
  for (int64_t first = 0; first < period && first < count; first += kBlock) {
    int8_t pattern[kBlock];
    repeat_gate<Lanes>(r, first, pattern);
    const Gate gate(r, pattern);
    int64_t i = first;
    for (; i + kBlock <= count; i += period) {
      Lanes::store_s8(r.output + i, gate.apply(r.a + i, kBlock), kBlock);
    }
    if (i >= count) continue;
    const int32_t rest = static_cast<int32_t>(count - i);
    Lanes::store_s8(r.output + i, gate.apply(r.a + i, rest), rest);
  }
}

template <class Lanes>
void mul_s8_in(const MulArgsS8& args) {
  using Float = typename Lanes::Float;
  const MulArgsS8 r = args;
  if (!r.b_is_full) return gate_s8_in<Lanes, FloatGate<Lanes>>(r);
  const Float zero_a = Lanes::set(static_cast<float>(r.a_zero_point));
  const Float zero_b = Lanes::set(static_cast<float>(r.b_zero_point));
  const Float multiplier = Lanes::set(r.multiplier);
  const typename Lanes::Pack pack(r.output_zero_point, r.qmin, r.qmax);
  map_to_bytes<Lanes>(r.pixels * r.channels, pack, r.output, [&](int64_t i, int32_t n) {
    const Float a = Lanes::sub(Lanes::load_s8(r.a + i, n), zero_a);
    const Float b = Lanes::sub(Lanes::load_s8(r.b + i, n), zero_b);
    return Lanes::mul(Lanes::mul(a, b), multiplier);
  });
}

template <class Lanes>
void pool_s8_in(const PoolArgsS8& args) {
  using Float = typename Lanes::Float;
  constexpr int32_t kCount = Lanes::kCount;
  const PoolArgsS8 r = args;
  const typename Lanes::Pack pack(r.output_zero_point, r.qmin, r.qmax);
  const typename Lanes::Int offset =
      Lanes::set_s32(static_cast<int32_t>(r.pixels) * r.input_zero_point);
  const Float multiplier = Lanes::set(r.multiplier);
  for (int32_t c = 0; c < r.channels; c += 4 * kCount) {
    const int32_t rest = r.channels - c < 4 * kCount ? r.channels - c : 4 * kCount;
    typename Lanes::Int totals[4];
    for (int j = 0; j < 4; ++j) totals[j] = Lanes::set_s32(0);
    const int8_t* pixel = r.input + c;
    for (int64_t first = 0; first < r.pixels; first += Lanes::Sums::kPixels) {
      const int64_t left = r.pixels - first;
      const int64_t pixels = left < Lanes::Sums::kPixels ? left : Lanes::Sums::kPixels;
      typename Lanes::Sums sums;
      if (rest == 4 * kCount) {
        for (int64_t p = 0; p < pixels; ++p, pixel += r.channels) sums.add(pixel, 4 * kCount);
      } else {
        for (int64_t p = 0; p < pixels; ++p, pixel += r.channels) sums.add(pixel, rest);
      }
      sums.flush(totals);
    }
    Float scaled[4];
    for (int j = 0; j < 4; ++j) {
      scaled[j] = Lanes::mul(Lanes::to_float(Lanes::sub_s32(totals[j], offset)), multiplier);
    }
    Lanes::store_s8(r.output + c, pack.pack(scaled), rest);
  }
}

template <class Lanes>
void add_f32_in(const float* a, const float* b, float* output, int64_t count) {
  map_to_floats<Lanes>(count, output, [&](int64_t i, int32_t n) {
    return Lanes::add(Lanes::load(a + i, n), Lanes::load(b + i, n));
  });
}

template <class Lanes>
void mul_f32_in(const float* a, const float* b, float* output, int64_t pixels, int32_t channels,
                int32_t b_is_full) {
  const int64_t span = b_is_full ? pixels * channels : channels;
  for (int64_t first = 0; first < pixels * channels; first += span) {
    map_to_floats<Lanes>(span, output + first, [&](int64_t i, int32_t n) {
      return Lanes::mul(Lanes::load(a + first + i, n), Lanes::load(b + i, n));
    });
  }
}

/// Sums over the pixels in their order, four vectors of channels at a time.
template <class Lanes>
void pool_f32_in(const float* input, float* output, int64_t pixels, int32_t channels) {
  using Float = typename Lanes::Float;
  constexpr int32_t kCount = Lanes::kCount;
  const Float count = Lanes::set(static_cast<float>(pixels));
  int32_t c = 0;
  for (; c + 4 * kCount <= channels; c += 4 * kCount) {
    Float sums[4];
    EDGEFRONT_UNROLL
    for (int j = 0; j < 4; ++j) sums[j] = Lanes::set(0);
    const float* pixel = input + c;
    for (int64_t p = 0; p < pixels; ++p, pixel += channels) {
      EDGEFRONT_UNROLL
      for (int j = 0; j < 4; ++j) {
        sums[j] = Lanes::add(sums[j], Lanes::load(pixel + j * kCount, kCount));
      }
    }
    for (int j = 0; j < 4; ++j) {
      Lanes::store(output + c + j * kCount, Lanes::div(sums[j], count), kCount);
    }
  }
  for (; c < channels; c += kCount) {
    const int32_t n = lanes_left<Lanes>(channels, c);
    Float sum = Lanes::set(0);
    for (int64_t p = 0; p < pixels; ++p) {
      sum = Lanes::add(sum, Lanes::load(input + p * channels + c, n));
    }
    Lanes::store(output + c, Lanes::div(sum, count), n);
  }
}

/// max() and min() give their second operand where the first is a NaN, as the portable comparisons.
template <class Lanes>
void relu_f32_in(const float* input, float* output, int64_t count) {
  const typename Lanes::Float zero = Lanes::set(0);
  map_to_floats<Lanes>(count, output, [&](int64_t i, int32_t n) {
    return Lanes::max(Lanes::load(input + i, n), zero);
  });
}

template <class Lanes>
EDGEFRONT_INLINE typename Lanes::Float clamp_to_six_in(typename Lanes::Float x) {
  return Lanes::min(Lanes::max(x, Lanes::set(0)), Lanes::set(6));
}

template <class Lanes>
void relu6_f32_in(const float* input, float* output, int64_t count) {
  map_to_floats<Lanes>(count, output, [&](int64_t i, int32_t n) {
    return clamp_to_six_in<Lanes>(Lanes::load(input + i, n));
  });
}

template <class Lanes>
EDGEFRONT_INLINE typename Lanes::Float gate_in(typename Lanes::Float x) {
  return Lanes::div(clamp_to_six_in<Lanes>(Lanes::add(x, Lanes::set(3))), Lanes::set(6));
}

template <class Lanes>
void hswish_f32_in(const float* input, float* output, int64_t count) {
  map_to_floats<Lanes>(count, output, [&](int64_t i, int32_t n) {
    const typename Lanes::Float x = Lanes::load(input + i, n);
    return Lanes::mul(x, gate_in<Lanes>(x));
  });
}

template <class Lanes>
void hsigmoid_f32_in(const float* input, float* output, int64_t count) {
  map_to_floats<Lanes>(count, output, [&](int64_t i, int32_t n) {
    return gate_in<Lanes>(Lanes::load(input + i, n));
  });
}

template <class Lanes>
void quantize_s8_in(const float* input, int8_t* output, int64_t count, float scale,
                    int32_t zero_point) {
  const typename Lanes::Pack pack(zero_point, -128, 127);
  const typename Lanes::Float divisor = Lanes::set(scale);
  map_to_bytes<Lanes>(count, pack, output, [&](int64_t i, int32_t n) {
    return Lanes::div(Lanes::load(input + i, n), divisor);
  });
}

template <class Lanes>
void dequantize_s8_in(const int8_t* input, float* output, int64_t count, float scale,
                      int32_t zero_point) {
  const typename Lanes::Float zero = Lanes::set(static_cast<float>(zero_point));
  const typename Lanes::Float multiplier = Lanes::set(scale);
  map_to_floats<Lanes>(count, output, [&](int64_t i, int32_t n) {
    return Lanes::mul(Lanes::sub(Lanes::load_s8(input + i, n), zero), multiplier);
  });
}

}  // namespace
}  // namespace edgefront
