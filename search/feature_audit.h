// Features that turn out to be worth nothing are taken away from an algorithm while it runs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "search/proxy_audit.h"
#include "search/search_algorithm.h"

namespace edgefront {

struct FeatureAuditOptions {
  int first = 40;  ///< networks with a value at the first audit; the next when they have doubled
  ProxyAuditOptions audit = {};
};

/// Makes the algorithm for a problem that it copies.
using AlgorithmMaker = std::function<std::unique_ptr<SearchAlgorithm>(const Problem&)>;

/// An algorithm without those columns of Problem::features that the audit drops (proxy_audit.h),
/// judged on the first objective that is not exact. When the verdict changes, the algorithm is made
/// anew with the columns that are kept, and told all evaluations so far; what is unanswered it
/// takes over. A column that was dropped comes back when a later audit keeps it.
///
/// Baselines are the columns named "parameters", "params", "macs" or "flops", which are never
/// dropped; without one of them nothing is audited and the algorithm is as `make` gives it. Exact
/// objectives are no baselines: among the networks that a search evaluates, those near the front,
/// they go with the error by construction.
std::unique_ptr<SearchAlgorithm> make_feature_audit(const Problem& problem, AlgorithmMaker make,
                                                    const FeatureAuditOptions& options);

/// The features and baselines of some networks, as columns for audit_proxies().
struct FeatureColumns {
  std::vector<ProxyColumn> proxies, baselines;
  std::vector<std::size_t> proxy_places;  ///< of each proxy among the problem's features
};
FeatureColumns feature_columns(const Problem& problem, const std::vector<Genotype>& genotypes);

}  // namespace edgefront
