// Counter-based random numbers: value k of stream s is a pure function of (seed, s, k), so results
// do not depend on threads or on the order of calls. Philox4x32-10 (Salmon et al. 2011, "Parallel
// random numbers: as easy as 1, 2, 3", SC'11). No std:: distributions: they differ by library.
#pragma once

#include <array>
#include <cstdint>

namespace edgefront {

/// One block of the generator: 128 random bits for this counter and key.
std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter,
                                           std::array<std::uint32_t, 2> key);

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

  std::uint64_t next_u64();
  /// Uniform in [0, bound), exact (rejection); bound ≥ 1.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1) with 53 bits.
  double uniform();
  /// Standard normal from uniform() by the polar method of Marsaglia (uses log and sqrt: not for
  /// anything that must be bit-equal between C libraries).
  double normal();

 private:
  std::uint64_t seed_, stream_, counter_ = 0;
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;  ///< words of block_ that were given out
};

/// Mixes two 64-bit words into one (for seeds made from several parts).
std::uint64_t mix_seed(std::uint64_t a, std::uint64_t b);

}  // namespace edgefront
