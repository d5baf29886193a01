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
};

/// As prepare_step(), for a banded step whose rolling rows lie at `rows`.
std::unique_ptr<BandedStep> prepare_banded_step(const Model& model, const Step& step,
                                                const KernelSet& set, const StepMemory& memory,
                                                char* rows);

/// Computes rows [begin, end) of the output. The rolling rows and the places in them belong to one
/// walk at a time; walks over neighbouring ranges compute the rows between them twice.
void run_bands(BandedStep* step, std::int32_t begin, std::int32_t end);

/// The whole step as invoke() runs it. It runs on one thread: with more, each would need rolling
/// rows and places of its own.
PreparedStep as_prepared(BandedStep* step);

}  // namespace edgefront
