// The measuring loop without a clock: rounds until every entry's interval is narrow enough, rounds
// that were disturbed repeated. What a round does is a function, so that tests need no time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "runtime/probe/probe.h"
#include "runtime/probe/statistics.h"

namespace edgefront {

/// Judges rounds by the time of a fixed reference kernel against the lower quartile of its last
/// `kWindow` times: a machine that is disturbed for half of the time is still told from the same
/// machine at rest. Disturbed rounds enter too, so that a lasting change of the clock becomes the
/// new normal instead of a reason to repeat for ever. Rounds of small networks take a millisecond:
/// with `clock_s` at most one time in kSlice_s enters, so that a busy neighbour of some seconds is
/// not the new normal yet.
class DisturbanceFilter {
 public:
  static constexpr std::size_t kWindow = 1001;
  static constexpr double kSlice_s = 0.05;  // the window spans 50 s at least
  explicit DisturbanceFilter(double limit) : limit_(limit) {}
  /// If set, whether the machine slowed itself down since it was last asked: a time that it was
  /// asked after is disturbed then, whatever it is.
  std::function<bool()> throttled;
  /// If set, seconds that have passed since some fixed moment.
  std::function<double()> clock_s;
  /// Called after each disturbed time, if set: to rest until the disturbance is over.
  std::function<void()> wait;
  /// True if `reference_us` exceeds limit × baseline, or where the machine was throttled; the first
  /// rounds (fewer than 5) never do.
  bool disturbed(double reference_us);
  /// Of the rounds judged so far; 0 before the first.
  double baseline() const;

 private:
  void remember(double reference_us);

  double limit_;
  double remembered_s_ = 0;     // when the last one was, where there is a clock
  std::deque<double> recent_;   // in order of time
  std::vector<double> sorted_;  // the same values
};

struct TimedEntry {
  int entry = 0;  ///< index of the entry that ran
  double us = 0;
  bool interrupted = false;  ///< the thread lost its CPU meanwhile: repeated, not averaged in
};

/// Runs everything once in an order of its own drawn from `round`, appends the times of the entries
/// (an entry may occur several times), and returns the time of the reference kernel in µs.
using RoundSampler = std::function<double(std::uint64_t round, std::vector<TimedEntry>* times)>;

/// `warmup` rounds that do not count, then rounds until each of `entries` has min_samples and an
/// interval of the trimmed mean within ± relative_half_width, or max_samples. At most max_samples
/// rounds are repeated for disturbance, and as many times of an entry for interruption; later ones
/// count as they come. `rejected` is the sum of both.
std::vector<LatencyStatistics> sample_rounds(int entries, const ProtocolOptions& options,
                                             const RoundSampler& sampler,
                                             DisturbanceFilter* filter);

/// The i-th number of the stream that belongs to `seed` (SplitMix64, Steele et al. 2014).
std::uint64_t stream_value(std::uint64_t seed, std::uint64_t i);
/// 0 … count − 1 in an order drawn from `seed` (Fisher–Yates).
std::vector<int> shuffled(int count, std::uint64_t seed);

/// Whether the middle one of an entry's latencies, one per pass, has a neighbour on either side
/// within ± `kAgreement`: else it may be a time of a disturbance that outlasted a pass. Fewer than
/// three latencies always agree.
bool passes_agree(std::vector<double> latencies_us);
constexpr double kAgreement = 0.10;

}  // namespace edgefront
