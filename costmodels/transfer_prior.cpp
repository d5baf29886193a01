#include "costmodels/transfer_prior.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "space/error.h"

namespace edgefront {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// What each device's costs are divided by: their mean over the parts that all devices have.
std::vector<double> sizes_of(const TransferSources& sources) {
  std::vector<double> sums(sources.costs.size());
  int shared = 0;
  for (std::size_t p = 0; p < sources.groups.size(); ++p) {
    const bool everywhere = std::none_of(sources.costs.begin(), sources.costs.end(),
                                         [&](const auto& costs) { return std::isnan(costs[p]); });
    if (!everywhere) continue;
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += sources.costs[k][p];
    ++shared;
  }
  if (shared == 0) throw InputError("transfer: the other devices have no layer in common");
  for (double& sum : sums) sum /= shared;
  return sums;
}

/// count·typical/mean of each part of the sum.
std::vector<double> shares_of(const TransferPrior& prior, const PartSum& sum, double mean) {
  std::vector<double> shares(prior.typical.size());
  for (const PartCount& p : sum) shares[p.part] += p.count * prior.typical[p.part] / mean;
  return shares;
}

}  // namespace

FilledSources fill(const TransferSources& sources) {
  if (sources.costs.empty()) throw InputError("transfer: no other device was given");
  FilledSources filled;
  filled.groups = sources.groups;
  for (const int g : sources.groups) filled.group_count = std::max(filled.group_count, g + 1);
  const std::vector<double> sizes = sizes_of(sources);
  for (std::size_t p = 0; p < sources.groups.size(); ++p) {
    std::vector<double>& row = filled.costs.emplace_back();
    double sum = 0;
    int known = 0;
    for (std::size_t k = 0; k < sizes.size(); ++k) {
      row.push_back(sources.costs[k][p] / sizes[k]);
      if (!std::isnan(row[k])) sum += row[k], ++known;
    }
    const double mean = known > 0 ? sum / known : std::numeric_limits<double>::quiet_NaN();
    for (double& cost : row) cost = std::isnan(cost) ? mean : cost;
  }
  return filled;
}

std::vector<std::vector<double>> device_sums(const FilledSources& devices,
                                             std::span<const PartSum> sums) {
  std::vector<std::vector<double>> all;
  for (const PartSum& sum : sums) {
    std::vector<double>& costs = all.emplace_back(devices.costs.front().size());
    for (const PartCount& p : sum) {
      for (std::size_t k = 0; k < costs.size(); ++k) costs[k] += p.count * devices.costs[p.part][k];
    }
  }
  return all;
}

TransferPrior::TransferPrior(const FilledSources& filled, double size, std::vector<double> w)
    : sources(&filled), network_size(size), weights(std::move(w)) {
  for (const std::vector<double>& costs : sources->costs) typical.push_back(dot(costs, weights));
}

PriorFeatures::PriorFeatures(const TransferPrior& prior, std::span<const PartSum> of)
    : sums(of.begin(), of.end()), devices(device_sums(*prior.sources, of)) {
  for (std::size_t i = 0; i < sums.size(); ++i) {
    mean.push_back(dot(devices[i], prior.weights));
    for (std::size_t k = 0; k < devices[i].size(); ++k) {
      devices[i][k] *= std::sqrt(prior.weights[k]) / mean[i];
    }
    std::vector<double>& shares = groups.emplace_back(prior.sources->group_count);
    for (const PartCount& p : sums[i]) {
      shares[prior.sources->groups[p.part]] += p.count * prior.typical[p.part] / mean[i];
    }
    constant.push_back(sums[i].size() > 1 ? prior.network_size / mean[i] : 0);
  }
}

KernelValues variances(const TransferPrior& prior, const PriorFeatures& of, std::size_t i) {
  const std::vector<double> shares = shares_of(prior, of.sums[i], of.mean[i]);
  return {dot(of.devices[i], of.devices[i]), dot(shares, shares), dot(of.groups[i], of.groups[i]),
          of.constant[i] * of.constant[i]};
}

std::vector<KernelValues> covariances(const TransferPrior& prior, const PriorFeatures& a,
                                      const PriorFeatures& b, std::size_t i) {
  const std::vector<double> shares = shares_of(prior, b.sums[i], b.mean[i]);
  std::vector<KernelValues> all(a.sums.size());
  for (std::size_t j = 0; j < all.size(); ++j) {
    all[j].devices = dot(a.devices[j], b.devices[i]);
    all[j].groups = dot(a.groups[j], b.groups[i]);
    all[j].constant = a.constant[j] * b.constant[i];
    for (const PartCount& p : a.sums[j]) {
      all[j].parts += p.count * prior.typical[p.part] / a.mean[j] * shares[p.part];
    }
  }
  return all;
}

}  // namespace edgefront
