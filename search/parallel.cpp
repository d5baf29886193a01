#include "search/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#ifdef EDGEFRONT_STD_THREADS
#include <thread>
#include <vector>
#else
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>
#endif

namespace edgefront {
namespace {

/// Runs worker() `threads` times, side by side.
void run_workers(int threads, const std::function<void()>& worker) {
#ifdef EDGEFRONT_STD_THREADS
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(worker);
  worker();
  for (std::thread& thread : others) thread.join();
#else
  threads = std::min(threads, tbb::info::default_concurrency());  // TBB complains of more
  tbb::task_arena arena(threads);
  arena.execute([&] {
    tbb::parallel_for(
        0, threads, [&](int) { worker(); }, tbb::simple_partitioner());
  });
#endif
}

}  // namespace

void parallel_for(std::int64_t count, int threads, const std::function<void(std::int64_t)>& body) {
  if (threads <= 1 || count <= 1) {
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  std::atomic<std::int64_t> next{0};
  std::atomic<std::int64_t> first_failure{count};
  std::exception_ptr failure;
  std::mutex mutex;
  // Indices are handed out in order, so every index below a failed one has already begun; those
  // above it need not begin, and still the failure of the lowest index is the one rethrown.
  run_workers(static_cast<int>(std::min<std::int64_t>(threads, count)), [&] {
    for (std::int64_t i = next++; i < first_failure; i = next++) {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (i < first_failure) {
          first_failure = i;
          failure = std::current_exception();
        }
      }
    }
  });
  if (failure) std::rethrow_exception(failure);
}

}  // namespace edgefront
