// How accurate a network is. Nothing here knows latency.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "space/genotype.h"
#include "space/search_space.h"

namespace edgefront {

/// One question. `seed` was made from (run seed, genotype, fidelity, replicate) by the caller.
struct AccuracyRequest {
  Genotype genotype;
  int fidelity = 0;
  std::uint64_t seed = 0;
  int replicate = 0;
};

/// `error_percent` is 100 − top-1 on held-out *training* images (never test images), or what the
/// proxy stands in with; lower is better. A failed training is a value, not an exception.
struct Accuracy {
  bool ok = false;
  double error_percent = 0;
  std::string failure;  ///< one line, where !ok: "diverged at step 12", "out of memory", …
  std::optional<double> standard_error = {};  ///< of error_percent, ≥ 0; nothing: unknown
  std::map<std::string, double> extra = {};   ///< other finite numbers that came along, by name
};

/// (what, done, total, images per second; 0 where it does not apply)
using EvaluatorProgress =
    std::function<void(const std::string&, std::int64_t, std::int64_t, double)>;

class AccuracyEvaluator {
 public:
  virtual ~AccuracyEvaluator() = default;
  /// Work before the search (training a supernet into `folder`, or loading what an earlier, killed
  /// run finished there); called once. The artefact is written atomically and its digest returned
  /// ("" = none).
  virtual std::string prepare(const std::string& folder, const EvaluatorProgress& progress) = 0;
  /// May be called from several threads at once after prepare(); uses one thread per call. The
  /// result depends on the request only, not on order or concurrency.
  virtual Accuracy evaluate(const AccuracyRequest& request) = 0;
  /// How many requests it answers at once; 0: as many as there are cores.
  virtual int side_by_side() const { return 0; }
};

/// Deterministic stand-in for trials and tests, without training: error falls with log(parameters)
/// and log(MACs), plus a small deterministic offset per genotype, so that fronts have structure. It
/// is no claim about accuracy. Uses + − × ÷ √ only (no libm), so the value is the same everywhere.
std::unique_ptr<AccuracyEvaluator> make_proxy_evaluator(const SearchSpace& space);

}  // namespace edgefront
