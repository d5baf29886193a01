// Passes over a list of entries, and what they share: the reference kernel, the judge of
// disturbances, and how long one waits for their end.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "runtime/probe/probe.h"
#include "runtime/probe/rounds.h"
#include "runtime/probe/throttling.h"
#include "runtime/probe/timed_interpreter.h"
#include "runtime/status.h"

namespace edgefront {

/// Of one list. Not copied, not shared by threads; `progress` must outlive it.
class Bench {
 public:
  Bench(const ProtocolOptions& options, const ProbeProgress& progress, std::size_t entries);
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  int passes() const;     ///< that each entry has at least
  void finish_one();      ///< an entry of a pass was measured
  void expect(int more);  ///< entries, besides those of the first passes
  void begin_pass();      ///< rests until the pass before has taken pass_s

  const ProtocolOptions options;
  DisturbanceFilter filter;
  ReferenceKernel reference;

 private:
  double seconds() const;  // since this bench began
  void wait_for_rest();

  const ProbeProgress& progress_;
  int total_;  // entries of all passes
  int finished_ = 0;
  std::uint64_t start_ticks_;
  double pass_began_s_ = -1;  // −1: none has
  double rested_s_ = 0;
  ThrottleWatch throttling_;
};

/// Measures entries 0 … `entries` − 1 in bench->passes() passes: `measure` runs one pass over the
/// given entries in an order and company drawn from `seed`. Entries whose passes do not agree
/// (passes_agree of `latencies_us(entry)`) are measured again, in as many passes more at the most.
/// The first error of `measure` ends it.
Status run_passes(
    Bench* bench, int entries,
    const std::function<Status(std::uint64_t seed, const std::vector<int>& entries)>& measure,
    const std::function<std::vector<double>(int entry)>& latencies_us);

}  // namespace edgefront
