// Compiler switches of the training kernels. The compiler makes one copy of a function per
// instruction set and the loader picks one: training is the one place where results need not be the
// same on every machine. (The sanitizers' start-up does not bear the loader's choice.)
#pragma once

#if defined(__x86_64__) && !defined(EDGEFRONT_NO_CLONES) && !defined(__SANITIZE_THREAD__) && \
    !defined(__SANITIZE_ADDRESS__)
#define EDGEFRONT_CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define EDGEFRONT_CLONES
#endif
#define EDGEFRONT_INLINE __attribute__((always_inline)) inline

// Before a loop whose pointers do not overlap. GCC vectorises such loops from -O3 on only.
#if defined(__clang__)
#define EDGEFRONT_VECTOR_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#pragma GCC optimize("O3")
#define EDGEFRONT_VECTOR_LOOP _Pragma("GCC ivdep")
#endif
