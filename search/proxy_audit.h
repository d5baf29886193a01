// Whether what stands in for a training is worth anything: rank correlations of proxies with what
// has been evaluated, and which proxies are dropped.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace edgefront {

/// One value per evaluated network.
struct ProxyColumn {
  std::string name;
  std::vector<double> values;
};

struct ProxyAuditOptions {
  int min_networks = 20;  ///< with fewer there is no verdict and all are kept
  int resamples = 400;    ///< of the bootstrap
  /// A proxy is kept where it beats every baseline in at least this share of the resamples.
  double min_wins = 0.75;
  std::uint64_t seed = 0;  ///< of the resamples
};

/// Correlations are with the truth and have its sign: a score where more is better has a negative
/// one with an error, which is as good.
struct ProxyVerdict {
  std::string name;
  double spearman = 0, kendall = 0;
  /// Within the best tenth by the truth; nothing with fewer than 50 networks.
  std::optional<double> spearman_best_tenth = {}, kendall_best_tenth = {};
  /// |ρ| of the proxy minus the largest |ρ| of a baseline (Spearman's), and its 90 % interval by
  /// percentiles of the bootstrap over networks (Efron 1979, "Bootstrap methods: another look at
  /// the jackknife").
  double gain = 0, gain_low = 0, gain_high = 0;
  double wins = 0;  ///< share of the resamples with a gain above 0
  bool kept = true;
};

/// Judges each proxy against `baselines` (parameters and MACs). All columns have one value per
/// element of `truth` (minimised; no NaN). Same input, same verdicts.
std::vector<ProxyVerdict> audit_proxies(const std::vector<ProxyColumn>& proxies,
                                        const std::vector<ProxyColumn>& baselines,
                                        std::span<const double> truth,
                                        const ProxyAuditOptions& options);

/// One line for people, e.g. "proxy naswot: rank correlation 0.61 (Kendall 0.44), in the best tenth
/// 0.12; 0.20 below parameters and MACs [-0.31, -0.08]: dropped". `baselines` names them; empty:
/// there are none and the line ends before the gain.
std::string verdict_text(const ProxyVerdict& verdict, const std::string& baselines);

}  // namespace edgefront
