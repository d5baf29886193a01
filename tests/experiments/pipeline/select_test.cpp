#include "experiments/pipeline/select.h"

#include <doctest/doctest.h>

#include "space/error.h"

using namespace edgefront;

namespace {

const std::vector<std::string> kObjectives{"error", "latency_us"};

Evaluation evaluation(std::int64_t index, double error, double latency) {
  Evaluation e;
  e.index = index;
  e.objectives = {error, latency};
  return e;
}

/// A front with its knee at index 3: far below the line from (30, 10) to (10, 1000).
std::vector<Evaluation> front() {
  return {evaluation(1, 10, 1000), evaluation(2, 11, 500), evaluation(3, 12, 60),
          evaluation(4, 20, 30), evaluation(5, 30, 10)};
}

std::vector<std::int64_t> indices(const std::string& selection) {
  auto all = front();
  all.push_back(evaluation(9, 40, 2000));
  std::vector<std::int64_t> result;
  for (const auto& e : select_networks(selection, kObjectives, front(), all)) {
    result.push_back(e.index);
  }
  return result;
}

std::string message(const std::string& selection) {
  try {
    indices(selection);
  } catch (const InputError& e) {
    return e.what();
  }
  return "accepted";
}

using Indices = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("selections name the networks that a person means") {
  CHECK(indices("knee") == Indices{3});
  CHECK(indices("knees:1") == Indices{3});
  CHECK(indices("knees:3") == Indices{3, 1, 5});
  CHECK(indices("best") == Indices{1});
  CHECK(indices("4") == Indices{4});
  CHECK(indices("9") == Indices{9});  // off the front
  CHECK(indices("latency<=500us") == Indices{2});
  CHECK(indices("latency_us<=0.1ms") == Indices{3});
  CHECK(indices("error<=25") == Indices{1});
  CHECK(indices("best,knee,1") == Indices{1, 3});
}

TEST_CASE("the knee of three objectives is not that of the first two") {
  std::vector<Evaluation> all = front();
  const std::vector<double> memory{5, 5, 90, 20, 100};
  for (std::size_t i = 0; i < all.size(); ++i) all[i].objectives.push_back(memory[i]);
  const std::vector<std::string> names{"error", "latency_us", "arena_bytes"};
  const std::vector<Evaluation> chosen = select_networks("knee", names, all, all);
  REQUIRE(chosen.size() == 1);
  CHECK(chosen[0].index == 2);  // scaled sums: 1, 0.55, 1.05, 0.68, 2
}

TEST_CASE("a spread takes both ends and even steps of the logarithm between them") {
  CHECK(indices("spread:1") == Indices{5});
  CHECK(indices("spread:2") == Indices{5, 1});
  // Steps of a factor of 10 between 10 and 1000: the nearest to 100 is 60.
  CHECK(indices("spread:3") == Indices{5, 3, 1});
  CHECK(indices("spread:50").size() == 5);
}

TEST_CASE("a selection that means nothing says what is accepted") {
  CHECK(message("kneee").find("accepted are knee, knees:N, best, an index") != std::string::npos);
  CHECK(message("").find("empty") != std::string::npos);
  CHECK(message("77") == "--select: the run has no evaluation 77");
  CHECK(message("latency<=5us").find("the nearest has 10") != std::string::npos);
  CHECK(message("speed<=5").find("accepted are error, latency_us") != std::string::npos);
  CHECK(message("latency<=5kg").find("5kg") != std::string::npos);
  CHECK_THROWS_AS(select_networks("best", kObjectives, {}, {}), InputError);
}
