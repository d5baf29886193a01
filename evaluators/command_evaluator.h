// kind = "command": a program of one's own says how accurate a network is. It runs in several
// long-lived copies that are asked in turn over their standard input and output, one JSON line
// each way (docs/command_evaluator.md).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluators/accuracy_evaluator.h"
#include "space/search_space.h"

namespace edgefront {

struct CommandOptions {
  std::vector<std::string> command;  ///< program and arguments; run without a shell
  int parallel = 1;                  ///< copies of it, each asked for one candidate at a time
  double timeout_s = 86400;  ///< for one answer; then the copy is killed, and the candidate failed
  double start_timeout_s = 120;  ///< from a copy's start to its first line
  int retries = 1;  ///< more copies that a candidate gets when one dies on it or answers nonsense
  // No keys of the table itself.
  int fidelities = 1;  ///< the highest is a whole training,
  double eta = 3;      ///< each lower one 1 / eta of the next
  /// Copy N writes its standard error to STEM.N.log in the run folder.
  std::string log_stem = "evaluator";
};

/// Throws InputError where there is no such program. prepare() starts the first copy, throws
/// InputError where it does not say what it is, and returns the digest of its name and version;
/// evaluate() waits for a free copy. At its end all copies are asked to end, then killed; they are
/// killed too where this process is.
std::unique_ptr<AccuracyEvaluator> make_command_evaluator(const SearchSpace& space,
                                                          const CommandOptions& options);

}  // namespace edgefront
