#include "experiments/pipeline/evaluation_workers.h"

#include <doctest/doctest.h>

#include <atomic>
#include <semaphore>
#include <stdexcept>

namespace edgefront {
namespace {

EvaluationRecord answer_to(const Candidate& candidate) {
  EvaluationRecord record;
  record.index = candidate.index;
  record.objectives = {double(candidate.index)};
  return record;
}

bool wait_on() { return true; }

TEST_CASE("answers are taken by index, whoever is faster") {
  for (int threads : {1, 2, 4}) {
    EvaluationWorkers workers(threads, answer_to);
    for (std::int64_t i = 0; i < 50; ++i) workers.start({.index = i, .genotype = {}});
    for (std::int64_t i = 49; i >= 0; --i) {
      CHECK(workers.take(i, wait_on)->objectives == std::vector<double>{double(i)});
    }
    CHECK(workers.answered() == 0);
  }
}

TEST_CASE("others go on behind a slow candidate, as many at a time as there are threads") {
  std::counting_semaphore<8> slow(0);
  std::atomic<int> at_a_time{0}, most{0};
  EvaluationWorkers workers(2, [&](const Candidate& candidate) {
    const int now = ++at_a_time;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    if (candidate.index == 0) slow.acquire();
    --at_a_time;
    return answer_to(candidate);
  });
  for (std::int64_t i = 0; i < 20; ++i) workers.start({.index = i, .genotype = {}});
  for (std::int64_t i = 1; i < 20; ++i) CHECK(workers.take(i, wait_on)->index == i);
  slow.release();
  CHECK(workers.take(0, wait_on)->index == 0);
  CHECK(most <= 2);
}

TEST_CASE("a failure belongs to its candidate") {
  EvaluationWorkers workers(2, [](const Candidate& candidate) -> EvaluationRecord {
    if (candidate.index == 3) throw std::runtime_error("three");
    return answer_to(candidate);
  });
  for (std::int64_t i = 0; i < 6; ++i) workers.start({.index = i, .genotype = {}});
  for (std::int64_t i : {5, 0, 1}) CHECK(workers.take(i, wait_on)->index == i);
  CHECK_THROWS_WITH_AS(workers.take(3, wait_on), "three", std::runtime_error);
}

TEST_CASE("who loses patience gets nothing, and what has not begun is forgotten") {
  std::counting_semaphore<8> slow(0);
  std::atomic<int> begun{0};
  EvaluationWorkers workers(1, [&](const Candidate& candidate) {
    ++begun;
    slow.acquire();
    return answer_to(candidate);
  });
  for (std::int64_t i = 0; i < 5; ++i) workers.start({.index = i, .genotype = {}});
  while (begun == 0) {
  }
  CHECK(!workers.take(0, [] { return false; }));
  slow.release(8);
  workers.finish_begun();
  CHECK(workers.take(0, wait_on)->index == 0);
  CHECK(begun <= 5);
}

}  // namespace
}  // namespace edgefront
