// Which CPUs a measurement runs on: one for each thread of the team, other cores before the second
// thread of a core.
#pragma once

#include <sched.h>

#include <string>
#include <vector>

namespace edgefront {

/// `count` of the CPUs `allowed`, `first` before all others, then in the order given: those of
/// cores that have none yet, then the rest. `core_of[i]` names the core of allowed[i]; an empty
/// name is a core of its own. Fewer where there are fewer; empty where `first` is not allowed.
std::vector<int> spread_cpus(int first, int count, const std::vector<int>& allowed,
                             const std::vector<std::string>& core_of);

/// Pins each thread of the calling thread's team (runtime/team.h), the caller being the first, to a
/// CPU of its own for the lifetime of the object. `cpu` is the caller's; −1 keeps it where it is.
/// Where cores are of several kinds (core_kinds.h), all are of the fastest kind that the thread may
/// run on, or of the kind of `cpu`.
/// Not pinned where the OS refuses or there are not enough CPUs: pinned() tells.
class PinnedTeam {
 public:
  PinnedTeam(int cpu, int threads);
  ~PinnedTeam();
  PinnedTeam(const PinnedTeam&) = delete;
  PinnedTeam& operator=(const PinnedTeam&) = delete;
  bool pinned() const { return pinned_; }
  const std::vector<int>& cpus() const { return cpus_; }

 private:
  void set_masks(const std::vector<cpu_set_t>& masks);

  bool pinned_ = false;
  std::vector<int> cpus_;
  std::vector<cpu_set_t> saved_;  ///< previous masks
};

}  // namespace edgefront
