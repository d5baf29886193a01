// <immintrin.h> without the false alarm of GCC 12: its AVX-512 headers build "undefined" vectors as
// `__m512 y = y`, which -Wmaybe-uninitialized reports at every use (GCC bug 105593). Included first
// by every AVX-512 file, so the rest of such a file is not checked for that one warning;
// clang and the other sets are.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
