#include "runtime/export/c_fragments.h"

#include <cassert>

namespace edgefront {

const char* const kCPrelude = R"(#include <float.h>
#include <stdint.h>

#ifdef __FAST_MATH__
#error "this file needs IEEE arithmetic: compile it without -ffast-math"
#endif
#if FLT_EVAL_METHOD != 0
#error "this file needs products rounded to binary32 (FLT_EVAL_METHOD 0), e.g. -mfpmath=sse"
#endif
#if FLT_RADIX != 2 || FLT_MANT_DIG != 24 || FLT_MAX_EXP != 128
#error "this file needs float to be IEEE binary32"
#endif
/* GCC has no such pragma: there, give -ffp-contract=off (or -std=c99, which implies it). */
#if !defined(__GNUC__) || defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

int edgefront_invoke(const int8_t* input, int8_t* output);

/* Nearest integer, ties to even, for |x| < 2^22: adding 1.5 * 2^23 leaves no bits for a fraction,
 * so the addition rounds, and the low bits of the sum are the integer. No libm, no conversion. */
static int32_t round_half_even(float x) {
  union {
    float real;
    int32_t bits;
  } sum;
  sum.real = x + 12582912.0f;
  return sum.bits - 0x4B400000;
}

/* The clamp comes before the rounding, which only holds for small values. */
static int8_t requantize_scaled(float scaled, int32_t zero_point, int32_t qmin, int32_t qmax) {
  const float low = (float)(qmin - zero_point);
  const float high = (float)(qmax - zero_point);
  const float above = scaled > low ? scaled : low;
  const float clamped = above < high ? above : high;
  return (int8_t)(round_half_even(clamped) + zero_point);
}

static int8_t requantize(int32_t accumulator, float multiplier, int32_t zero_point, int32_t qmin,
                         int32_t qmax) {
  const float scaled = (float)accumulator * multiplier;
  return requantize_scaled(scaled, zero_point, qmin, qmax);
}

/* (a * a_multiplier) + (b * b_multiplier), zero points taken off: each product and the sum is
 * rounded. A fused multiply-add here would give other bits. */
static int8_t requantize_sum(int32_t a, float a_multiplier, int32_t b, float b_multiplier,
                             int32_t zero_point) {
  const float scaled_a = (float)a * a_multiplier;
  const float scaled_b = (float)b * b_multiplier;
  const float sum = scaled_a + scaled_b;
  return requantize_scaled(sum, zero_point, -128, 127);
}

/* Where the products are rounded, both sums are 1.5, which rounds to 2. The product of 3 needs 25
 * bits; not rounded, as in a fused multiply-add, it makes them 1.5 - 2^-13. */
static int sum_is_exact(void) {
  const volatile float large = 0x1.000002p+10f, rest = 0x1.7fd004p+11f;
  return requantize_sum(3, large, -1, rest, 0) == 2 && requantize_sum(-1, rest, 3, large, 0) == 2;
}

/* False where flags or the rounding mode break the arithmetic; volatile: at run time. */
static int arithmetic_is_exact(void) {
  const volatile float half = 0.5f;
  return requantize(5, half, 0, -128, 127) == 2 && requantize(7, half, 0, -128, 127) == 4 &&
         requantize(-5, half, 0, -128, 127) == -2 && requantize(-7, half, 0, -128, 127) == -4 &&
         sum_is_exact();
}
)";

const char* const kCConvolution = R"(
struct convolution {
  int32_t in_height, in_width, in_channels, out_height, out_width, out_channels, kernel, stride;
  const int8_t* input;
  int32_t input_zero_point;
  const int8_t* weights;
  const int32_t* bias;
  int8_t* output;
  const float* multipliers; /* one per output channel */
  int32_t zero_point, qmin, qmax;
  const int8_t* table;    /* 256 entries, the one of q = -128 first; null: none */
  const int8_t* residual; /* added to the result of the above; null: none */
  float own_multiplier, residual_multiplier;
  int32_t own_zero_point, residual_zero_point, sum_zero_point;
};

/* The taps [first_y, last_y) x [first_x, last_x) of an output pixel that lie inside the image.
 * Padding holds the zero point, so the others add nothing. */
struct window {
  int32_t top, left; /* of tap 0, may be negative */
  int32_t first_y, last_y, first_x, last_x;
};

static struct window window_of(const struct convolution* c, int32_t y, int32_t x) {
  struct window w;
  w.top = y * c->stride - c->kernel / 2;
  w.left = x * c->stride - c->kernel / 2;
  w.first_y = w.top < 0 ? -w.top : 0;
  w.first_x = w.left < 0 ? -w.left : 0;
  w.last_y = c->in_height - w.top < c->kernel ? c->in_height - w.top : c->kernel;
  w.last_x = c->in_width - w.left < c->kernel ? c->in_width - w.left : c->kernel;
  return w;
}

static void store(const struct convolution* c, int32_t accumulator, int32_t channel,
                  int32_t index) {
  int8_t q =
      requantize(accumulator, c->multipliers[channel], c->zero_point, c->qmin, c->qmax);
  if (c->table) q = c->table[(int32_t)q + 128];
  if (c->residual) {
    q = requantize_sum(q - c->own_zero_point, c->own_multiplier,
                       c->residual[index] - c->residual_zero_point, c->residual_multiplier,
                       c->sum_zero_point);
  }
  c->output[index] = q;
}
)";

namespace {

const CFunction kConv2d = {"convolution", "run_conv2d", R"(
/* weights [out][ky][kx][in] */
static int32_t dot(const struct convolution* c, const int8_t* filter, int32_t sum,
                   const struct window* w) {
  int32_t ky, kx, i;
  for (ky = w->first_y; ky < w->last_y; ++ky) {
    for (kx = w->first_x; kx < w->last_x; ++kx) {
      const int8_t* pixel =
          c->input + ((w->top + ky) * c->in_width + w->left + kx) * c->in_channels;
      const int8_t* taps = filter + (ky * c->kernel + kx) * c->in_channels;
      for (i = 0; i < c->in_channels; ++i) sum += (pixel[i] - c->input_zero_point) * taps[i];
    }
  }
  return sum;
}

/* Dense convolution; fully connected is one pixel with kernel 1. */
static void run_conv2d(const void* arguments) {
  const struct convolution* c = (const struct convolution*)arguments;
  const int32_t filter_size = c->kernel * c->kernel * c->in_channels;
  int32_t y, x, channel, index = 0;
  for (y = 0; y < c->out_height; ++y) {
    for (x = 0; x < c->out_width; ++x) {
      const struct window w = window_of(c, y, x);
      for (channel = 0; channel < c->out_channels; ++channel, ++index) {
        store(c, dot(c, c->weights + channel * filter_size, c->bias[channel], &w), channel, index);
      }
    }
  }
}
)"};

const CFunction kDepthwise = {"convolution", "run_depthwise_conv2d", R"(
/* weights [ky][kx][channel] */
static int32_t depthwise_dot(const struct convolution* c, int32_t channel,
                             const struct window* w) {
  int32_t ky, kx, sum = c->bias[channel];
  for (ky = w->first_y; ky < w->last_y; ++ky) {
    for (kx = w->first_x; kx < w->last_x; ++kx) {
      const int32_t pixel = (w->top + ky) * c->in_width + w->left + kx;
      const int32_t tap = ky * c->kernel + kx;
      sum += (c->input[pixel * c->in_channels + channel] - c->input_zero_point) *
             c->weights[tap * c->out_channels + channel];
    }
  }
  return sum;
}

static void run_depthwise_conv2d(const void* arguments) {
  const struct convolution* c = (const struct convolution*)arguments;
  int32_t y, x, channel, index = 0;
  for (y = 0; y < c->out_height; ++y) {
    for (x = 0; x < c->out_width; ++x) {
      const struct window w = window_of(c, y, x);
      for (channel = 0; channel < c->out_channels; ++channel, ++index) {
        store(c, depthwise_dot(c, channel, &w), channel, index);
      }
    }
  }
}
)"};

const CFunction kAdd = {"addition", "run_add", R"(
struct addition {
  const int8_t *a, *b;
  int8_t* output;
  int32_t count, a_zero_point, b_zero_point, zero_point;
  float a_multiplier, b_multiplier;
};

static void run_add(const void* arguments) {
  const struct addition* s = (const struct addition*)arguments;
  int32_t i;
  for (i = 0; i < s->count; ++i) {
    s->output[i] = requantize_sum(s->a[i] - s->a_zero_point, s->a_multiplier,
                                  s->b[i] - s->b_zero_point, s->b_multiplier, s->zero_point);
  }
}
)"};

const CFunction kMul = {"product", "run_mul", R"(
struct product {
  const int8_t *a, *b;
  int8_t* output;
  int32_t pixels, channels;
  int32_t b_step; /* from one pixel's factors to the next: 0 where one pixel serves all */
  int32_t a_zero_point, b_zero_point, zero_point;
  float multiplier;
};

static void run_mul(const void* arguments) {
  const struct product* s = (const struct product*)arguments;
  int32_t pixel, channel, index = 0;
  for (pixel = 0; pixel < s->pixels; ++pixel) {
    const int8_t* b = s->b + pixel * s->b_step;
    for (channel = 0; channel < s->channels; ++channel, ++index) {
      const int32_t product =
          (s->a[index] - s->a_zero_point) * (b[channel] - s->b_zero_point);
      s->output[index] = requantize(product, s->multiplier, s->zero_point, -128, 127);
    }
  }
}
)"};

const CFunction kPool = {"pooling", "run_global_average_pool", R"(
struct pooling {
  const int8_t* input;
  int8_t* output;
  int32_t pixels, channels, input_zero_point, zero_point;
  float multiplier;
};

static void run_global_average_pool(const void* arguments) {
  const struct pooling* s = (const struct pooling*)arguments;
  int32_t pixel, channel;
  for (channel = 0; channel < s->channels; ++channel) {
    int32_t sum = 0;
    for (pixel = 0; pixel < s->pixels; ++pixel) {
      sum += s->input[pixel * s->channels + channel] - s->input_zero_point;
    }
    s->output[channel] = requantize(sum, s->multiplier, s->zero_point, -128, 127);
  }
}
)"};

const CFunction kClamp = {"clamp", "run_clamp", R"(
struct clamp {
  const int8_t* input;
  int8_t* output;
  int32_t count, qmin, qmax;
};

static void run_clamp(const void* arguments) {
  const struct clamp* s = (const struct clamp*)arguments;
  int32_t i;
  for (i = 0; i < s->count; ++i) {
    const int32_t q = s->input[i];
    s->output[i] = (int8_t)(q < s->qmin ? s->qmin : (q > s->qmax ? s->qmax : q));
  }
}
)"};

const CFunction kTable = {"lookup", "run_table", R"(
struct lookup {
  const int8_t* input;
  int8_t* output;
  int32_t count;
  const int8_t* table; /* 256 entries, the one of q = -128 first */
};

static void run_table(const void* arguments) {
  const struct lookup* s = (const struct lookup*)arguments;
  int32_t i;
  for (i = 0; i < s->count; ++i) s->output[i] = s->table[(int32_t)s->input[i] + 128];
}
)"};

}  // namespace

const CFunction& c_function(OpKind op) {
  switch (op) {
    case OpKind::kConv2d:
    case OpKind::kFullyConnected:
      return kConv2d;
    case OpKind::kDepthwiseConv2d:
      return kDepthwise;
    case OpKind::kAdd:
      return kAdd;
    case OpKind::kMul:
      return kMul;
    case OpKind::kGlobalAveragePool:
      return kPool;
    case OpKind::kRelu:
    case OpKind::kRelu6:
      return kClamp;
    case OpKind::kHswish:
    case OpKind::kHsigmoid:
      return kTable;
    case OpKind::kQuantize:
    case OpKind::kDequantize:
      break;
  }
  assert(false && "an int8 model has no conversions");
  return kClamp;
}

}  // namespace edgefront
