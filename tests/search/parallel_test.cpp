#include "search/parallel.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

namespace edgefront {
namespace {

TEST_CASE("every index is called exactly once, for any number of threads") {
  for (int threads : {0, 1, 2, 5, 64}) {
    for (std::int64_t count : {0, 1, 2, 1000}) {
      std::vector<std::atomic<int>> calls(count);
      parallel_for(count, threads, [&](std::int64_t i) { ++calls[i]; });
      for (const auto& n : calls) CHECK(n == 1);
    }
  }
}

TEST_CASE("one thread takes the indices in order") {
  std::vector<std::int64_t> order;
  parallel_for(5, 1, [&](std::int64_t i) { order.push_back(i); });
  CHECK(order == std::vector<std::int64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("of several exceptions the one with the lowest index is rethrown") {
  for (int threads : {1, 2, 8}) {
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::atomic<int> running{0};
      std::string message;
      try {
        parallel_for(100, threads, [&](std::int64_t i) {
          ++running;
          if (i % 7 == 3) {
            --running;
            throw std::runtime_error(std::to_string(i));
          }
          --running;
        });
      } catch (const std::runtime_error& error) {
        message = error.what();
      }
      CHECK(message == "3");
      CHECK(running == 0);
    }
  }
}

}  // namespace
}  // namespace edgefront
