// EDGEFRONT_UNROLL stands before a loop with a constant trip count: unroll it completely, early.
// Otherwise GCC keeps small arrays of vectors in memory instead of registers, which costs matrix
// kernels most of their speed. EDGEFRONT_INLINE is for functions that such arrays are handed to,
// for the same reason.
#pragma once

#ifdef __clang__
#define EDGEFRONT_UNROLL _Pragma("clang loop unroll(full)")
#define EDGEFRONT_KEEP_LOOP _Pragma("clang loop unroll(disable)")
#else
#define EDGEFRONT_UNROLL _Pragma("GCC unroll 32")
#define EDGEFRONT_KEEP_LOOP _Pragma("GCC unroll 1")
#endif

/// Keeps a computed pointer in a register of its own, or compilers derive all pointers of a tile
/// from one and run out of registers for the differences.
#define EDGEFRONT_KEEP_POINTER(pointer) __asm__ volatile("" : "+r"(pointer))

#define EDGEFRONT_INLINE inline __attribute__((always_inline))
