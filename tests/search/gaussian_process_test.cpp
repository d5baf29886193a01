#include "search/gaussian_process.h"

#include <doctest/doctest.h>

#include <cmath>

#include "space/random.h"
#include "tests/search/toy_problem.h"

namespace edgefront {
namespace {

/// Some networks of the toy space with one number each, and their standardised errors.
struct Sample {
  SearchSpace space = toy::space();
  std::vector<EncodedGenotype> rows;
  std::vector<double> values;
  KernelShape shape;

  explicit Sample(std::size_t size) : shape(kernel_shape(space, 1)) {
    RandomStream random(3, 0);
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const Genotype genotype = sample_uniform(space, random);
      const std::vector<double> objectives = toy::objectives(space, genotype);
      rows.push_back(encode(space, genotype));
      rows.back().numbers = {std::log(objectives[1] / 50)};
      values.push_back(objectives[0]);
      sum += objectives[0];
      squares += objectives[0] * objectives[0];
    }
    const double mean = sum / static_cast<double>(size);
    const double deviation = std::sqrt(squares / static_cast<double>(size) - mean * mean);
    for (double& value : values) value = (value - mean) / deviation;
  }
  Observations observations(std::size_t begin, std::size_t end) const {
    Observations o;
    for (std::size_t i = begin; i < end; ++i) {
      o.rows.push_back(&rows[i]);
      o.values.push_back(values[i]);
    }
    return o;
  }
  std::vector<const EncodedGenotype*> some(std::size_t begin, std::size_t end) const {
    return observations(begin, end).rows;
  }
};

TEST_CASE("held-out networks lie where the fitted process expects them") {
  const Sample sample(260);
  const Observations train = sample.observations(0, 60);
  const GaussianProcess process(sample.shape, fit_kernel(sample.shape, train), train);
  const auto predicted = process.predict(sample.some(60, 260), 1);
  double squares = 0;
  int inside = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    const double off = predicted[i].mean - sample.values[60 + i];
    squares += off * off;
    inside +=
        std::fabs(off) < 2 * std::sqrt(predicted[i].deviation * predicted[i].deviation + 0.01);
  }
  CHECK(std::sqrt(squares / 200) < 0.25);  // of a standard deviation of 1
  CHECK(inside > 170);                     // 191 expected
}

TEST_CASE("a fit is more probable than its start and does not depend on anything else") {
  const Sample sample(40);
  const Observations o = sample.observations(0, 40);
  const KernelParameters a = fit_kernel(sample.shape, o), b = fit_kernel(sample.shape, o);
  CHECK(a.log_posterior == b.log_posterior);
  CHECK(a.weights == b.weights);
  // A permutation of the values has nothing to learn from: noise explains it.
  Observations shuffled = o;
  RandomStream random(1, 1);
  for (std::size_t i = 40; i > 1; --i) {
    std::swap(shuffled.values[i - 1], shuffled.values[random.below(i)]);
  }
  const KernelParameters none = fit_kernel(sample.shape, shuffled);
  CHECK(none.noise > 5 * a.noise);
  CHECK(none.log_posterior < a.log_posterior);
}

TEST_CASE("leave-one-out predictions are those of processes that really left one out") {
  const Sample sample(25);
  const Observations all = sample.observations(0, 25);
  const KernelParameters parameters = fit_kernel(sample.shape, all);
  const auto fast = GaussianProcess(sample.shape, parameters, all).leave_one_out();
  for (std::size_t out = 0; out < 25; ++out) {
    Observations rest;
    for (std::size_t i = 0; i < 25; ++i) {
      if (i == out) continue;
      rest.rows.push_back(all.rows[i]);
      rest.values.push_back(all.values[i]);
    }
    const auto slow =
        GaussianProcess(sample.shape, parameters, rest).predict(sample.some(out, out + 1), 1)[0];
    CHECK(fast[out].mean == doctest::Approx(slow.mean).epsilon(1e-6).scale(1));
    const double noisy = std::sqrt(slow.deviation * slow.deviation + parameters.noise + 1e-6);
    CHECK(fast[out].deviation == doctest::Approx(noisy).epsilon(1e-6));
  }
}

TEST_CASE("bounds keep the means and never fall below the deviations") {
  const Sample sample(400);
  const Observations train = sample.observations(0, 90);
  const GaussianProcess process(sample.shape, fit_kernel(sample.shape, train), train);
  const auto exact = process.predict(sample.some(90, 400), 1);
  const auto bounds = process.bounds(sample.some(90, 400), 3);
  const auto threads = process.predict(sample.some(90, 400), 3);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    CHECK(bounds[i].mean == exact[i].mean);
    CHECK(bounds[i].deviation >= exact[i].deviation - 1e-9);
    CHECK(threads[i].mean == exact[i].mean);
    CHECK(threads[i].deviation == exact[i].deviation);
  }
}

TEST_CASE("an inactive decision is a category of its own, and numbers are ordered") {
  const SearchSpace space = toy::space();
  const Genotype shallow = toy::enumerate(space).front();
  const EncodedGenotype encoded = encode(space, shallow);
  const std::vector<bool> active = active_decisions(space, shallow);
  for (std::size_t d = 0; d < active.size(); ++d) {
    CHECK((encoded.categories[d] == space.decisions[d].choices.size()) == !active[d]);
  }
  const auto widths = category_distances({"width", {"16", "8", "24"}});
  CHECK(widths[0 * 4 + 1] == doctest::Approx(0.75));  // 16 and 8: neighbours
  CHECK(widths[1 * 4 + 2] == doctest::Approx(1.0));   // 8 and 24: the ends
  CHECK(widths[0 * 4 + 3] == 1.0);                    // 16 and absent
  CHECK(widths[2 * 4 + 2] == 0.0);
  const auto words = category_distances({"op", {"conv", "mbconv", "skip"}});
  CHECK(words[0 * 4 + 2] == 1.0);
  CHECK(words[0 * 4 + 1] == 1.0);
}

}  // namespace
}  // namespace edgefront
