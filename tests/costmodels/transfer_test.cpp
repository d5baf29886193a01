#include "costmodels/transfer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "costmodels/cost_model.h"
#include "space/error.h"
#include "space/random.h"
#include "space/rank_correlation.h"
#include "tests/costmodels/transfer_tables.h"

namespace edgefront {
namespace {

TEST_CASE("a device between two others is known from ten networks") {
  const TransferSources sources = four_devices();
  Table truth;
  for (int p = 0; p < kParts; ++p) {
    truth.push_back(30 * (0.4 * sources.costs[1][p] + 0.6 * sources.costs[2][p]));
  }
  const auto few = chosen_of(sources, networks(300, 1), 10);
  const TransferModel model(sources, measured(truth, few, 0, 1));
  std::vector<double> predicted, real;
  for (const PartSum& network : networks(200, 2)) {
    predicted.push_back(model.predict(network).cost);
    real.push_back(cost_of(truth, network));
    CHECK(predicted.back() == doctest::Approx(real.back()).epsilon(0.02));
  }
  CHECK(spearman(predicted, real) > 0.995);
}

TEST_CASE("a device unlike any other is ordered better with others than by the closest one") {
  const TransferSources sources = four_devices();
  Table truth = device(99, 0.02, 0.4);
  const auto few = chosen_of(sources, networks(300, 3), 10);
  const TransferModel model(sources, measured(truth, few, 0.01, 2));
  std::vector<double> predicted, real;
  std::vector<std::vector<double>> alone(sources.costs.size());
  for (const PartSum& network : networks(300, 4)) {
    predicted.push_back(model.predict(network).cost);
    real.push_back(cost_of(truth, network));
    for (std::size_t k = 0; k < alone.size(); ++k) {
      alone[k].push_back(cost_of(sources.costs[k], network));
    }
  }
  for (const auto& costs : alone) CHECK(spearman(predicted, real) > spearman(costs, real));
}

TEST_CASE("parts and the network's constant add up to the network") {
  const TransferSources sources = four_devices();
  Table truth = device(5, 0.5, 0.5);
  std::vector<TransferObservation> observations =
      measured(truth, chosen_of(sources, networks(300, 5), 10), 0.01, 3);
  for (TransferObservation& o : observations) o.cost += 40;  // what every network takes besides
  observations.push_back({{{3, 1}}, truth[3]});              // and one layer alone
  const TransferModel model(sources, observations);
  for (const PartSum& network : networks(20, 6)) {
    double sum = model.network_constant();
    for (const PartCount& p : network) sum += p.count * model.predict({{p.part, 1}}).cost;
    CHECK(sum == doctest::Approx(model.predict(network).cost).epsilon(1e-9));
  }
}

TEST_CASE("nine in ten fresh measurements are inside the interval") {
  const TransferSources sources = four_devices();
  int covered = 0, all = 0;
  double width = 0;
  for (std::uint64_t d = 0; d < 10; ++d) {
    RandomStream random(d, 4);
    const Table truth = device(100 + d, 0.2 + random.uniform(), 0.2 + random.uniform());
    const auto few = chosen_of(sources, networks(200, 50 + d), 10);
    const TransferModel model(sources, measured(truth, few, 0.03, 60 + d));
    for (const auto& fresh : measured(truth, networks(50, 70 + d), 0.03, 80 + d)) {
      const TransferPrediction p = model.predict(fresh.parts);
      covered += p.low <= fresh.cost && fresh.cost <= p.high;
      width += (p.high - p.low) / (2 * p.cost);
      ++all;
    }
  }
  CHECK(covered >= 0.85 * all);
  CHECK(covered <= 0.99 * all);
  CHECK(width / all < 0.12);
}

TEST_CASE("a disturbed measurement is set aside") {
  const TransferSources sources = four_devices();
  const Table truth = device(7, 0.6, 0.4);
  auto observations = measured(truth, chosen_of(sources, networks(300, 7), 10), 0.01, 4);
  const TransferModel calm(sources, observations);
  CHECK(calm.set_aside() == 0);
  CHECK(calm.left_out().size() == 10);
  observations[4].cost *= 2.5;
  const TransferModel disturbed(sources, observations);
  CHECK(disturbed.set_aside() == 1);
  CHECK(disturbed.left_out().size() == 9);
  for (const PartSum& network : networks(20, 8)) {
    CHECK(disturbed.predict(network).cost ==
          doctest::Approx(calm.predict(network).cost).epsilon(0.05));
  }
}

TEST_CASE("a close device weighs more than a distant one") {
  const TransferSources sources = four_devices();
  const Table truth = device(8, 1.1, 0.08);  // nearly the first
  const TransferModel model(sources,
                            measured(truth, chosen_of(sources, networks(300, 9), 10), 0.005, 5));
  const std::vector<double>& w = model.device_weights();
  CHECK(w[0] > w[3]);
  CHECK(w[0] + w[1] + w[2] + w[3] == doctest::Approx(1));
}

TEST_CASE("a layer that one device lacks is taken from the others, one that all lack is unknown") {
  TransferSources sources = four_devices();
  const double none = std::numeric_limits<double>::quiet_NaN();
  sources.costs[2][10] = none;
  for (Table& table : sources.costs) table[20] = none;
  const Table truth = device(9, 0.5, 0.5);
  std::vector<PartSum> pool;
  for (const PartSum& network : networks(300, 10)) pool.push_back(network);
  const auto has20 = [](const PartSum& sum) {
    return std::any_of(sum.begin(), sum.end(), [](const PartCount& p) { return p.part == 20; });
  };
  const std::vector<PartSum> few = chosen_of(sources, pool, 10);
  for (const PartSum& sum : few) CHECK_FALSE(has20(sum));
  const TransferModel model(sources, measured(truth, few, 0.01, 6));
  CHECK(model.predict({{10, 1}}).cost == doctest::Approx(truth[10]).epsilon(0.3));
  CHECK(std::isnan(model.predict({{20, 1}}).cost));
}

TEST_CASE("what cannot be transferred is refused") {
  const TransferSources sources = four_devices();
  const Table truth = device(1, 1, 1);
  auto observations = measured(truth, networks(2, 1), 0, 1);
  CHECK_THROWS_WITH_AS(TransferModel(sources, observations),
                       doctest::Contains("2 measurements of the new device; at least 3"),
                       InputError);
  observations = measured(truth, networks(4, 1), 0, 1);
  CHECK_THROWS_WITH_AS(TransferModel(sources_of({}), observations),
                       doctest::Contains("no other device"), InputError);
  observations[2].cost = 0;
  CHECK_THROWS_WITH_AS(TransferModel(sources, observations),
                       doctest::Contains("measurement 2 is 0"), InputError);
  TransferSources holes = four_devices();
  for (Table& table : holes.costs) table[observations[1].parts[0].part] = NAN;
  observations[2].cost = 1;
  CHECK_THROWS_WITH_AS(TransferModel(holes, observations),
                       doctest::Contains("a layer that no other device has"), InputError);
}

}  // namespace
}  // namespace edgefront
