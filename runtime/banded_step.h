// A banded step with every address resolved, and its walk over the rows (see runtime/bands.h).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/bands.h"
#include "runtime/prepared_step.h"

namespace edgefront {

struct BandedStep {
  struct Part {
    BandPart band;
    PreparedStep step;  ///< of the whole layer; a walk sets rows and addresses of each call
    Precision precision;
    char* rows;              ///< rolling rows of its output; of the last part: the tensor
    std::int32_t done = 0;   ///< rows before this one are computed
    std::int32_t first = 0;  ///< row at the beginning of `rows`
  };
  std::vector<Part> parts;
  const char* input = nullptr;
  std::int64_t input_row_bytes = 0;
  std::int64_t rows_bytes = 0;      ///< of all rolling rows
  std::int32_t begin = 0, end = 0;  ///< rows of the output
};

/// As prepare_step(), for a banded step whose rolling rows lie at `rows`; it computes all rows of
/// the output.
std::unique_ptr<BandedStep> prepare_banded_step(const Model& model, const Step& step,
                                                const KernelSet& set, const StepMemory& memory,
                                                char* rows);

/// The part of one thread: a share of the output's rows, with rolling rows and scratch behind those
/// of the slices before it. Rows between the layers that two slices read are computed by both.
std::unique_ptr<BandedStep> banded_slice(const BandedStep& whole, std::int64_t scratch_bytes,
                                         int index, int slices);

/// Computes rows [begin, end) of the output.
void run_bands(BandedStep* step, std::int32_t begin, std::int32_t end);

/// Its rows as invoke() computes them; `run` is null where it has none.
PreparedStep as_prepared(BandedStep* step);

}  // namespace edgefront
