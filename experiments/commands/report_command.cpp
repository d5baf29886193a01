// edgefront report: one HTML file from a run.
#include <iostream>

#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/host.h"
#include "experiments/pipeline/evaluation.h"
#include "experiments/pipeline/pooled_records.h"
#include "experiments/pipeline/run_audit.h"
#include "experiments/pipeline/run_folder.h"
#include "experiments/pipeline/search_parts.h"
#include "experiments/report/report.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

/// From the lowest fidelity to the highest.
std::string evaluators_of(const SearchExperiment& experiment) {
  std::string text;
  if (experiment.search.zero_cost != ZeroCost::kNone) {
    text = std::string(zero_cost_name(experiment.search.zero_cost)) + ", ";
  }
  for (const EvaluatorChoice& lower : experiment.lower) {
    text += std::string(evaluator_name(lower.kind)) + ", ";
  }
  return text + evaluator_name(experiment.evaluator.kind);
}

ReportData report_data(const std::string& folder) {
  const RunState run = load_run(folder);
  const SearchSpace space = open_space(run.experiment);
  ReportData data;
  data.name = run.experiment.name;
  data.objectives = run.experiment.objectives;
  const EvaluatorKind kind = run.experiment.evaluator.kind;
  data.error_label = kind == EvaluatorKind::kProxy       ? "stand-in for the error (proxy), %"
                     : kind == EvaluatorKind::kCommand   ? "error as the command says"
                     : kind == EvaluatorKind::kTable     ? "error as the table says, %"
                     : kind == EvaluatorKind::kPredictor ? "error as predicted, %"
                                                         : "error on held-out training images, %";
  data.hypervolume = run.hypervolume;
  for (const auto& record : pooled_networks(run.evaluations)) {
    data.evaluations.push_back(to_evaluation(space, record));
  }
  for (const auto& member : run.front.members) {
    data.front_genotypes.push_back(member.genotype);
    for (const auto& e : data.evaluations) {
      if (e.index == member.index) data.front.push_back(e);
    }
  }
  for (const auto& [name, genotype] : space.references) {
    for (const auto& e : data.evaluations) {
      if (e.genotype == genotype) data.references.push_back({name, e});
    }
  }
  data.fronts = run.front.fronts;
  data.exported = read_exports(folder);
  data.dropped = run.front.dropped;
  data.provenance = {
      {"space", run.experiment.space_file},          {"algorithm", run.manifest.algorithm},
      {"seed", std::to_string(run.experiment.seed)}, {"evaluator", evaluators_of(run.experiment)},
      {"kernel set", run.manifest.kernel_set},       {"program", run.manifest.program}};
  for (const auto& [what, digest] : run.manifest.digests) {
    data.provenance.emplace_back("digest of " + what, digest);
  }
  for (const auto& [proxy, verdict] : read_audit_lines(folder)) {
    data.provenance.emplace_back("audit of " + proxy, verdict);
  }
  return data;
}

}  // namespace

int report_command(const CommandArguments& args) {
  CommandLine line("report RUN --out REPORT.html",
                   "Writes one self-contained HTML file: the front, the hypervolume over the "
                   "evaluations, and the exported networks as predicted and as measured.");
  line.positional("RUN", "run folder of a search")
      .option("out", "REPORT.html", "", "file to write");
  if (!line.parse(args)) return 0;
  if (!line.given("out")) throw InputError("report: --out is missing: the file to write");
  const std::string path = line.text("out");
  const std::string html = report_html(report_data(line.text("RUN")));
  require(write_file_atomic(path, html.data(), html.size()));
  std::cout << path << ": " << html.size() / 1024 << " KiB\n";
  return 0;
}

}  // namespace edgefront
