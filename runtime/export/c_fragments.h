// The C99 functions that a written file is made of: the int8 arithmetic of
// runtime/kernels/requantize.h and the loops of the reference kernels, in C. Each stands in a file
// only where the model needs it, since an unused static function is a warning and costs flash.
#pragma once

#include <string>

#include "runtime/graph.h"

namespace edgefront {

/// A function of the file, and the struct of its arguments, which a step fills.
struct CFunction {
  const char* structure;  ///< name of the struct
  const char* run;        ///< name of the function
  const char* source;     ///< definitions of both
};

/// What runs `op`. Operators that run alike share one function: relu and relu6, the table layers,
/// dense convolution and fully connected. `op` is none of quantize and dequantize.
const CFunction& c_function(OpKind op);

/// Includes, refusals of wrong compilers and flags, the arithmetic, and arithmetic_is_exact().
extern const char* const kCPrelude;

/// What conv2d and depthwise_conv2d share; stands before them.
extern const char* const kCConvolution;

}  // namespace edgefront
