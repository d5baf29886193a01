// Exporting a run's winners: train, quantize, write, check, measure on this machine, and record in
// front.json and exports.json what was measured.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "evaluators/trainer.h"
#include "experiments/pipeline/deploy.h"
#include "experiments/pipeline/exports_file.h"

namespace edgefront {

/// What is written of each network besides its .efm, which the other commands read.
struct ExportFormats {
  bool onnx = true;  ///< <index>.onnx
  bool c = false;    ///< <index>.c, for microcontrollers (docs/c_export.md); int8 only
};

/// "int8", "fp32" or "fastest"; throws InputError for any other.
ExportPrecision parse_export_precision(const std::string& name);

/// From names: "efm" (may be left out), "onnx", "c". Throws InputError for any other, and for none.
ExportFormats parse_export_formats(const std::vector<std::string>& names);

struct ExportRunOptions {
  std::string select;  ///< see select.h
  std::string out;     ///< folder for <index>.efm and what `formats` adds
  ExportFormats formats;
  ExportPrecision precision = ExportPrecision::kInt8;
  bool patch_wise = false;       ///< first layers in bands, for the smallest arena
  std::string data;              ///< empty: the experiment's
  std::optional<double> epochs;  ///< instead of the experiment's
  int threads = 1;               ///< networks trained side by side, one thread each
  /// A command that reaches the device, e.g. "ssh pi@board ./edgefront-probe -"; empty: this
  /// machine. With one, a profile of another device is refused before anything is trained.
  std::string on;
};

using ExportNote = std::function<void(const std::string&)>;

/// Networks whose training failed, whose int8 model loses more than the experiment allows or is
/// less accurate than it wants, or that another exported one dominates as measured (latency and
/// int8 accuracy), are dropped with the reason. Latency is measured after all training,
/// interleaved, and only where the first device's profile is this machine's, or is that of what
/// `on` reaches; under a latency budget in several rounds in processes of their own, and who is
/// over it is dropped. Writes the files, then front.json and exports.json, each atomically. Returns
/// the networks of this call.
std::vector<ExportedNetwork> export_run(const std::string& run_folder,
                                        const ExportRunOptions& options, Trainer& trainer,
                                        const EvaluatorProgress& progress, const ExportNote& note);

/// Fills `dropped` of every network that another one dominates as measured: no slower and no less
/// accurate in int8, and better in one of the two. Networks that are dropped already, or that were
/// not measured, neither dominate nor are judged.
void drop_dominated(std::vector<ExportedNetwork>& networks);

}  // namespace edgefront
