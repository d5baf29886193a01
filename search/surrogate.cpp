#include "search/surrogate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace edgefront {
namespace {

constexpr std::size_t kFirstFit = 6, kFitAtMost = 160;
constexpr std::size_t kLearnBest = 250, kLearnOthers = 150;

/// Every k-th of the first `count`, so that at most `most` are left.
std::vector<std::size_t> thinned(std::size_t count, std::size_t most) {
  std::vector<std::size_t> some;
  const std::size_t wanted = std::min(count, most);
  for (std::size_t k = 0; k < wanted; ++k) some.push_back(k * count / wanted);
  return some;
}

/// All of `values`, or of many the best kLearnBest and every k-th of the others; ascending.
std::vector<std::size_t> learnt(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  if (order.size() <= kLearnBest + kLearnOthers) return order;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<std::size_t> some(order.begin(), order.begin() + kLearnBest);
  for (const std::size_t k : thinned(order.size() - kLearnBest, kLearnOthers)) {
    some.push_back(order[kLearnBest + k]);
  }
  std::sort(some.begin(), some.end());
  return some;
}

Observations subset(const Observations& all, const std::vector<std::size_t>& indices) {
  Observations some;
  for (const std::size_t i : indices) {
    some.rows.push_back(all.rows[i]);
    some.values.push_back(all.values[i]);
    if (!all.noise_variances.empty()) some.noise_variances.push_back(all.noise_variances[i]);
  }
  return some;
}

std::vector<double> first(const std::vector<double>& values, std::size_t count) {
  return {values.begin(),
          values.begin() + static_cast<std::ptrdiff_t>(std::min(count, values.size()))};
}

struct Moments {
  double mean = 0, deviation = 1;
};

/// Warps and standardises in place.
Moments standardise(const Warp& warp, Observations* o) {
  double sum = 0, squares = 0;
  for (double& value : o->values) value = warp(value), sum += value;
  const auto n = static_cast<double>(o->values.size());
  Moments moments{.mean = sum / n};
  for (const double value : o->values) {
    squares += (value - moments.mean) * (value - moments.mean);
  }
  if (squares > 0) moments.deviation = std::sqrt(squares / n);
  for (double& value : o->values) value = (value - moments.mean) / moments.deviation;
  for (double& noise : o->noise_variances) noise /= moments.deviation * moments.deviation;
  return moments;
}

double log_density(double value, double mean, double deviation) {
  const double z = (value - mean) / deviation;
  return -0.5 * z * z - std::log(deviation);
}

/// Of leave-one-out predictions against the normal distribution of the other values.
bool better_than_normal(const std::vector<GaussianPrediction>& held_out,
                        const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0, model = 0, trivial = 0;
  for (const double value : values) sum += value, squares += value * value;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double mean = (sum - values[i]) / (n - 1);
    const double variance = (squares - values[i] * values[i]) / (n - 1) - mean * mean;
    trivial += log_density(values[i], mean, std::sqrt(std::max(variance, 1e-6)));
    model += log_density(values[i], held_out[i].mean, held_out[i].deviation);
  }
  return model > trivial;
}

}  // namespace

std::size_t fitted_observations(std::size_t count) {
  std::size_t step = std::min(count, kFirstFit);
  for (std::size_t next = step; next <= count; next = std::max(next + 2, next + next / 10)) {
    step = next;
  }
  return step;
}

double Warp::operator()(double value) const {
  return value <= knee ? value : knee + scale * std::log1p((value - knee) / scale);
}

Warp warp_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const double knee = values[values.size() / 2];
  const double scale = knee - values.front();
  if (scale > 0) return {knee, scale};
  return {knee, std::max(values.back() - values.front(), 1e-9 * (1 + std::fabs(knee)))};
}

void Surrogate::observe(const Observations& observations) {
  warp_ = warp_of(first(observations.values, design_));
  parameters_ = &fit(observations);
  standardised_ = subset(observations, learnt(observations.values));
  const Moments moments = standardise(warp_, &standardised_);
  mean_ = moments.mean;
  deviation_ = moments.deviation;
  process_.emplace(shape_, *parameters_, standardised_);
  beats_trivial_ = better_than_normal(process_->leave_one_out(), standardised_.values);
}

const KernelParameters& Surrogate::fit(const Observations& observations) {
  const std::size_t count = fitted_observations(observations.rows.size());
  const auto [found, added] = fits_.try_emplace(count);
  if (!added) return found->second;
  Observations some = subset(observations, thinned(count, kFitAtMost));
  standardise(warp_of(first(observations.values, std::min(count, design_))), &some);
  found->second = fit_kernel(shape_, some);
  return found->second;
}

std::vector<GaussianPrediction> Surrogate::believe(
    const std::vector<const EncodedGenotype*>& rows) {
  if (rows.empty()) return {};
  const std::vector<GaussianPrediction> expected = process_->predict(rows, 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    standardised_.rows.push_back(rows[i]);
    standardised_.values.push_back(expected[i].mean);
    if (!standardised_.noise_variances.empty()) standardised_.noise_variances.push_back(0);
  }
  process_.emplace(shape_, *parameters_, standardised_);
  return unscaled(expected);
}

std::vector<GaussianPrediction> Surrogate::unscaled(
    std::vector<GaussianPrediction> predictions) const {
  for (GaussianPrediction& p : predictions) {
    p = {mean_ + deviation_ * p.mean, deviation_ * p.deviation};
  }
  return predictions;
}

std::vector<GaussianPrediction> Surrogate::predict(std::span<const EncodedGenotype* const> rows,
                                                   int threads) const {
  return unscaled(process_->predict(rows, threads));
}

void Surrogate::anchor(std::vector<const EncodedGenotype*> rows) {
  anchored_ = std::move(rows);
  places_.clear();
  kept_for_ = nullptr;
  for (std::size_t i = 0; i < anchored_.size(); ++i) places_[anchored_[i]] = static_cast<int>(i);
}

std::vector<GaussianPrediction> Surrogate::bounds(std::span<const EncodedGenotype* const> rows,
                                                  int threads) {
  std::vector<int> places;
  std::vector<const EncodedGenotype*> others;
  for (const EncodedGenotype* row : rows) {
    const auto place = places_.find(row);
    if (place == places_.end()) {
      others.push_back(row);
    } else {
      places.push_back(place->second);
    }
  }
  const std::vector<GaussianPrediction> kept = kept_bounds(places, threads);
  const std::vector<GaussianPrediction> computed = process_->bounds(others, threads);
  std::vector<GaussianPrediction> all;
  std::size_t next_kept = 0, next_computed = 0;
  for (const EncodedGenotype* row : rows) {
    all.push_back(places_.contains(row) ? kept[next_kept++] : computed[next_computed++]);
  }
  return unscaled(std::move(all));
}

/// Of anchored rows, in standardised units.
std::vector<GaussianPrediction> Surrogate::kept_bounds(std::span<const int> places, int threads) {
  if (places.empty()) return {};
  if (kept_for_ != parameters_) {
    columns_.clear();
    variances_.clear();
    for (const EncodedGenotype* row : anchored_) {
      variances_.push_back(process_->covariances(*row, {&row, 1})[0]);
    }
    kept_for_ = parameters_;
  }
  std::vector<const std::vector<double>*> columns;
  for (const EncodedGenotype* observation : standardised_.rows) {
    const auto [column, added] = columns_.try_emplace(observation);
    if (added) column->second = process_->covariances(*observation, anchored_);
    columns.push_back(&column->second);
  }
  return process_->bounds(columns, variances_, places, threads);
}

}  // namespace edgefront
