// Threads that walk the steps of one network together. OpenMP makes and keeps them; without it a
// team has one member. Members meet at a barrier of our own: libgomp's spins for milliseconds when
// a member has lost its CPU, which takes the CPU from whoever needs it.
#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/status.h"

namespace edgefront {

/// Where members wait for each other. Waiting spins for some 50 µs, then sleeps, so that a member
/// without a CPU is not kept from it by the others. Any number of meetings, one after the other.
class Barrier {
 public:
  /// Returns when `members` threads have called it; what each wrote before, all see after.
  void wait(int members);

 private:
  std::atomic<std::int32_t> arrived_{0};
  std::atomic<std::uint32_t> meeting_{0};  ///< number of meetings that are over; slept on
  std::atomic<std::int32_t> sleepers_{0};
};

/// What each member does; `members` is how many there really are.
using TeamWork = void (*)(void* context, int member, int members);

/// Runs `work` on `threads` threads at once, the caller being member 0. Fewer where OpenMP gives
/// fewer (inside a parallel region of the caller), so `work` must do everything for any number. The
/// threads are kept for the next call with the same number from the same thread, and nothing
/// allocates then; the first call of a thread makes its team.
void run_team(int threads, TeamWork work, void* context);

/// CPUs that the calling thread may run on; at least 1.
int allowed_cpus();

/// Invalid, with what is accepted, unless `threads` members get a CPU each: there are as many CPUs
/// that one or the other member may run on. Makes the team of the calling thread.
Status check_team(int threads);

}  // namespace edgefront
