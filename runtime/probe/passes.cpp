#include "runtime/probe/passes.h"

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "runtime/probe/clock.h"

namespace edgefront {
namespace {

constexpr double kRest_s = 0.05;  // between looks whether a disturbance is over

void rest(double seconds) {
  if (seconds <= 0) return;
  const double whole = std::floor(seconds);
  const timespec pause{static_cast<time_t>(whole), static_cast<long>((seconds - whole) * 1e9)};
  nanosleep(&pause, nullptr);
}

}  // namespace

Bench::Bench(const ProtocolOptions& o, const ProbeProgress& progress, std::size_t entries)
    : options(o),
      filter(o.disturbance),
      progress_(progress),
      total_(static_cast<int>(entries) * std::max(1, o.passes)),
      start_ticks_(ticks_now()),
      throttling_("", {sched_getcpu()}) {  // and its package
  filter.clock_s = [this] { return seconds(); };
  filter.wait = [this] { wait_for_rest(); };
  if (throttling_.watches()) filter.throttled = [this] { return throttling_.throttled_since(); };
}

int Bench::passes() const { return std::max(1, options.passes); }

double Bench::seconds() const {
  return static_cast<double>(ticks_now() - start_ticks_) * ns_per_tick() * 1e-9;
}

void Bench::finish_one() {
  if (progress_) progress_(++finished_, total_);
}

void Bench::expect(int more) { total_ += more; }

void Bench::begin_pass() {
  if (pass_began_s_ >= 0) rest(options.pass_s - (seconds() - pass_began_s_));
  pass_began_s_ = seconds();
}

// Rests until the machine is as quick as it was, or the patience is spent: in all, patience_s more
// than was worked, so that a long list in a busy hour is not given up where a short one is not.
void Bench::wait_for_rest() {
  if (options.patience_s <= 0) return;
  const auto patient = [this] { return rested_s_ < options.patience_s + (seconds() - rested_s_); };
  while (patient()) {
    rest(kRest_s);
    rested_s_ += kRest_s;
    if (reference.time() <= options.disturbance * filter.baseline()) return;
  }
}

Status run_passes(
    Bench* bench, int entries,
    const std::function<Status(std::uint64_t seed, const std::vector<int>& entries)>& measure,
    const std::function<std::vector<double>(int entry)>& latencies_us) {
  std::vector<int> list(static_cast<std::size_t>(entries));
  std::iota(list.begin(), list.end(), 0);
  for (int pass = 0; pass < 2 * bench->passes(); ++pass) {
    if (pass >= bench->passes()) {
      list.erase(std::remove_if(list.begin(), list.end(),
                                [&](int i) { return passes_agree(latencies_us(i)); }),
                 list.end());
      if (list.empty()) break;
      bench->expect(static_cast<int>(list.size()));
    }
    bench->begin_pass();
    if (Status s = measure(stream_value(bench->options.seed, pass), list); !s.ok()) return s;
  }
  return {};
}

}  // namespace edgefront
