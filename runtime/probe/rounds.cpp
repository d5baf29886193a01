#include "runtime/probe/rounds.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace edgefront {
namespace {

constexpr std::size_t kRoundsBeforeJudging = 5;

bool narrow_enough(const std::vector<double>& series, const ProtocolOptions& options) {
  const int count = static_cast<int>(series.size());
  if (count >= options.max_samples) return true;
  if (count < std::max(options.min_samples, 5)) return false;
  return relative_half_width(summarize(series, 0)) <= options.relative_half_width;
}

// The next number of samples at which the intervals are looked at: each look sorts all samples, so
// looks become rarer as series grow.
int next_look(int samples) { return samples + std::max(10, samples / 8); }

int longest(const std::vector<std::vector<double>>& series) {
  std::size_t samples = 0;
  for (const std::vector<double>& one : series) samples = std::max(samples, one.size());
  return static_cast<int>(samples);
}

}  // namespace

std::uint64_t stream_value(std::uint64_t seed, std::uint64_t i) {
  std::uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::vector<int> shuffled(int count, std::uint64_t seed) {
  std::vector<int> order(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) order[static_cast<std::size_t>(i)] = i;
  for (int i = count - 1; i > 0; --i) {
    const std::uint64_t j =
        stream_value(seed, static_cast<std::uint64_t>(i)) % (static_cast<std::uint64_t>(i) + 1);
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
  }
  return order;
}

bool DisturbanceFilter::disturbed(double reference_us) {
  const bool slow = recent_.size() >= kRoundsBeforeJudging && reference_us > limit_ * baseline();
  const bool result = (throttled && throttled()) || slow;
  remember(reference_us);
  if (result && wait) wait();
  return result;
}

void DisturbanceFilter::remember(double reference_us) {
  if (clock_s) {
    const double now = clock_s();
    if (recent_.size() >= kRoundsBeforeJudging && now - remembered_s_ < kSlice_s) return;
    remembered_s_ = now;
  }
  recent_.push_back(reference_us);
  sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), reference_us), reference_us);
  if (recent_.size() <= kWindow) return;
  sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), recent_.front()));
  recent_.pop_front();
}

double DisturbanceFilter::baseline() const {
  return sorted_.empty() ? 0 : sorted_[(sorted_.size() - 1) / 4];
}

bool passes_agree(std::vector<double> latencies_us) {
  if (latencies_us.size() < 3) return true;
  std::sort(latencies_us.begin(), latencies_us.end());
  const std::size_t middle = (latencies_us.size() - 1) / 2;
  return latencies_us[middle + 1] <= (1 + kAgreement) * latencies_us[middle] &&
         latencies_us[middle] <= (1 + kAgreement) * latencies_us[middle - 1];
}

std::vector<LatencyStatistics> sample_rounds(int entries, const ProtocolOptions& options,
                                             const RoundSampler& sampler,
                                             DisturbanceFilter* filter) {
  std::vector<std::vector<double>> series(static_cast<std::size_t>(entries));
  std::vector<TimedEntry> times;
  std::uint64_t round = 0;
  for (int i = 0; i < options.warmup; ++i) {
    times.clear();
    filter->disturbed(sampler(round++, &times));
  }

  std::vector<int> interrupted(series.size());
  int rejected = 0;
  int look = std::max(options.min_samples, 5);
  for (bool unfinished = entries > 0; unfinished;) {
    times.clear();
    const double reference_us = sampler(round++, &times);
    if (filter->disturbed(reference_us) && rejected < options.max_samples) {
      ++rejected;
      continue;
    }
    for (const TimedEntry& time : times) {
      int& lost = interrupted[static_cast<std::size_t>(time.entry)];
      if (time.interrupted && lost < options.max_samples) {
        ++lost;
      } else {
        series[static_cast<std::size_t>(time.entry)].push_back(time.us);
      }
    }
    const int samples = longest(series);
    if (samples < look && samples < options.max_samples) continue;
    look = next_look(samples);
    unfinished = !std::all_of(series.begin(), series.end(), [&](const std::vector<double>& one) {
      return narrow_enough(one, options);
    });
  }

  std::vector<LatencyStatistics> result;
  result.reserve(series.size());
  for (std::size_t i = 0; i < series.size(); ++i) {
    result.push_back(summarize(std::move(series[i]), rejected + interrupted[i]));
  }
  return result;
}

}  // namespace edgefront
