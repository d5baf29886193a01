#include "costmodels/measurement_choice.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "tests/costmodels/transfer_tables.h"

namespace edgefront {
namespace {

TEST_CASE("chosen measurements are distinct and beat those that come first") {
  const TransferSources sources = four_devices();
  double chosen_error = 0, first_error = 0;
  for (std::uint64_t d = 0; d < 8; ++d) {
    const Table truth = device(200 + d, 0.1 * static_cast<double>(d + 1), 0.5);
    std::vector<PartSum> pool = networks(200, 90 + d);
    const std::vector<int> indices = choose_measurements(sources, pool, 6);
    CHECK(std::set<int>(indices.begin(), indices.end()).size() == 6);
    const TransferModel chosen(sources, measured(truth, chosen_of(sources, pool, 6), 0.01, d));
    pool.resize(6);
    const TransferModel first(sources, measured(truth, pool, 0.01, d));
    for (const PartSum& network : networks(50, 110 + d)) {
      const double real = cost_of(truth, network);
      chosen_error += std::abs(chosen.predict(network).cost / real - 1);
      first_error += std::abs(first.predict(network).cost / real - 1);
    }
  }
  CHECK(chosen_error < first_error);
  CHECK(choose_measurements(sources, networks(3, 1), 10).size() == 3);
}

}  // namespace
}  // namespace edgefront
