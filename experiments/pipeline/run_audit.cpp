#include "experiments/pipeline/run_audit.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "experiments/host.h"
#include "experiments/pipeline/json_text.h"
#include "experiments/pipeline/pooled_records.h"
#include "runtime/file.h"
#include "search/feature_audit.h"
#include "space/error.h"

namespace edgefront {
namespace {

using Json = nlohmann::json;

std::string audit_path(const std::string& folder) { return folder + "/audit.json"; }

std::optional<std::size_t> judged_objective(const Problem& problem) {
  for (std::size_t m = 0; m < problem.objectives.size(); ++m) {
    if (!problem.objectives[m].exact) return m;
  }
  return std::nullopt;
}

/// The networks that count, and what they are judged by.
struct Judged {
  std::vector<EvaluationRecord> networks;
  std::vector<double> truth;
  std::vector<ProxyColumn> baselines;
  std::string baseline_names;
};

std::vector<ProxyColumn> size_columns(const std::vector<EvaluationRecord>& networks) {
  std::vector<ProxyColumn> columns{{"parameters", {}}, {"macs", {}}};
  for (ProxyColumn& column : columns) {
    for (const EvaluationRecord& network : networks) {
      const auto found = network.metrics.find(column.name);
      if (found == network.metrics.end()) return {};
      column.values.push_back(found->second);
    }
  }
  return columns;
}

std::vector<Genotype> genotypes_of(const Problem& problem,
                                   const std::vector<EvaluationRecord>& networks) {
  std::vector<Genotype> genotypes;
  for (const EvaluationRecord& network : networks) {
    genotypes.push_back(parse_genotype(*problem.space, network.genotype));
  }
  return genotypes;
}

/// Those of `all` with index in `which`.
ProxyColumn subset(const ProxyColumn& all, const std::vector<std::size_t>& which) {
  ProxyColumn column{all.name, {}};
  for (const std::size_t i : which) column.values.push_back(all.values[i]);
  return column;
}

/// The values of fidelity `fidelity`, against those of the highest.
void audit_fidelity(int fidelity, std::size_t objective, const Judged& judged,
                    const std::vector<EvaluationRecord>& records, RunAudit& audit) {
  std::map<std::string, double> lower;
  for (const EvaluationRecord& record : records) {
    const bool ok = record.status == EvaluationStatus::kOk;
    if (ok && record.fidelity == fidelity) lower[record.genotype] = record.objectives[objective];
  }
  ProxyColumn proxy{"fidelity " + std::to_string(fidelity), {}};
  std::vector<std::size_t> which;
  std::vector<double> truth;
  for (std::size_t i = 0; i < judged.networks.size(); ++i) {
    const auto found = lower.find(judged.networks[i].genotype);
    if (found == lower.end()) continue;
    which.push_back(i);
    truth.push_back(judged.truth[i]);
    proxy.values.push_back(found->second);
  }
  if (which.size() < 2) return;
  std::vector<ProxyColumn> baselines;
  for (const ProxyColumn& column : judged.baselines) baselines.push_back(subset(column, which));
  const auto verdicts = audit_proxies({std::move(proxy)}, baselines, truth, {});
  audit.proxies.push_back({int(which.size()), verdicts[0]});
}

std::string proxy_json(const AuditedProxy& proxy, const std::string& baselines) {
  const ProxyVerdict& v = proxy.verdict;
  std::string out =
      "{\"name\":" + json_string(v.name) + ",\"networks\":" + std::to_string(proxy.networks) +
      ",\"spearman\":" + json_number(v.spearman) + ",\"kendall\":" + json_number(v.kendall);
  if (v.spearman_best_tenth) {
    out += ",\"spearman_best_tenth\":" + json_number(*v.spearman_best_tenth) +
           ",\"kendall_best_tenth\":" + json_number(*v.kendall_best_tenth);
  }
  return out + ",\"gain\":" + json_number(v.gain) + ",\"gain_low\":" + json_number(v.gain_low) +
         ",\"gain_high\":" + json_number(v.gain_high) + ",\"kept\":" + (v.kept ? "true" : "false") +
         ",\"text\":" + json_string(verdict_text(v, baselines)) + "}";
}

}  // namespace

RunAudit audit_run(const Problem& problem, const std::vector<EvaluationRecord>& records) {
  RunAudit audit;
  const std::optional<std::size_t> objective = judged_objective(problem);
  const int top = top_fidelity(records);
  if (!objective || (top == 0 && problem.feature_names.empty())) return audit;
  Judged judged;
  for (const EvaluationRecord& network : pooled_networks(records)) {
    if (network.status != EvaluationStatus::kOk) continue;
    judged.networks.push_back(network);
    judged.truth.push_back(network.objectives[*objective]);
  }
  const FeatureColumns features = feature_columns(problem, genotypes_of(problem, judged.networks));
  judged.baselines = size_columns(judged.networks);
  audit.baselines = "parameters and MACs";
  if (judged.baselines.empty()) {
    judged.baselines = features.baselines;
    audit.baselines = judged.baselines.empty() ? "" : "the features of size";
  }
  if (judged.networks.size() < 2) return audit;
  for (ProxyVerdict& verdict :
       audit_proxies(features.proxies, judged.baselines, judged.truth, {})) {
    audit.proxies.push_back({int(judged.networks.size()), std::move(verdict)});
  }
  for (int fidelity = 0; fidelity < top; ++fidelity) {
    audit_fidelity(fidelity, *objective, judged, records, audit);
  }
  return audit;
}

std::vector<std::string> audit_lines(const RunAudit& audit) {
  std::vector<std::string> lines;
  for (const AuditedProxy& proxy : audit.proxies) {
    lines.push_back("audit of " + std::to_string(proxy.networks) +
                    " networks: " + verdict_text(proxy.verdict, audit.baselines));
  }
  return lines;
}

void write_audit(const std::string& folder, const RunAudit& audit,
                 const std::function<void(const std::string&)>& notice) {
  if (audit.proxies.empty()) return;
  std::string out = "{\"baselines\":" + json_string(audit.baselines) + ",\"proxies\":[";
  for (std::size_t i = 0; i < audit.proxies.size(); ++i) {
    out += (i == 0 ? "\n" : ",\n") + proxy_json(audit.proxies[i], audit.baselines);
  }
  out += "\n]}\n";
  require(write_file_atomic(audit_path(folder), out.data(), out.size()));
  for (const std::string& line : audit_lines(audit)) {
    if (notice) notice(line);
  }
}

std::vector<std::pair<std::string, std::string>> read_audit_lines(const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> lines;
  if (!std::filesystem::exists(audit_path(folder))) return lines;
  std::vector<std::uint8_t> bytes;
  require(read_file(audit_path(folder), &bytes));
  const Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  try {
    for (const Json& proxy : json.at("proxies")) {
      lines.emplace_back(proxy.at("name").get<std::string>(), proxy.at("text").get<std::string>());
    }
  } catch (const Json::exception& error) {
    throw InputError(audit_path(folder) + ": " + error.what() + "; `search` writes it anew");
  }
  return lines;
}

}  // namespace edgefront
