// Questions to the archive of a run: which network under these limits, for this deployment. Nothing
// is evaluated again; everything comes from the metrics in the journal.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "costmodels/deployment.h"
#include "experiments/pipeline/journal.h"

namespace edgefront {

struct AskQuestion {
  std::vector<std::string> devices;  ///< of the run, in its order
  int device = 0;                    ///< whose costs are meant
  /// Limits by names of the metric table, in base units; from below for a maximised metric.
  std::map<std::string, double> limits;
  /// With weights alpha to delta. A reference that is 0 where it is needed becomes the smallest
  /// value over the run's feasible networks.
  DeploymentOptions deployment;
  double error_weight = 0, reference_error = 0;  ///< beside the four of the deployment
};

struct AskAnswer {
  EvaluationRecord network;
  std::map<std::string, double> values;  ///< of the chosen device, without @DEVICE
  DeploymentTerms terms;
  double weighted = 0;     ///< what was smallest: the weighted sum, or the error without weights
  AskQuestion question;    ///< with the references that were used
  bool supported = false;  ///< weights alone, without limits, could reach it too
  int networks = 0, within = 0;  ///< feasible ones of the run, and those within the limits
};

/// The feasible network with the smallest weighted sum within the limits; without any weight the
/// one with the smallest error, or first objective where the run knows no error (ε-constraint).
/// Throws InputError for a metric that the run does not know, and NoFeasibleResult that says how
/// near the nearest network comes.
AskAnswer ask(const std::vector<EvaluationRecord>& evaluations, const AskQuestion& question);

}  // namespace edgefront
