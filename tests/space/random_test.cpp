#include "space/random.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <vector>

using namespace edgefront;

TEST_CASE("philox4x32-10 gives the known answers of its authors' library") {
  // Random123, kat_vectors: philox4x32 10
  using Block = std::array<std::uint32_t, 4>;
  CHECK(philox4x32_10({0, 0, 0, 0}, {0, 0}) ==
        Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t ones = 0xffffffff;
  CHECK(philox4x32_10({ones, ones, ones, ones}, {ones, ones}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream hands out its blocks in order, low word first") {
  RandomStream stream(0, 0);
  CHECK(stream.next_u64() == 0xe169c58d6627e8d5u);
  CHECK(stream.next_u64() == 0x9b00dbd8bc57ac4cu);
  const auto second = philox4x32_10({1, 0, 0, 0}, {0, 0});
  CHECK(stream.next_u64() == (std::uint64_t{second[1]} << 32 | second[0]));
}

TEST_CASE("streams of one seed and seeds of one stream differ") {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t i = 0; i < 100; ++i) {
    firsts.insert(RandomStream(7, i).next_u64());
    firsts.insert(RandomStream(i + 8, 0).next_u64());
    firsts.insert(RandomStream(7, i << 32 | 1u << 31).next_u64());
  }
  CHECK(firsts.size() == 300);
}

TEST_CASE("below is uniform: chi-square of 7 bins stays under the 0.1 % point") {
  RandomStream stream(1, 2);
  std::vector<int> bins(7);
  for (int i = 0; i < 70000; ++i) ++bins[stream.below(7)];
  double chi = 0;
  for (int n : bins) chi += (n - 10000.0) * (n - 10000.0) / 10000;
  CHECK(chi < 22.46);  // 6 degrees of freedom
  CHECK(stream.below(1) == 0);
  for (int i = 0; i < 100; ++i)
    CHECK(stream.below((std::uint64_t{1} << 63) + 1) <= std::uint64_t{1} << 63);
}

TEST_CASE("uniform and normal have the moments of their distributions") {
  RandomStream stream(3, 4);
  double sum = 0, squares = 0, normal_sum = 0, normal_squares = 0;
  constexpr int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double u = stream.uniform(), z = stream.normal();
    REQUIRE((u >= 0 && u < 1));
    sum += u;
    squares += u * u;
    normal_sum += z;
    normal_squares += z * z;
  }
  // four standard errors
  CHECK(std::abs(sum / n - 0.5) < 4 * 0.2887 / std::sqrt(n));
  CHECK(std::abs(squares / n - 1.0 / 3) < 4 * 0.2981 / std::sqrt(n));
  CHECK(std::abs(normal_sum / n) < 4 / std::sqrt(n));
  CHECK(std::abs(normal_squares / n - 1) < 4 * 1.4142 / std::sqrt(n));
}

TEST_CASE("mixed seeds depend on both parts and their order") {
  CHECK(mix_seed(1, 2) != mix_seed(2, 1));
  CHECK(mix_seed(1, 2) != mix_seed(1, 3));
  CHECK(mix_seed(1, 2) == mix_seed(1, 2));
}
