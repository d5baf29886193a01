// Layers for the kernel tests: random and awkward shapes with their data, and buffers that end at a
// page nobody may touch, so that one byte too many crashes instead of passing.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/kernels/kernel_set.h"

namespace edgefront::kernel_cases {

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Random {
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Inclusive.
  std::int32_t between(std::int32_t low, std::int32_t high) {
    return low + static_cast<std::int32_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  bool chance(double probability) { return unit() < probability; }
  std::int32_t pick(const std::vector<std::int32_t>& values) {
    return values[next() % values.size()];
  }
};

/// `bytes` bytes that end (after rounding up to `align`) at an inaccessible page. The bytes before,
/// and those of the rounding, hold a pattern that intact() checks.
class GuardedBuffer {
 public:
  GuardedBuffer(std::int64_t bytes, std::int64_t align) : bytes_(bytes) {
    const std::int64_t page = sysconf(_SC_PAGESIZE);
    const std::int64_t reserved = (bytes + align - 1) / align * align;
    usable_ = (reserved + kFront + page - 1) / page * page;
    mapped_ = usable_ + page;
    void* mapping = mmap(nullptr, static_cast<std::size_t>(mapped_), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) throw std::runtime_error("mmap failed");
    base_ = static_cast<std::uint8_t*>(mapping);
    mprotect(base_ + usable_, static_cast<std::size_t>(page), PROT_NONE);
    std::memset(base_, kPattern, static_cast<std::size_t>(usable_));
    data_ = base_ + usable_ - reserved;
  }
  ~GuardedBuffer() { munmap(base_, static_cast<std::size_t>(mapped_)); }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  template <typename T>
  T* as() {
    return reinterpret_cast<T*>(data_);
  }
  bool intact() const {
    for (const std::uint8_t* p = base_; p < base_ + usable_; ++p) {
      if (p >= data_ && p < data_ + bytes_) continue;
      if (*p != kPattern) return false;
    }
    return true;
  }

 private:
  static constexpr std::int64_t kFront = 128;
  static constexpr std::uint8_t kPattern = 0xa5;
  std::int64_t bytes_, usable_ = 0, mapped_ = 0;
  std::uint8_t *base_ = nullptr, *data_ = nullptr;
};

struct LayerShape {
  OpKind op = OpKind::kConv2d;
  std::int32_t height = 1, width = 1, in_channels = 1, out_channels = 1, kernel = 1, stride = 1;
};

inline ConvGeometry geometry(const LayerShape& s) {
  const std::int32_t pad = s.kernel / 2;
  const std::int32_t out_height = (s.height + 2 * pad - s.kernel) / s.stride + 1;
  const std::int32_t out_width = (s.width + 2 * pad - s.kernel) / s.stride + 1;
  return {s.height,       s.width,  s.in_channels, out_height, out_width,
          s.out_channels, s.kernel, s.stride,      pad};
}

inline std::string describe(const LayerShape& s) {
  return std::string(op_name(s.op)) + " " + std::to_string(s.height) + "x" +
         std::to_string(s.width) + "x" + std::to_string(s.in_channels) + ">" +
         std::to_string(s.out_channels) + " k" + std::to_string(s.kernel) + " s" +
         std::to_string(s.stride);
}

inline std::int64_t fan_in(const LayerShape& s) {
  const std::int64_t area = std::int64_t{s.kernel} * s.kernel;
  return s.op == OpKind::kDepthwiseConv2d ? area : area * s.in_channels;
}

inline std::int64_t output_count(const LayerShape& s) {
  const ConvGeometry g = geometry(s);
  return std::int64_t{g.out_height} * g.out_width * g.out_channels;
}

/// A random layer of any kind, small enough for the naive kernels.
inline LayerShape random_shape(Random& random) {
  const std::vector<std::int32_t> channels = {1,  2,  3,  7,  8,  9,  15, 16, 17, 24,
                                              31, 32, 33, 48, 63, 64, 65, 80, 129};
  LayerShape s;
  do {
    s = LayerShape();
    s.in_channels = random.pick(channels);
    s.out_channels = random.pick(channels);
    switch (random.between(0, 3)) {
      case 0:
        s.op = OpKind::kFullyConnected;
        break;
      case 1:
        s.op = OpKind::kDepthwiseConv2d;
        s.out_channels = s.in_channels;
        s.kernel = random.pick({1, 3, 3, 5, 7});
        s.stride = random.between(1, 2);
        break;
      case 2:
        s.kernel = random.pick({1, 3, 5, 7});
        s.stride = random.between(1, 2);
        break;
      default:
        break;
    }
    if (s.op != OpKind::kFullyConnected) {
      s.height = random.between(1, 9);
      s.width = random.between(1, 13);
    }
  } while (output_count(s) * fan_in(s) > 150000);
  return s;
}

/// An int8 layer with everything that its kernel reads.
struct CaseS8 {
  LayerShape shape;
  std::vector<std::int8_t> input, weights, table, residual;
  std::vector<std::int32_t> bias;
  std::vector<float> multipliers;
  std::int32_t input_zero_point = 0;
  RequantizeS8 requantize = {};  ///< its pointers are set by run_s8()
};

enum class Magnitude { kUsual, kExtreme };

/// kExtreme: saturated inputs and weights and the largest bias that cannot overflow.
inline CaseS8 random_case_s8(const LayerShape& shape, Random& random, Magnitude magnitude) {
  CaseS8 c;
  c.shape = shape;
  const std::int64_t fan = fan_in(shape);
  const bool extreme = magnitude == Magnitude::kExtreme;
  c.input.resize(static_cast<std::size_t>(shape.height * shape.width * shape.in_channels));
  const bool same_sign = random.chance(0.5);
  for (std::int8_t& q : c.input) {
    const bool low = same_sign || random.chance(0.5);
    q = static_cast<std::int8_t>(extreme ? (low ? -128 : 127) : random.between(-128, 127));
  }
  c.weights.resize(static_cast<std::size_t>(fan * shape.out_channels));
  for (std::int8_t& w : c.weights) {
    const bool low = same_sign || random.chance(0.5);
    w = static_cast<std::int8_t>(extreme ? (low ? -127 : 127) : random.between(-127, 127));
  }
  const std::int64_t bound = (std::int64_t{1} << 31) - 1 - fan * 127 * 255;
  const std::int32_t limit = extreme ? static_cast<std::int32_t>(bound) : 20000;
  for (std::int32_t i = 0; i < shape.out_channels; ++i) {
    c.bias.push_back(extreme ? (random.chance(0.5) ? limit : -limit)
                             : random.between(-limit, limit));
    const double spread = extreme ? 0x1p31 : 5000.0 * static_cast<double>(1 + fan / 8);
    c.multipliers.push_back(static_cast<float>((0.2 + random.unit()) * 150.0 / spread));
  }
  c.input_zero_point = random.chance(0.4) ? random.pick({-128, 0, 127}) : random.between(-128, 127);
  RequantizeS8& r = c.requantize;
  r.zero_point = random.chance(0.4) ? random.pick({-128, 0, 127}) : random.between(-128, 127);
  const bool clamped = random.chance(0.5);
  r.qmin = clamped ? random.between(-128, 0) : -128;
  r.qmax = clamped ? random.between(r.qmin, 127) : 127;
  if (random.chance(0.4)) {
    for (int i = 0; i < 256; ++i) {
      c.table.push_back(static_cast<std::int8_t>(random.between(-128, 127)));
    }
  }
  if (random.chance(0.4)) {
    for (std::int64_t i = 0; i < output_count(shape); ++i) {
      c.residual.push_back(static_cast<std::int8_t>(random.between(-128, 127)));
    }
    r.conv_multiplier = static_cast<float>(0.1 + random.unit());
    r.residual_multiplier = static_cast<float>(0.1 + random.unit());
    r.conv_zero_point = random.between(-128, 127);
    r.residual_zero_point = random.between(-128, 127);
    r.sum_zero_point = random.between(-128, 127);
    r.sum_qmin = random.between(-128, -60);
    r.sum_qmax = random.between(60, 127);
  }
  return c;
}

/// A band of output rows and the part of the input that it needs, nothing more.
struct Band {
  RowRange rows;
  std::int64_t first_input, inputs;    ///< values
  std::int64_t first_output, outputs;  ///< values
};

inline Band band_of(const ConvGeometry& g, std::int32_t begin, std::int32_t end) {
  const std::int32_t first = std::max(0, begin * g.stride - g.pad);
  const std::int32_t last =
      std::max(first, std::min(g.in_height, (end - 1) * g.stride - g.pad + g.kernel));
  const std::int64_t input_row = std::int64_t{g.in_width} * g.in_channels;
  const std::int64_t output_row = std::int64_t{g.out_width} * g.out_channels;
  return {{begin, end, first, begin},
          first * input_row,
          (last - first) * input_row,
          begin * output_row,
          (end - begin) * output_row};
}

/// Packs and runs one kernel between guards; throws where a guard was touched.
inline std::vector<std::int8_t> run_s8(const CaseS8& c, const ConvKernelS8& kernel,
                                       const Band& band) {
  const ConvGeometry g = geometry(c.shape);
  GuardedBuffer input(band.inputs, 1);
  GuardedBuffer output(band.outputs, 1);
  GuardedBuffer residual(c.residual.empty() ? 0 : band.outputs, 1);
  GuardedBuffer table(static_cast<std::int64_t>(c.table.size()), 1);
  GuardedBuffer multipliers(4 * static_cast<std::int64_t>(c.multipliers.size()), 4);
  GuardedBuffer packed(kernel.packed_bytes(g), 64);
  GuardedBuffer scratch(kernel.scratch_bytes(g), 64);
  const std::size_t input_bytes = static_cast<std::size_t>(band.inputs);
  std::memcpy(input.as<void>(), c.input.data() + band.first_input, input_bytes);
  std::memcpy(multipliers.as<void>(), c.multipliers.data(), 4 * c.multipliers.size());
  kernel.pack(g, c.weights.data(), c.bias.data(), c.input_zero_point, packed.as<void>());
  ConvArgsS8 args = {};
  args.geometry = g;
  args.rows = band.rows;
  args.input = input.as<std::int8_t>();
  args.input_zero_point = c.input_zero_point;
  args.packed = packed.as<void>();
  args.output = output.as<std::int8_t>();
  args.requantize = c.requantize;
  args.requantize.multipliers = multipliers.as<float>();
  if (!c.table.empty()) {
    std::memcpy(table.as<void>(), c.table.data(), c.table.size());
    args.requantize.table = table.as<std::int8_t>();
  }
  if (!c.residual.empty()) {
    std::memcpy(residual.as<void>(), c.residual.data() + band.first_output,
                static_cast<std::size_t>(band.outputs));
    args.requantize.residual = residual.as<std::int8_t>();
  }
  args.scratch = kernel.scratch_bytes(g) > 0 ? scratch.as<void>() : nullptr;
  kernel.run(args);
  for (const GuardedBuffer* buffer : {&input, &output, &packed, &scratch}) {
    if (!buffer->intact()) throw std::runtime_error("guard bytes changed: " + describe(c.shape));
  }
  if (std::memcmp(input.as<void>(), c.input.data() + band.first_input, input_bytes) != 0) {
    throw std::runtime_error("input changed: " + describe(c.shape));
  }
  const std::int8_t* values = output.as<std::int8_t>();
  return std::vector<std::int8_t>(values, values + band.outputs);
}

/// The whole layer in bands of `rows` output rows.
template <typename Run>
auto run_in_bands(const ConvGeometry& g, std::int32_t rows, const Run& run) {
  auto all = run(band_of(g, 0, std::min(rows, g.out_height)));
  for (std::int32_t begin = rows; begin < g.out_height; begin += rows) {
    const auto values = run(band_of(g, begin, std::min(begin + rows, g.out_height)));
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

inline std::vector<std::int8_t> run_s8(const CaseS8& c, const ConvKernelS8& kernel,
                                       std::int32_t rows = 1 << 20) {
  return run_in_bands(geometry(c.shape), rows,
                      [&](const Band& band) { return run_s8(c, kernel, band); });
}

struct CaseF32 {
  LayerShape shape;
  std::vector<float> input, weights, bias, residual;
  ActivationF32 activation = kActNoneF32;
};

inline CaseF32 random_case_f32(const LayerShape& shape, Random& random) {
  CaseF32 c;
  c.shape = shape;
  const auto fill = [&](std::vector<float>& values, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      values.push_back(static_cast<float>(4 * random.unit() - 2));
    }
  };
  fill(c.input, std::int64_t{shape.height} * shape.width * shape.in_channels);
  fill(c.weights, fan_in(shape) * shape.out_channels);
  fill(c.bias, shape.out_channels);
  if (random.chance(0.4)) fill(c.residual, output_count(shape));
  return c;
}

inline std::vector<float> run_f32(const CaseF32& c, const ConvKernelF32& kernel, const Band& band) {
  const ConvGeometry g = geometry(c.shape);
  GuardedBuffer input(4 * band.inputs, 4);
  GuardedBuffer output(4 * band.outputs, 4);
  GuardedBuffer residual(c.residual.empty() ? 0 : 4 * band.outputs, 4);
  GuardedBuffer packed(kernel.packed_bytes(g), 64);
  GuardedBuffer scratch(kernel.scratch_bytes(g), 64);
  std::memcpy(input.as<void>(), c.input.data() + band.first_input,
              static_cast<std::size_t>(4 * band.inputs));
  if (!c.residual.empty()) {
    std::memcpy(residual.as<void>(), c.residual.data() + band.first_output,
                static_cast<std::size_t>(4 * band.outputs));
  }
  kernel.pack(g, c.weights.data(), c.bias.data(), packed.as<void>());
  ConvArgsF32 args = {};
  args.geometry = g;
  args.rows = band.rows;
  args.input = input.as<float>();
  args.packed = packed.as<void>();
  args.output = output.as<float>();
  args.activation = c.activation;
  args.residual = c.residual.empty() ? nullptr : residual.as<float>();
  args.scratch = kernel.scratch_bytes(g) > 0 ? scratch.as<void>() : nullptr;
  kernel.run(args);
  for (const GuardedBuffer* buffer : {&input, &output, &packed, &scratch}) {
    if (!buffer->intact()) throw std::runtime_error("guard bytes changed: " + describe(c.shape));
  }
  const float* values = output.as<float>();
  return std::vector<float>(values, values + band.outputs);
}

inline std::vector<float> run_f32(const CaseF32& c, const ConvKernelF32& kernel,
                                  std::int32_t rows = 1 << 20) {
  return run_in_bands(geometry(c.shape), rows,
                      [&](const Band& band) { return run_f32(c, kernel, band); });
}

/// Σ over the taps of one output value, the textbook way: value(input index, weight index).
template <typename Value>
void for_taps(const LayerShape& s, std::int64_t output, const Value& value) {
  const ConvGeometry g = geometry(s);
  const std::int64_t channel = output % g.out_channels;
  const std::int64_t x = output / g.out_channels % g.out_width;
  const std::int64_t y = output / g.out_channels / g.out_width;
  const bool depthwise = s.op == OpKind::kDepthwiseConv2d;
  for (std::int64_t tap = 0; tap < fan_in(s); ++tap) {
    const std::int64_t area = depthwise ? tap : tap / g.in_channels;
    const std::int64_t in_channel = depthwise ? channel : tap % g.in_channels;
    const std::int64_t in_y = y * g.stride + area / g.kernel - g.kernel / 2;
    const std::int64_t in_x = x * g.stride + area % g.kernel - g.kernel / 2;
    if (in_y < 0 || in_x < 0 || in_y >= g.in_height || in_x >= g.in_width) continue;
    const std::int64_t weight =
        depthwise ? tap * g.out_channels + channel : channel * fan_in(s) + tap;
    value((in_y * g.in_width + in_x) * g.in_channels + in_channel, weight);
  }
}

}  // namespace edgefront::kernel_cases
