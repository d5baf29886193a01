// Operators without weights. Plain arguments, exact arithmetic of design 5.1. The functions below
// are portable and normative; kernel sets have rows of their own with the same bits. All but
// pooling and the two conversions may run in place: `output` may be `a`, or `b` where that is as
// long, since the i-th values are read before the i-th is written.
#pragma once

#include <stdint.h>

namespace edgefront {

/// y = requantize(float(a − za)·ma + float(b − zb)·mb); ma = s_a/s_y, mb = s_b/s_y.
struct AddArgsS8 {
  const int8_t *a, *b;
  int8_t* output;
  int64_t count;
  int32_t a_zero_point, b_zero_point, output_zero_point;
  float a_multiplier, b_multiplier;
  int32_t qmin, qmax;
};
void add_s8(const AddArgsS8& args);
void add_f32(const float* a, const float* b, float* output, int64_t count);

/// y = requantize(float((a − za)·(b − zb))·m); `b` has `channels` values, used for each of
/// `pixels` pixels, or pixels·channels values where b_is_full.
struct MulArgsS8 {
  const int8_t *a, *b;
  int8_t* output;
  int64_t pixels;
  int32_t channels;
  int32_t b_is_full;
  int32_t a_zero_point, b_zero_point, output_zero_point;
  float multiplier;
  int32_t qmin, qmax;
};
void mul_s8(const MulArgsS8& args);
void mul_f32(const float* a, const float* b, float* output, int64_t pixels, int32_t channels,
             int32_t b_is_full);

/// Σ(q − z) over the image, multiplier s_x/(s_y·H·W).
struct PoolArgsS8 {
  const int8_t* input;
  int8_t* output;
  int64_t pixels;
  int32_t channels;
  int32_t input_zero_point, output_zero_point;
  float multiplier;
  int32_t qmin, qmax;
};
void global_average_pool_s8(const PoolArgsS8& args);
void global_average_pool_f32(const float* input, float* output, int64_t pixels, int32_t channels);

/// y[i] = table[x[i] + 128].
void table_s8(const int8_t* input, int8_t* output, int64_t count, const int8_t* table);
/// y = clamp(x, qmin, qmax).
void clamp_s8(const int8_t* input, int8_t* output, int64_t count, int32_t qmin, int32_t qmax);

void relu_f32(const float* input, float* output, int64_t count);
void relu6_f32(const float* input, float* output, int64_t count);
/// x·relu6(x + 3)/6
void hswish_f32(const float* input, float* output, int64_t count);
/// relu6(x + 3)/6
void hsigmoid_f32(const float* input, float* output, int64_t count);

/// q = rint(min(max(x/s, qmin − z), qmax − z)) + z
void quantize_s8(const float* input, int8_t* output, int64_t count, float scale,
                 int32_t zero_point);
void dequantize_s8(const int8_t* input, float* output, int64_t count, float scale,
                   int32_t zero_point);

/// One implementation of all of them; every pointer is set. int8 and fp32 values are the same bits
/// in every set.
struct ElementwiseKernels {
  void (*add_s8)(const AddArgsS8&);
  void (*mul_s8)(const MulArgsS8&);
  void (*global_average_pool_s8)(const PoolArgsS8&);
  void (*table_s8)(const int8_t*, int8_t*, int64_t, const int8_t*);
  void (*clamp_s8)(const int8_t*, int8_t*, int64_t, int32_t, int32_t);
  void (*add_f32)(const float*, const float*, float*, int64_t);
  void (*mul_f32)(const float*, const float*, float*, int64_t, int32_t, int32_t);
  void (*global_average_pool_f32)(const float*, float*, int64_t, int32_t);
  void (*relu_f32)(const float*, float*, int64_t);
  void (*relu6_f32)(const float*, float*, int64_t);
  void (*hswish_f32)(const float*, float*, int64_t);
  void (*hsigmoid_f32)(const float*, float*, int64_t);
  void (*quantize_s8)(const float*, int8_t*, int64_t, float, int32_t);
  void (*dequantize_s8)(const int8_t*, float*, int64_t, float, int32_t);
};

/// The functions of this header.
extern const ElementwiseKernels kPortableElementwise;

}  // namespace edgefront
