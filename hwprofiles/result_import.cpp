#include "hwprofiles/result_import.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "hwprofiles/measuring_device.h"
#include "hwprofiles/profiler.h"
#include "runtime/file.h"
#include "runtime/probe/jobs.h"
#include "space/error.h"

namespace edgefront {
namespace {

struct NamedNetwork {
  Precision precision = Precision::kInt8;
  std::string space_digest, genotype;
};

std::optional<NamedNetwork> parse_network_name(const std::string& name) {
  const std::size_t first = name.find(' '), second = name.find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  NamedNetwork out;
  out.space_digest = name.substr(first + 1, second - first - 1);
  out.genotype = name.substr(second + 1);
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    if (name.compare(0, first, precision_name(precision)) != 0) continue;
    out.precision = precision;
    return out;
  }
  return std::nullopt;
}

/// All complete results of a text; `cut` where its end is missing.
std::vector<ProbeResult> parse_results(std::string_view text, const std::string& path, bool* cut) {
  std::vector<ProbeResult> results;
  *cut = true;
  int line = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    ++line;
    const std::string one(text.substr(at, end == text.npos ? end : end - at));
    at = end == text.npos ? text.size() : end + 1;
    if (one.find_first_not_of(" \t\r") == one.npos) continue;
    ProbeResult result;
    if (const Status s = parse_result(one, &result); !s.ok()) {
      if (end == text.npos) {  // torn: what a probe was writing when it ended
        *cut = true;
        break;
      }
      throw InputError(path + ":" + std::to_string(line) + ": " + s.message());
    }
    *cut = result.kind != ResultKind::kDone;
    results.push_back(std::move(result));
  }
  if (results.empty() || results.front().kind != ResultKind::kHandshake) {
    throw InputError(path + ": does not begin with a probe's handshake");
  }
  return results;
}

void merge_layer(const std::string& path, const ProbeResult& result, DeviceProfile& profile) {
  const std::string key = result.layer.key.text();
  const auto old = profile.layers.find(key);
  if (old != profile.layers.end() && old->second.runtime != result.runtime &&
      old->second.origin == EntryOrigin::kMeasured) {
    const auto name = [](const std::string& runtime) { return runtime.empty() ? "ours" : runtime; };
    throw InputError(path + ": layer \"" + key + "\" has a time of the runtime " +
                     name(result.runtime) + ", and the profile one of " +
                     name(old->second.runtime) + ": a profile holds one runtime");
  }
  LayerEntry entry(result.layer);
  entry.measured_at = seconds_now();
  entry.runtime = result.runtime;
  profile.layers.insert_or_assign(key, std::move(entry));
}

/// False for a network that cannot be summed up from the profile's layers.
bool merge_network(const ProbeResult& result, DeviceProfile& profile) {
  const std::optional<NamedNetwork> named = parse_network_name(result.network.name);
  if (!named || result.facts.keys.empty() || result.facts.kernel_set.empty()) return false;
  NetworkEntry entry;
  entry.genotype = named->genotype;
  entry.space_digest = named->space_digest;
  entry.precision = named->precision;
  entry.threads = std::max(1, result.facts.threads);
  entry.kernel_set = result.facts.kernel_set;
  entry.statistics = result.network.statistics;
  entry.measured_at = seconds_now();
  entry.runtime = result.runtime;
  entry.pass_spread = result.network.pass_spread;
  for (const std::string& key : result.facts.keys) {
    const auto layer = profile.layers.find(key);
    if (layer == profile.layers.end()) return false;
    entry.predicted_sum_us += layer->second.statistics.latency_us;
  }
  std::erase_if(profile.networks, [&](const NetworkEntry& n) {
    return n.genotype == entry.genotype && n.space_digest == entry.space_digest &&
           n.precision == entry.precision && n.threads == entry.threads &&
           n.kernel_set == entry.kernel_set;
  });
  profile.networks.push_back(std::move(entry));
  return true;
}

}  // namespace

std::string network_name(const SearchSpace& space, Precision precision, const Genotype& genotype) {
  return std::string(precision_name(precision)) + " " + space.digest + " " +
         to_text(space, genotype);
}

ImportSummary import_results(const std::string& path, DeviceProfile& profile) {
  std::vector<std::uint8_t> bytes;
  if (const Status s = read_file(path, &bytes); !s.ok()) {
    if (s.code() == StatusCode::kEnvironment) throw EnvironmentError(s.message());
    throw InputError(s.message());
  }
  return merge_results({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path, profile);
}

ImportSummary merge_results(std::string_view text, const std::string& path,
                            DeviceProfile& profile) {
  ImportSummary summary;
  const std::vector<ProbeResult> results = parse_results(text, path, &summary.cut);
  DeviceProfile merged = profile;
  for (const ProbeResult& result : results) {
    if (result.kind == ResultKind::kHandshake) {
      if (!merged.identity.architecture.empty()) {
        const std::string other = identity_difference(merged.identity, result.identity);
        if (!other.empty()) throw InputError(path + " comes from another device: " + other);
      }
      merged.identity = result.identity;
      merged.state = result.state;
      merged.state_at = seconds_now();
    }
    if (result.kind == ResultKind::kLayer) {
      merge_layer(path, result, merged);
      ++summary.layers;
    }
    if (result.kind == ResultKind::kError && summary.errors++ == 0) {
      summary.first_error = result.message;
    }
  }
  for (const ProbeResult& result : results) {
    if (result.kind != ResultKind::kNetwork) continue;
    ++(merge_network(result, merged) ? summary.networks : summary.waiting);
  }
  if (merged.created.empty()) merged.created = utc_text(merged.state_at);
  if (merged.description.name.empty()) merged.description.name = merged.identity.cpu_model;
  profile = std::move(merged);
  return summary;
}

}  // namespace edgefront
