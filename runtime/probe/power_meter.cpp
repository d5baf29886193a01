#include "runtime/probe/power_meter.h"

#include <time.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "runtime/probe/statistics.h"

namespace edgefront {
namespace {

constexpr std::size_t kBatches = 10;
constexpr double kFastCounter_s = 0.01;  // below this, the time of a step does not matter …
constexpr double kUpdatesPerPoll = 2.5;  // … but the time that reading takes does
constexpr double kPollsPerStep = 8;      // of slower counters
constexpr double kIdleNap_s = 0.01;      // waking up takes power too

Status lost(const PowerSource& source) {
  return Status::environment("power sensor " + source.name() + " can no longer be read");
}

Status too_slow(const PowerMeter& meter, const EnergyOptions& options) {
  return Status::environment("power sensor " + meter.source().name() + " updated " +
                             std::to_string(meter.updates().size()) + " times in " +
                             std::to_string(static_cast<int>(options.max_seconds)) +
                             " s; more than " + std::to_string(options.min_updates) +
                             " are needed");
}

bool enough(const PowerMeter& meter, const EnergyOptions& options) {
  // One more: n updates end n − 1 intervals.
  return meter.updates().size() > static_cast<std::size_t>(std::max(options.min_updates, 20));
}

}  // namespace

PowerMeter::PowerMeter(PowerSource source) : source_(std::move(source)) {}

bool PowerMeter::counts() const {
  return !source_.channels.empty() && source_.channels[0].kind != ChannelKind::kPower;
}

double PowerMeter::poll_interval_s() const {
  const double update_s = source_.update_interval_s;
  if (!counts()) return update_s;
  return update_s < kFastCounter_s ? update_s * kUpdatesPerPoll : update_s / kPollsPerStep;
}

bool PowerMeter::read(std::vector<double>* values) const {
  values->clear();
  for (const PowerChannel& channel : source_.channels) {
    double value = 0;
    if (!read_channel(channel, &value)) return false;
    values->push_back(value);
  }
  return !values->empty();
}

Status PowerMeter::start(double now_s) {
  updates_.clear();
  energy_uj_ = 0;
  last_read_s_ = now_s;
  if (!read(&last_)) return lost(source_);
  if (!counts()) updates_.push_back({now_s, 0});
  return {};
}

Status PowerMeter::poll(double now_s, bool* updated) {
  *updated = false;
  if (now_s - last_read_s_ < poll_interval_s()) return {};
  std::vector<double> values;
  if (!read(&values)) return lost(source_);
  double grown_uj = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const PowerChannel& channel = source_.channels[i];
    switch (channel.kind) {
      case ChannelKind::kCounter: {
        double step = values[i] - last_[i];
        if (step < 0) step += channel.range_uj;
        if (step < 0) return lost(source_);
        grown_uj += step;
        break;
      }
      case ChannelKind::kGauge:
        grown_uj += last_[i] - values[i];
        break;
      case ChannelKind::kPower:
        grown_uj += (values[i] + last_[i]) / 2 * (now_s - last_read_s_) * 1e6;
        break;
    }
  }
  if (counts() && grown_uj < 0) {
    return Status::environment("power sensor " + source_.name() + ": the battery is being charged");
  }
  last_ = std::move(values);
  last_read_s_ = now_s;
  energy_uj_ += grown_uj;
  *updated = !counts() || grown_uj > 0;
  if (*updated) updates_.push_back({now_s, energy_uj_});
  return {};
}

PowerEstimate mean_power(const std::vector<PowerUpdate>& updates) {
  assert(updates.size() >= 2 * kBatches);
  const auto power_w = [&](std::size_t first, std::size_t last) {
    return (updates[last].energy_uj - updates[first].energy_uj) * 1e-6 /
           (updates[last].time_s - updates[first].time_s);
  };
  const std::size_t steps = updates.size() - 1;
  PowerEstimate result;
  result.updates = static_cast<int>(steps);
  result.seconds = updates.back().time_s - updates.front().time_s;
  result.power_w = power_w(0, steps);
  double squares = 0;
  for (std::size_t i = 0; i < kBatches; ++i) {
    const double one = power_w(i * steps / kBatches, (i + 1) * steps / kBatches);
    squares += (one - result.power_w) * (one - result.power_w);
  }
  result.standard_error_w = std::sqrt(squares / (kBatches * (kBatches - 1)));
  const double half = student_t_quantile(0.975, kBatches - 1) * result.standard_error_w;
  result.low_w = result.power_w - half;
  result.high_w = result.power_w + half;
  return result;
}

ProbeTime real_time() {
  ProbeTime time;
  time.now_s = [] {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  };
  time.sleep_s = [](double seconds) {
    timespec pause{};
    pause.tv_sec = static_cast<time_t>(seconds);
    pause.tv_nsec = static_cast<long>((seconds - static_cast<double>(pause.tv_sec)) * 1e9);
    nanosleep(&pause, nullptr);
  };
  return time;
}

Status measure_idle(PowerMeter* meter, const ProbeTime& time, const EnergyOptions& options,
                    PowerEstimate* out) {
  const double start_s = time.now_s();
  if (Status s = meter->start(start_s); !s.ok()) return s;
  while (!enough(*meter, options)) {
    if (time.now_s() - start_s > options.max_seconds) return too_slow(*meter, options);
    time.sleep_s(std::max(meter->poll_interval_s(), kIdleNap_s));
    bool unused = false;
    if (Status s = meter->poll(time.now_s(), &unused); !s.ok()) return s;
  }
  *out = mean_power(meter->updates());
  return {};
}

Status measure_energy(PowerMeter* meter, const ProbeTime& time, const EnergyOptions& options,
                      const PowerEstimate& idle, const std::function<double()>& work,
                      const std::function<bool()>& throttled_since, EnergyMeasurement* out) {
  int rejected = 0;
  for (;; ++rejected) {
    if (throttled_since) throttled_since();  // what was before does not count
    std::int64_t done = 0;
    double worked_us = 0;
    const double start_s = time.now_s();
    double now_s = start_s;
    if (Status s = meter->start(start_s); !s.ok()) return s;
    while (!enough(*meter, options)) {
      if (now_s - start_s > options.max_seconds) return too_slow(*meter, options);
      worked_us += work();
      ++done;
      now_s = time.now_s();
      bool unused = false;
      if (Status s = meter->poll(now_s, &unused); !s.ok()) return s;
    }
    if (throttled_since && throttled_since()) {
      if (rejected < options.max_rejected) continue;
      return Status::environment("the machine was throttled in each of " +
                                 std::to_string(rejected + 1) +
                                 " energy windows; let it cool, or feed it properly");
    }
    const PowerEstimate busy = mean_power(meter->updates());
    out->latency_us = worked_us / static_cast<double>(done);
    // The two standard errors have 9 degrees of freedom each; taking 9 for their sum is on the safe
    // side of Welch and Satterthwaite's number.
    const double half_w = student_t_quantile(0.975, kBatches - 1) *
                          std::hypot(busy.standard_error_w, idle.standard_error_w);
    out->energy_uj = (busy.power_w - idle.power_w) * out->latency_us;  // W·µs
    out->energy_low_uj = out->energy_uj - half_w * out->latency_us;
    out->energy_high_uj = out->energy_uj + half_w * out->latency_us;
    out->power_w = busy.power_w;
    out->idle_w = idle.power_w;
    out->updates = busy.updates;
    out->rejected = rejected;
    return {};
  }
}

}  // namespace edgefront
