// The chains that are measured together: as many as put a network's worth of other work between two
// runs of a layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/fuse.h"
#include "runtime/probe/chains.h"
#include "runtime/probe/rounds.h"
#include "runtime/probe/timed_interpreter.h"
#include "runtime/status.h"

namespace edgefront {

/// Invocations of a network, or of a group of chains, until the caches are in the state in which it
/// leaves them for itself; and those that are timed then.
constexpr int kUntimedPerVisit = 12, kTimedPerVisit = 10;

/// What runs in one round: chains, and for each of their steps the entry whose time it is (−1: it
/// runs as context only).
struct ChainGroup {
  std::vector<TimedInterpreter> chains;
  std::vector<std::vector<int>> entries;
};

/// Invalid where a step would not be the layer of its key.
Status load_chain(const Chain& chain, const std::vector<LayerKey>& keys, std::uint64_t seed,
                  TimedInterpreter* out);

/// The end of the group of chains that begins at `first`: enough context, or the end of the list.
std::size_t group_end(const std::vector<Chain>& chains, std::size_t first,
                      const ChainLimits& limits);

/// Chains [first, end), then copies with weights of their own until there is enough context, so
/// that a short list is not measured hot. `entry_of` gives each key's entry in this group.
Status load_group(const std::vector<Chain>& chains, std::size_t first, std::size_t end,
                  const std::vector<LayerKey>& keys, const std::vector<int>& entry_of,
                  const ChainLimits& limits, std::uint64_t seed, ChainGroup* out);

/// A visit to a group, between two runs of the reference kernel: returns the slower one's time in
/// µs, which judges. Times of entries count after the untimed invocations.
double run_visit(ChainGroup* group, std::uint64_t seed, ReferenceKernel* reference,
                 std::vector<TimedEntry>* times);

}  // namespace edgefront
