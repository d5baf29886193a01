// Made-up devices and networks for the tests of transfer and of what is measured for it.
#pragma once

#include <cmath>
#include <vector>

#include "costmodels/measurement_choice.h"
#include "costmodels/transfer.h"
#include "space/random.h"

namespace edgefront {

constexpr int kPositions = 8, kChoices = 6, kParts = kPositions * kChoices;

using Table = std::vector<double>;

/// A device that takes `per_operation` and `per_byte` for parts whose work spans two decades, and
/// 5 % more or less for each part.
inline Table device(std::uint64_t seed, double per_operation, double per_byte) {
  RandomStream work(1, 0), own(seed, 1);
  Table table;
  for (int p = 0; p < kParts; ++p) {
    const double operations = std::pow(100.0, work.uniform());
    const double bytes = std::pow(100.0, work.uniform());
    const double deviation = 1 + 0.05 * own.normal();
    table.push_back((1 + per_operation * operations + per_byte * bytes) * deviation);
  }
  return table;
}

inline TransferSources sources_of(std::vector<Table> tables) {
  TransferSources sources;
  sources.costs = std::move(tables);
  for (int p = 0; p < kParts; ++p) sources.groups.push_back(p % kChoices);
  return sources;
}

/// Four devices from bound by arithmetic to bound by memory.
inline TransferSources four_devices() {
  return sources_of(
      {device(11, 1, 0.1), device(12, 0.7, 0.5), device(13, 0.3, 0.8), device(14, 0.1, 1)});
}

inline std::vector<PartSum> networks(int count, std::uint64_t seed) {
  RandomStream random(seed, 2);
  std::vector<PartSum> result(count);
  for (PartSum& network : result) {
    for (int b = 0; b < kPositions; ++b) {
      network.push_back({b * kChoices + static_cast<int>(random.below(kChoices)), 1});
    }
  }
  return result;
}

inline double cost_of(const Table& table, const PartSum& network) {
  double cost = 0;
  for (const PartCount& p : network) cost += p.count * table[p.part];
  return cost;
}

inline std::vector<TransferObservation> measured(const Table& truth,
                                                 const std::vector<PartSum>& sums, double noise,
                                                 std::uint64_t seed) {
  RandomStream random(seed, 3);
  std::vector<TransferObservation> observations;
  for (const PartSum& sum : sums) {
    observations.push_back({sum, cost_of(truth, sum) * (1 + noise * random.normal())});
  }
  return observations;
}

inline std::vector<PartSum> chosen_of(const TransferSources& sources,
                                      const std::vector<PartSum>& pool, int count) {
  std::vector<PartSum> chosen;
  for (const int i : choose_measurements(sources, pool, count)) chosen.push_back(pool[i]);
  return chosen;
}

}  // namespace edgefront
