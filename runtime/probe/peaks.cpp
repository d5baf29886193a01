#include "runtime/probe/peaks.h"

#include <cstring>

namespace edgefront {
namespace {

constexpr int kLanes = 64;  // independent sums: enough for any vector length that a compiler picks

// Keeps the compiler from doing several rounds at once.
template <typename T>
void keep(T* values) {
  asm volatile("" : : "r"(values) : "memory");
}

std::int64_t plain_fp32(std::int64_t rounds) {
  float sums[kLanes] = {}, a[kLanes], b[kLanes];
  for (int i = 0; i < kLanes; ++i) a[i] = b[i] = 0.5f;
  keep(a);
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < kLanes; ++i) sums[i] += a[i] * b[i];
    keep(sums);
  }
  return rounds * kLanes * 2;
}

std::int64_t plain_int8(std::int64_t rounds) {
  std::int32_t sums[kLanes] = {};
  std::int8_t a[kLanes], b[kLanes];
  for (int i = 0; i < kLanes; ++i) a[i] = b[i] = 3;
  keep(a);
  keep(b);
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < kLanes; ++i) sums[i] += std::int32_t{a[i]} * b[i];
    keep(sums);
  }
  return rounds * kLanes * 2;
}

std::uint64_t plain_read(const void* data, std::int64_t bytes) {
  constexpr int kSums = 16;
  std::uint64_t sums[kSums] = {}, words[kSums];
  for (const char* at = static_cast<const char*>(data); bytes > 0; bytes -= sizeof words) {
    std::memcpy(words, at, sizeof words);
    for (int i = 0; i < kSums; ++i) sums[i] ^= words[i];
    at += sizeof words;
  }
  std::uint64_t result = 0;
  for (const std::uint64_t sum : sums) result ^= sum;
  return result;
}

}  // namespace

const std::vector<PeakLoops>& peak_loops() {
  static const std::vector<PeakLoops> all = [] {
    std::vector<PeakLoops> result = x86_peak_loops();
    for (const PeakLoops& one : arm_peak_loops()) result.push_back(one);
    result.push_back({"reference", plain_fp32, plain_int8, plain_read});
    return result;
  }();
  return all;
}

}  // namespace edgefront
