#include "runtime/kernels/layouts/direct_convolution.h"

#include <string.h>

namespace edgefront {
namespace {

// The last quad of a row's last segment may lie up to three bytes behind the row.
constexpr int64_t kSlack = 64;

int64_t segment_quads(const ConvGeometry& g) {
  return round_up_to(int64_t{g.kernel} * g.in_channels, 4) / 4;
}

int64_t row_bytes(const ConvGeometry& g, int64_t element_bytes) {
  return round_up_to((g.in_width + 2 * g.pad) * g.in_channels * element_bytes + kSlack, 64);
}

// Unsigned arithmetic: sums wrap where the true value, after all compensations, fits again.
void pack_segments(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                   int32_t offset, void* packed) {
  const int32_t segment = g.kernel * g.in_channels;
  const int64_t quads = segment_quads(g);
  memset(packed, 0, static_cast<size_t>(direct_packed_bytes_s8(g)));
  uint32_t* packed_bias = static_cast<uint32_t*>(packed);
  int8_t* panels = reinterpret_cast<int8_t*>(packed_bias + padded_channels(g));
  for (int32_t c = 0; c < g.out_channels; ++c) {
    const int8_t* filter = weights + int64_t{c} * gemm_depth(g);
    int8_t* lane = panels + (c / kPanelChannels) * g.kernel * quads * kPanelChannels * 4 +
                   (c % kPanelChannels) * 4;
    uint32_t sum = 0;
    for (int32_t ky = 0; ky < g.kernel; ++ky) {
      for (int32_t i = 0; i < segment; ++i) {
        const int8_t weight = filter[ky * segment + i];
        lane[(ky * quads + i / 4) * kPanelChannels * 4 + i % 4] = weight;
        sum += static_cast<uint32_t>(static_cast<int32_t>(weight));
      }
    }
    packed_bias[c] = static_cast<uint32_t>(bias[c]) - static_cast<uint32_t>(offset) * sum;
  }
}

/// `flip` is eight times the byte that is flipped.
void copy_flipped(const uint8_t* from, int64_t bytes, uint64_t flip, uint8_t* to) {
  typedef uint64_t Vector __attribute__((vector_size(16)));
  const Vector flips = {flip, flip};
  int64_t i = 0;
  for (; i + 16 <= bytes; i += 16) {
    Vector v;
    memcpy(&v, from + i, 16);
    v ^= flips;
    memcpy(to + i, &v, 16);
  }
  for (; i < bytes; ++i) to[i] = static_cast<uint8_t>(from[i] ^ (flip & 0xff));
}

/// Rows that scratch holds beyond the kernel's: the window moves down that far before what the next
/// output row needs again goes back to the top. Up to 2 KiB of them.
int64_t spare_rows(const ConvGeometry& g, int64_t element_bytes) {
  const int64_t rows = 2048 / row_bytes(g, element_bytes);
  return rows < 8 ? rows : 8;
}

int64_t scratch_bytes(const ConvGeometry& g, int64_t element_bytes) {
  return (g.kernel + spare_rows(g, element_bytes)) * row_bytes(g, element_bytes);
}

/// Where rows come from and how they are stored.
struct RowSource {
  const uint8_t* input;
  uint8_t padding;  ///< already flipped
  uint64_t flip;    ///< as copy_flipped wants it
  RowRange rows;
};

/// The padded input rows under one output row after the other. Several are copied at a time, well
/// before most of them are read: a load that spans two young stores waits for both. Borders and
/// slack are filled once, they are padding in every row.
class RowWindow {
 public:
  RowWindow(const ConvGeometry& g, int64_t element_bytes, const RowSource& source, void* scratch)
      : g_(g),
        source_(source),
        scratch_(static_cast<uint8_t*>(scratch)),
        row_size_(row_bytes(g, element_bytes)),
        width_(g.in_width * g.in_channels * element_bytes),
        border_(g.pad * g.in_channels * element_bytes),
        capacity_(g.kernel + spare_rows(g, element_bytes)),
        first_(first_row(source.rows.begin)),
        end_(first_) {
    memset(scratch_, source.padding, static_cast<size_t>(capacity_ * row_size_));
  }

  /// The first of `kernel` rows under output row `y`; `y` ascends.
  const uint8_t* under(int32_t y) {
    const int64_t row = first_row(y);
    if (row + g_.kernel > end_) refill(row);
    return scratch_ + (row - first_) * row_size_;
  }

 private:
  int64_t first_row(int64_t out_y) const { return out_y * g_.stride - g_.pad; }

  /// Makes `row` the first one in scratch, keeps what is there of the next, and copies the others.
  void refill(int64_t row) {
    const int64_t kept = end_ > row ? end_ - row : 0;
    memmove(scratch_, scratch_ + (row - first_) * row_size_, static_cast<size_t>(kept * row_size_));
    const int64_t last = first_row(source_.rows.end - 1) + g_.kernel;
    first_ = row;
    end_ = row + capacity_ < last ? row + capacity_ : last;
    for (int64_t y = row + kept; y < end_; ++y) {
      uint8_t* values = scratch_ + (y - first_) * row_size_ + border_;
      if (y < 0 || y >= g_.in_height) {
        memset(values, source_.padding, static_cast<size_t>(width_));
      } else {
        copy_flipped(source_.input + (y - source_.rows.input_row) * width_, width_, source_.flip,
                     values);
      }
    }
  }

  const ConvGeometry& g_;
  const RowSource& source_;
  uint8_t* scratch_;
  int64_t row_size_, width_, border_, capacity_;
  int64_t first_, end_;  ///< input rows in scratch; rows above and below the image are padding
};

}  // namespace

int64_t direct_packed_bytes_s8(const ConvGeometry& g) {
  return padded_channels(g) * 4 * (1 + g.kernel * segment_quads(g));
}

int64_t direct_scratch_bytes_s8(const ConvGeometry& g) { return scratch_bytes(g, 1); }
int64_t direct_scratch_bytes_f32(const ConvGeometry& g) { return scratch_bytes(g, 4); }

void direct_pack_s8(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                    int32_t input_zero_point, void* packed) {
  pack_segments(g, weights, bias, input_zero_point, packed);
}

void direct_pack_flipped(const ConvGeometry& g, const int8_t* weights, const int32_t* bias,
                         int32_t input_zero_point, void* packed) {
  pack_segments(g, weights, bias, input_zero_point + 128, packed);
}

void run_direct_convolution_s8(const ConvArgsS8& args, GemmS8 gemm, RowBytes bytes) {
  const ConvGeometry& g = args.geometry;
  const int flip = bytes == RowBytes::kFlipped ? 0x80 : 0;
  const RowSource source = {reinterpret_cast<const uint8_t*>(args.input),
                            static_cast<uint8_t>(args.input_zero_point ^ flip),
                            0x0101010101010101u * static_cast<uint64_t>(flip), args.rows};
  RowWindow window(g, 1, source, args.scratch);
  GemmArgsS8 row = {};
  row.input_stride = int64_t{g.stride} * g.in_channels;
  row.pixels = g.out_width;
  row.depth = static_cast<int32_t>(segment_quads(g) * 4);
  row.channels = g.out_channels;
  row.packed = args.packed;
  row.requantize = &args.requantize;
  row.segments = g.kernel;
  row.segment_stride = row_bytes(g, 1);
  for (int32_t y = args.rows.begin; y < args.rows.end; ++y) {
    row.input = reinterpret_cast<const int8_t*>(window.under(y));
    row.first_element = int64_t{y - args.rows.output_row} * g.out_width * g.out_channels;
    row.output = args.output + row.first_element;
    gemm(row);
  }
}

void run_direct_convolution_f32(const ConvArgsF32& args, GemmF32 gemm) {
  const ConvGeometry& g = args.geometry;
  const RowSource source = {reinterpret_cast<const uint8_t*>(args.input), 0, 0, args.rows};
  RowWindow window(g, 4, source, args.scratch);
  GemmArgsF32 row = {};
  row.input_stride = int64_t{g.stride} * g.in_channels;
  row.pixels = g.out_width;
  row.depth = g.kernel * g.in_channels;
  row.channels = g.out_channels;
  row.packed = args.packed;
  row.activation = args.activation;
  row.residual = args.residual;
  row.segments = g.kernel;
  row.segment_stride = row_bytes(g, 4) / 4;
  for (int32_t y = args.rows.begin; y < args.rows.end; ++y) {
    row.input = reinterpret_cast<const float*>(window.under(y));
    row.first_element = int64_t{y - args.rows.output_row} * g.out_width * g.out_channels;
    row.output = args.output + row.first_element;
    gemm(row);
  }
}

}  // namespace edgefront
