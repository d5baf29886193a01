// Networks for calibration and validation. Uniform sampling gives networks of middling size only,
// and a line fitted on those says little about both ends of a front; so targets are drawn uniformly
// over log(MACs) between the smallest and the largest network, and the nearest of a pool is taken.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "hwprofiles/profiler.h"
#include "space/architecture.h"
#include "space/lower.h"
#include "space/random.h"
#include "space/uniform_sampler.h"

namespace edgefront {
namespace {

constexpr std::uint64_t kPoolStream = 0x706f6f6c;    // "pool"
constexpr std::uint64_t kTargetStream = 0x64726177;  // "draw"
constexpr int kPoolPerNetwork = 16;
constexpr int kSmallestPool = 256;

double log_macs(const SearchSpace& space, const Genotype& genotype) {
  const std::int64_t macs = total_macs(lower(decode(space, genotype)));
  return std::log(static_cast<double>(std::max<std::int64_t>(macs, 1)));
}

/// Coordinate descent from `start`: takes each decision's choice of fewest (or most) MACs in turn.
/// Not the optimum where decisions interact, near enough to span the range.
Genotype extreme(const SearchSpace& space, Genotype start, bool largest) {
  Genotype best = canonical(space, std::move(start));
  double best_size = log_macs(space, best);
  for (std::size_t i = 0; i < space.decisions.size(); ++i) {
    for (std::size_t c = 0; c < space.decisions[i].choices.size(); ++c) {
      Genotype other = best;
      other.choices[i] = static_cast<std::uint8_t>(c);
      other = canonical(space, std::move(other));
      const double size = log_macs(space, other);
      if (largest ? size > best_size : size < best_size) {
        best = std::move(other);
        best_size = size;
      }
    }
  }
  return best;
}

/// Takes each gene from `b` with probability `share`, else from `a`.
Genotype mixed(const SearchSpace& space, Genotype a, const Genotype& b, double share,
               RandomStream& random) {
  for (std::size_t i = 0; i < a.choices.size(); ++i) {
    if (random.uniform() < share) a.choices[i] = b.choices[i];
  }
  return canonical(space, std::move(a));
}

/// Distinct networks by log(MACs): uniform ones, and mixtures of them with both extremes.
std::multimap<double, Genotype> make_pool(const SearchSpace& space, int networks,
                                          std::uint64_t seed, const std::set<Genotype>& excluded) {
  RandomStream random(seed, kPoolStream);
  const UniformSampler sampler(space);
  const Genotype smallest = extreme(space, sampler.sample(random), false);
  const Genotype largest = extreme(space, sampler.sample(random), true);
  std::set<Genotype> drawn = excluded;
  std::multimap<double, Genotype> pool;
  const int wanted = std::max(kSmallestPool, kPoolPerNetwork * networks);
  for (int i = 0; i < wanted; ++i) {
    Genotype genotype = sampler.sample(random);
    if (i % 3 > 0) {
      const Genotype& end = i % 3 == 1 ? smallest : largest;
      genotype = mixed(space, end, genotype, random.uniform(), random);
    }
    if (drawn.insert(genotype).second) {
      const double size = log_macs(space, genotype);
      pool.emplace(size, std::move(genotype));
    }
  }
  return pool;
}

}  // namespace

std::vector<Genotype> draw_networks(const SearchSpace& space, int networks, std::uint64_t seed,
                                    const std::vector<Genotype>& excluded) {
  std::vector<Genotype> result;
  if (networks <= 0) return result;
  std::multimap<double, Genotype> pool =
      make_pool(space, networks, seed, std::set<Genotype>(excluded.begin(), excluded.end()));
  if (pool.empty()) return result;
  RandomStream random(seed, kTargetStream);
  const double low = pool.begin()->first;
  const double high = pool.rbegin()->first;
  while (static_cast<int>(result.size()) < networks && !pool.empty()) {
    const double target = low + (high - low) * random.uniform();
    auto nearest = pool.lower_bound(target);
    if (nearest == pool.end() ||
        (nearest != pool.begin() && target - std::prev(nearest)->first < nearest->first - target)) {
      --nearest;
    }
    result.push_back(std::move(nearest->second));
    pool.erase(nearest);
  }
  return result;
}

}  // namespace edgefront
