// What stood in for the evaluations that count, judged by them at the end of a search: features of
// the algorithm and lower fidelities.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/pipeline/journal.h"
#include "search/proxy_audit.h"
#include "search/search_algorithm.h"

namespace edgefront {

struct AuditedProxy {
  int networks = 0;  ///< that have both values
  ProxyVerdict verdict;
};

struct RunAudit {
  std::string baselines;  ///< for people; empty where sizes are not known
  std::vector<AuditedProxy> proxies;
};

/// Judged on the first objective that is not exact, at the highest fidelity: each feature of
/// `problem` by all networks, each lower fidelity ("fidelity 0") by those that were promoted from
/// it. Empty where there is nothing to judge or to judge by.
RunAudit audit_run(const Problem& problem, const std::vector<EvaluationRecord>& records);

/// One line a proxy.
std::vector<std::string> audit_lines(const RunAudit& audit);

/// audit.json in the run folder, atomically, and its lines to `notice` (may be null); neither where
/// the audit is empty. Throws EnvironmentError.
void write_audit(const std::string& folder, const RunAudit& audit,
                 const std::function<void(const std::string&)>& notice);

/// Name and line of each proxy in audit.json; empty where there is no such file. Throws InputError
/// where it is damaged.
std::vector<std::pair<std::string, std::string>> read_audit_lines(const std::string& folder);

}  // namespace edgefront
