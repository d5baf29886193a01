#include "search/dense_ranks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace edgefront {
namespace {

constexpr int kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
constexpr int kPasses = 3;
constexpr std::size_t kRadixFrom = 512;  ///< values; fewer are sorted by comparison

struct Keyed {
  std::uint64_t key;
  std::int32_t index;

  bool operator<(const Keyed& other) const { return key < other.key; }
};

/// Unsigned integers in the order of the doubles.
std::uint64_t ordered_bits(double value) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(value + 0.0);  // −0 becomes 0
  return bits >> 63 ? ~bits : bits | std::uint64_t{1} << 63;
}

/// Sorts by the kPasses · kDigitBits leading bits of those that differ at all, least digit first.
/// Returns how many low bits were left out.
int radix_sort(std::vector<Keyed>& items, std::vector<Keyed>& scratch) {
  std::uint64_t differing = 0;
  for (const Keyed& item : items) differing |= item.key ^ items[0].key;
  const int low = std::max(0, 64 - std::countl_zero(differing) - kPasses * kDigitBits);
  std::array<std::array<std::uint32_t, kDigits>, kPasses> counts{};
  const auto digit = [&](const Keyed& item, int pass) {
    return (item.key >> (low + pass * kDigitBits)) & (kDigits - 1);
  };
  for (const Keyed& item : items) {
    for (int pass = 0; pass < kPasses; ++pass) ++counts[pass][digit(item, pass)];
  }
  scratch.resize(items.size());
  for (int pass = 0; pass < kPasses; ++pass) {
    std::array<std::uint32_t, kDigits>& next = counts[pass];
    if (next[digit(items[0], pass)] == items.size()) continue;
    std::uint32_t start = 0;
    for (std::uint32_t& count : next) {
      const std::uint32_t size = count;
      count = start;
      start += size;
    }
    for (const Keyed& item : items) scratch[next[digit(item, pass)]++] = item;
    items.swap(scratch);
  }
  return low;
}

void sort_by_key(std::vector<Keyed>& items, std::vector<Keyed>& scratch) {
  if (items.size() < kRadixFrom) {
    std::sort(items.begin(), items.end());
    return;
  }
  const int low = radix_sort(items, scratch);
  if (low == 0) return;
  for (auto first = items.begin(); first != items.end();) {
    auto last = first + 1;
    bool sorted = true;
    for (; last != items.end() && last->key >> low == first->key >> low; ++last) {
      sorted = sorted && (last - 1)->key <= last->key;
    }
    if (!sorted) std::sort(first, last);
    first = last;
  }
}

/// `order` holds the points by their first objective: sorts those that are equal in it by the rest.
void break_ties(const std::vector<std::int32_t>& rows, std::size_t objectives,
                std::vector<std::int32_t>& order) {
  const auto row = [&](std::int32_t i) { return &rows[static_cast<std::size_t>(i) * objectives]; };
  for (auto first = order.begin(); first != order.end();) {
    auto last = first + 1;
    while (last != order.end() && *row(*last) == *row(*first)) ++last;
    if (last - first > 1) {
      std::sort(first, last, [&](std::int32_t a, std::int32_t b) {
        for (std::size_t k = 1; k < objectives; ++k) {
          if (row(a)[k] != row(b)[k]) return row(a)[k] < row(b)[k];
        }
        return a < b;
      });
    }
    first = last;
  }
}

}  // namespace

DenseRanks dense_ranks(const FlatPoints& points) {
  const std::size_t n = static_cast<std::size_t>(points.count()), m = points.objectives();
  DenseRanks ranks{std::vector<std::int32_t>(n * m), std::vector<std::int32_t>(m, 0),
                   std::vector<std::int32_t>(n)};
  if (n == 0) return ranks;
  std::vector<Keyed> items(n), scratch;
  for (std::size_t k = 0; k < m; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      const int index = static_cast<int>(i);
      items[i] = {ordered_bits(points[index][k]), index};
    }
    sort_by_key(items, scratch);
    std::int32_t rank = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (i > 0 && items[i].key != items[i - 1].key) ++rank;
      ranks.rows[static_cast<std::size_t>(items[i].index) * m + k] = rank;
      if (k == 0) ranks.order[i] = items[i].index;
    }
    ranks.distinct[k] = rank + 1;
  }
  break_ties(ranks.rows, m, ranks.order);
  return ranks;
}

}  // namespace edgefront
