// Any bytes as the results of a probe that ran on its own: an InputError that leaves the profile
// as it was, or a profile that can be written and read again. Once into an empty profile, and once
// more into what came of it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hwprofiles/device_profile.h"
#include "hwprofiles/result_import.h"
#include "space/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgefront;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  DeviceProfile profile;
  try {
    const ImportSummary summary = merge_results(text, "results.jsonl", profile);
    if (profile.networks.size() > std::size_t(summary.networks)) __builtin_trap();
    for (const auto& [key, layer] : profile.layers) {
      if (layer.key.text() != key) __builtin_trap();
      if (!(layer.statistics.latency_us > 0)) __builtin_trap();
    }
    const std::size_t layers = profile.layers.size();
    merge_results(text, "results.jsonl", profile);
    if (profile.layers.size() != layers) __builtin_trap();
  } catch (const InputError&) {
    if (!profile.layers.empty() || !profile.networks.empty()) __builtin_trap();
  }
  return 0;
}
