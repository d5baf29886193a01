#include "runtime/probe/pinning.h"

#include <algorithm>
#include <atomic>

#include "runtime/probe/core_kinds.h"
#include "runtime/probe/system_files.h"
#include "runtime/team.h"

namespace edgefront {
namespace {

/// Threads of one core name the same list of siblings.
std::vector<std::string> cores_of(const std::vector<int>& cpus) {
  std::vector<std::string> cores;
  for (const int cpu : cpus) {
    cores.push_back(first_line("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                               "/topology/thread_siblings_list"));
  }
  return cores;
}

/// Those of `allowed` that are of one kind with `cpu`, or of the fastest kind where it is −1.
std::vector<int> of_one_kind(const std::vector<int>& allowed, int cpu) {
  const std::vector<CoreKind> kinds = core_kinds("");
  const CoreKind* kind = fastest_allowed(kinds, cpu >= 0 ? std::vector<int>{cpu} : allowed);
  if (kind == nullptr) return allowed;
  std::vector<int> chosen;
  for (const int one : allowed) {
    if (std::find(kind->cpus.begin(), kind->cpus.end(), one) != kind->cpus.end()) {
      chosen.push_back(one);
    }
  }
  return chosen;
}

}  // namespace

std::vector<int> spread_cpus(int first, int count, const std::vector<int>& allowed,
                             const std::vector<std::string>& core_of) {
  const auto at = std::find(allowed.begin(), allowed.end(), first);
  if (at == allowed.end() || count < 1) return {};
  std::vector<int> chosen{first};
  std::vector<std::string> cores{core_of[static_cast<std::size_t>(at - allowed.begin())]};
  for (const bool new_cores : {true, false}) {
    for (std::size_t i = 0; i < allowed.size(); ++i) {
      if (static_cast<int>(chosen.size()) == count) return chosen;
      if (std::find(chosen.begin(), chosen.end(), allowed[i]) != chosen.end()) continue;
      const bool known =
          !core_of[i].empty() && std::find(cores.begin(), cores.end(), core_of[i]) != cores.end();
      if (new_cores && known) continue;
      chosen.push_back(allowed[i]);
      cores.push_back(core_of[i]);
    }
  }
  return chosen;
}

PinnedTeam::PinnedTeam(int cpu, int threads) {
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return;
  std::vector<int> allowed = of_one_kind(cpus_of_this_thread(), cpu);
  int first = cpu >= 0 ? cpu : sched_getcpu();
  if (first < 0 || first >= CPU_SETSIZE) return;
  if (std::find(allowed.begin(), allowed.end(), first) == allowed.end()) {
    // One that is asked for may lie outside the mask; the OS decides. Else the thread is on a core
    // of another kind now.
    if (cpu >= 0 || allowed.empty()) {
      allowed.push_back(first);
    } else {
      first = allowed.front();
    }
  }
  cpus_ = spread_cpus(first, threads, allowed, cores_of(allowed));
  if (static_cast<int>(cpus_.size()) < threads) return;
  std::vector<cpu_set_t> masks(cpus_.size());
  for (std::size_t i = 0; i < masks.size(); ++i) {
    CPU_ZERO(&masks[i]);
    CPU_SET(cpus_[i], &masks[i]);
  }
  // A team that is made while the caller is confined would inherit its one CPU: the masks of the
  // members are set by themselves, and given back all alike.
  saved_.assign(cpus_.size(), mask);
  set_masks(masks);
}

PinnedTeam::~PinnedTeam() {
  if (pinned_) set_masks(saved_);
}

void PinnedTeam::set_masks(const std::vector<cpu_set_t>& masks) {
  struct Context {
    const std::vector<cpu_set_t>& masks;
    std::atomic<int> set{0};
  } context{masks, {0}};
  const TeamWork work = [](void* c, int member, int /*members*/) {
    Context& context = *static_cast<Context*>(c);
    const cpu_set_t& mask = context.masks[static_cast<std::size_t>(member)];
    if (sched_setaffinity(0, sizeof mask, &mask) == 0) ++context.set;
  };
  run_team(static_cast<int>(masks.size()), work, &context);
  pinned_ = context.set == static_cast<int>(masks.size());
}

}  // namespace edgefront
