#include "space/random.h"

#include <cmath>

namespace edgefront {

std::array<std::uint32_t, 4> philox4x32_10(std::array<std::uint32_t, 4> counter,
                                           std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9u;  // golden ratio
    key[1] += 0xBB67AE85u;  // sqrt(3) − 1
  }
  return counter;
}

std::uint64_t RandomStream::next_u64() {
  if (used_ == 4) {
    block_ = philox4x32_10(
        {static_cast<std::uint32_t>(counter_), static_cast<std::uint32_t>(counter_ >> 32),
         static_cast<std::uint32_t>(stream_), static_cast<std::uint32_t>(stream_ >> 32)},
        {static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32)});
    ++counter_;
    used_ = 0;
  }
  const std::uint64_t low = block_[used_], high = block_[used_ + 1];
  used_ += 2;
  return high << 32 | low;
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  // The 2^64 mod bound smallest values would favour small remainders: they are drawn again.
  const std::uint64_t rejected = (0 - bound) % bound;
  std::uint64_t value;
  do value = next_u64();
  while (value < rejected);
  return value % bound;
}

double RandomStream::uniform() { return static_cast<double>(next_u64() >> 11) * 0x1p-53; }

double RandomStream::normal() {
  for (;;) {
    const double x = 2 * uniform() - 1, y = 2 * uniform() - 1;
    const double s = x * x + y * y;
    if (s > 0 && s < 1) return x * std::sqrt(-2 * std::log(s) / s);
  }
}

std::uint64_t mix_seed(std::uint64_t a, std::uint64_t b) {
  const auto mixed =
      philox4x32_10({static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(a >> 32),
                     static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(b >> 32)},
                    {0x6d697865u, 0x73656564u});
  return std::uint64_t{mixed[1]} << 32 | mixed[0];
}

}  // namespace edgefront
