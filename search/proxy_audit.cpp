#include "search/proxy_audit.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "space/random.h"
#include "space/rank_correlation.h"

namespace edgefront {
namespace {

/// The best tenth has at least five networks.
constexpr std::size_t kEnoughForTenth = 50;

std::vector<double> chosen(std::span<const double> values, const std::vector<std::size_t>& which) {
  std::vector<double> out;
  out.reserve(which.size());
  for (const std::size_t i : which) out.push_back(values[i]);
  return out;
}

std::vector<std::size_t> best_tenth(std::span<const double> truth) {
  std::vector<std::size_t> order(truth.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return truth[a] < truth[b]; });
  order.resize((truth.size() + 9) / 10);
  return order;
}

/// |ρ| of each column over the networks `which`.
std::vector<double> strengths(const std::vector<ProxyColumn>& columns,
                              std::span<const double> truth,
                              const std::vector<std::size_t>& which) {
  const std::vector<double> y = chosen(truth, which);
  std::vector<double> all;
  for (const ProxyColumn& column : columns) {
    all.push_back(std::abs(spearman(chosen(column.values, which), y)));
  }
  return all;
}

/// Per proxy, the gain over the best baseline.
std::vector<double> gains(const std::vector<ProxyColumn>& proxies,
                          const std::vector<ProxyColumn>& baselines, std::span<const double> truth,
                          const std::vector<std::size_t>& which) {
  const std::vector<double> base = strengths(baselines, truth, which);
  const double bar = base.empty() ? 0 : *std::max_element(base.begin(), base.end());
  std::vector<double> gain = strengths(proxies, truth, which);
  for (double& value : gain) value -= bar;
  return gain;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

}  // namespace

std::vector<ProxyVerdict> audit_proxies(const std::vector<ProxyColumn>& proxies,
                                        const std::vector<ProxyColumn>& baselines,
                                        std::span<const double> truth,
                                        const ProxyAuditOptions& options) {
  std::vector<std::size_t> all(truth.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const std::vector<std::size_t> tenth = best_tenth(truth);
  const std::vector<double> best = chosen(truth, tenth);
  const std::vector<double> gain = gains(proxies, baselines, truth, all);
  std::vector<ProxyVerdict> verdicts;
  for (std::size_t p = 0; p < proxies.size(); ++p) {
    assert(proxies[p].values.size() == truth.size());
    ProxyVerdict verdict{.name = proxies[p].name};
    verdict.spearman = spearman(proxies[p].values, truth);
    verdict.kendall = kendall_tau(proxies[p].values, truth);
    verdict.gain = verdict.gain_low = verdict.gain_high = gain[p];
    if (truth.size() >= kEnoughForTenth) {
      const std::vector<double> values = chosen(proxies[p].values, tenth);
      verdict.spearman_best_tenth = spearman(values, best);
      verdict.kendall_best_tenth = kendall_tau(values, best);
    }
    verdicts.push_back(std::move(verdict));
  }
  if (static_cast<int>(truth.size()) < options.min_networks || proxies.empty()) return verdicts;
  std::vector<std::vector<double>> resampled(proxies.size());
  for (int b = 0; b < options.resamples; ++b) {
    RandomStream random(options.seed, static_cast<std::uint64_t>(b));
    std::vector<std::size_t> which(truth.size());
    for (std::size_t& i : which) i = random.below(truth.size());
    const std::vector<double> drawn = gains(proxies, baselines, truth, which);
    for (std::size_t p = 0; p < proxies.size(); ++p) resampled[p].push_back(drawn[p]);
  }
  for (std::size_t p = 0; p < proxies.size(); ++p) {
    std::vector<double>& drawn = resampled[p];
    std::sort(drawn.begin(), drawn.end());
    const auto at = [&](double share) {
      return drawn[std::size_t(share * double(drawn.size() - 1))];
    };
    verdicts[p].gain_low = at(0.05);
    verdicts[p].gain_high = at(0.95);
    const auto positive = std::count_if(drawn.begin(), drawn.end(), [](double g) { return g > 0; });
    verdicts[p].wins = double(positive) / double(drawn.size());
    verdicts[p].kept = verdicts[p].wins >= options.min_wins;
  }
  return verdicts;
}

std::string verdict_text(const ProxyVerdict& verdict, const std::string& baselines) {
  std::string text = verdict.name + ": rank correlation " + number(verdict.spearman) +
                     " (Kendall " + number(verdict.kendall) + ")";
  if (verdict.spearman_best_tenth) {
    text += ", in the best tenth " + number(*verdict.spearman_best_tenth) + " (" +
            number(*verdict.kendall_best_tenth) + ")";
  }
  if (baselines.empty()) return text;
  text += "; " + number(std::abs(verdict.gain)) + (verdict.gain < 0 ? " below " : " above ") +
          baselines + " [" + number(verdict.gain_low) + ", " + number(verdict.gain_high) + "]";
  return text + (verdict.kept ? ": kept" : ": dropped");
}

}  // namespace edgefront
