#include "runtime/team.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <string>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace edgefront {
namespace {

constexpr int kSpins = 2000;  // pauses of 10 to 40 ns

inline void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

// The words that a futex is made of must be plain ones.
static_assert(sizeof(std::atomic<std::uint32_t>) == 4 &&
                  std::atomic<std::uint32_t>::is_always_lock_free,
              "an atomic word is a word");

void futex(std::atomic<std::uint32_t>* word, int operation, std::uint32_t value) {
  syscall(SYS_futex, word, operation, value, nullptr, nullptr, 0);
}

#ifdef _OPENMP

/// CPUs that some member may run on, gathered by the members themselves.
struct Gathered {
  explicit Gathered(int threads) : masks(static_cast<std::size_t>(threads)) {}
  Barrier barrier;
  std::vector<cpu_set_t> masks;
  int members = 0, cpus = 0;
};

void gather_cpus(void* context, int member, int members) {
  Gathered& g = *static_cast<Gathered*>(context);
  cpu_set_t* mask = &g.masks[static_cast<std::size_t>(member)];
  if (sched_getaffinity(0, sizeof(cpu_set_t), mask) != 0) CPU_ZERO(mask);
  g.barrier.wait(members);
  if (member != 0) return;
  cpu_set_t all;
  CPU_ZERO(&all);
  for (const cpu_set_t& one : g.masks) CPU_OR(&all, &all, &one);
  g.members = members;
  g.cpus = CPU_COUNT(&all);
}

#endif

}  // namespace

void Barrier::wait(int members) {
  const std::uint32_t meeting = meeting_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == members) {
    arrived_.store(0, std::memory_order_relaxed);
    // Sequentially consistent against the sleeper's two accesses: either it sees the new number, or
    // it is seen here.
    meeting_.store(meeting + 1);
    if (sleepers_.load() > 0) futex(&meeting_, FUTEX_WAKE_PRIVATE, INT_MAX);
    return;
  }
  for (int i = 0; i < kSpins; ++i) {
    if (meeting_.load(std::memory_order_acquire) != meeting) return;
    pause_cpu();
  }
  sleepers_.fetch_add(1);
  while (meeting_.load() == meeting) futex(&meeting_, FUTEX_WAIT_PRIVATE, meeting);
  sleepers_.fetch_sub(1);
}

int allowed_cpus() {
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return 1;
  return std::max(1, CPU_COUNT(&mask));
}

#ifdef _OPENMP

void run_team(int threads, TeamWork work, void* context) {
  if (threads == 1) return work(context, 0, 1);
#pragma omp parallel num_threads(threads)
  work(context, omp_get_thread_num(), omp_get_num_threads());
}

Status check_team(int threads) {
  const std::string asked = "threads " + std::to_string(threads);
  if (threads < 1) return Status::invalid(asked + ", accepted are 1 and more");
  if (threads == 1) return {};
  // Before as many threads are made.
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  if (threads > std::min<long>(online, CPU_SETSIZE)) {
    return Status::invalid(asked + ": this machine has " + std::to_string(online) +
                           " CPU(s), and each thread needs one");
  }
  Gathered gathered(threads);
  run_team(threads, gather_cpus, &gathered);
  if (gathered.members < threads) {
    return Status::invalid(asked + ": OpenMP gives " + std::to_string(gathered.members) +
                           " (OMP_THREAD_LIMIT, OMP_DYNAMIC)");
  }
  if (gathered.cpus < threads) {
    return Status::invalid(asked + ": this process may run on " + std::to_string(gathered.cpus) +
                           " CPU(s), and each thread needs one");
  }
  return {};
}

#else

void run_team(int /*threads*/, TeamWork work, void* context) { work(context, 0, 1); }

Status check_team(int threads) {
  if (threads == 1) return {};
  return Status::invalid("threads " + std::to_string(threads) +
                         ": this program was built without OpenMP, accepted is 1");
}

#endif

}  // namespace edgefront
