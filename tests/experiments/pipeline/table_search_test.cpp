#include "experiments/pipeline/table_search.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "evaluators/data_table.h"
#include "tests/public_data.h"

using namespace edgefront;

namespace {

/// err and lat oppose each other; 64 rows, of which every ninth has no error.
std::shared_ptr<const TableProblem> small_problem() {
  std::string text = "a,b,c,err,lat\n";
  for (int i = 0; i < 64; ++i) {
    const int a = i / 16, b = i / 4 % 4, c = i % 4;
    text += std::to_string(a) + ",k" + std::to_string(b) + "," + std::to_string(c) + "," +
            (i % 9 == 8 ? "" : std::to_string(100 - 9 * a - 5 * b - 3 * c + i * 7 % 5)) + "," +
            std::to_string(10 + 4 * a + 3 * b + c + i * 11 % 3) + "\n";
  }
  return make_table_problem(parse_csv(text, "t.csv"),
                            {.decisions = {"a", "b", "c"},
                             .metrics = {{.name = "err", .column = "err"},
                                         {.name = "lat", .column = "lat", .exact = true}},
                             .objectives = {"err", "lat"}});
}

}  // namespace

TEST_CASE("the useful region ends at the median error and 1.05 times the best one's latency") {
  const auto problem = make_table_problem(
      parse_csv("a,err,lat\n1,10,100\n2,20,50\n3,20,70\n4,30,20\n5,40,10\n", "t.csv"),
      {.decisions = {"a"},
       .metrics = {{.name = "err", .column = "err"}, {.name = "lat", .column = "lat"}},
       .objectives = {"err", "lat"}});
  const UsefulRegion region = useful_region(*problem);
  CHECK(region.reference == std::vector<double>{20, 105});
  CHECK(region.hypervolume == doctest::Approx(50));  // (20 − 10)·(105 − 100)
  const auto curve = regret_curve(*problem, region, {3, 0, 1});
  CHECK(curve[0].regret == 1);
  CHECK(curve[1].regret == 0);
  CHECK(curve[1].hypervolume == doctest::Approx(50));
  CHECK(curve[2].regret == 0);
}

TEST_CASE("a search evaluates different rows until the table is exhausted, and regret falls to 0") {
  const auto problem = small_problem();
  const UsefulRegion region = useful_region(*problem);
  TableSearchOptions options;
  options.search.evaluations = 100;
  options.search.in_flight = 1;
  options.seeds = 3;
  for (const AlgorithmKind kind : {AlgorithmKind::kRandom, AlgorithmKind::kNsga2}) {
    options.search.algorithm = kind;
    for (const auto& evaluated : search_table(problem, options)) {
      CHECK(evaluated.size() == 64);
      CHECK(std::set<int>(evaluated.begin(), evaluated.end()).size() == 64);
      const auto curve = regret_curve(*problem, region, evaluated);
      for (std::size_t i = 1; i < curve.size(); ++i) CHECK(curve[i].regret <= curve[i - 1].regret);
      CHECK(curve.back().regret == doctest::Approx(0));
    }
  }
}

TEST_CASE("seeds evaluate the same rows for any number of threads, and a seed alone too") {
  const auto problem = small_problem();
  TableSearchOptions options;
  options.search.evaluations = 40;
  options.search.in_flight = 5;
  options.seeds = 6;
  const auto one = search_table(problem, options);
  options.threads = 4;
  CHECK(search_table(problem, options) == one);
  options.first_seed = 4;
  options.seeds = 1;
  CHECK(search_table(problem, options).front() == one[4]);
}

TEST_CASE(
    "the front of the published NAS-Bench-Macro has the size and hypervolume stated with it") {
  const std::string text = public_data("nas_bench_macro/nas_bench_macro_cifar10.csv");
  if (text.empty()) return;
  const auto problem =
      make_table_problem(parse_csv(text, "nas_bench_macro"),
                         {.decisions = {"arch[]"},
                          .metrics = {{.name = "error", .column = "100-mean_acc"},
                                      {.name = "macs", .column = "flops", .exact = true}},
                          .objectives = {"error", "macs"}});
  CHECK(problem->networks.space.decisions.size() == 8);
  CHECK(cardinality(problem->networks.space) == "6561");
  double largest = 0;
  for (const auto& row : problem->truth) largest = std::max(largest, row[1]);
  UsefulRegion whole;
  whole.reference = {90, largest};
  std::vector<int> all;
  for (int i = 0; i < 6561; ++i) all.push_back(i);
  whole.hypervolume = 90 * largest;
  CHECK(regret_curve(*problem, whole, all).back().hypervolume / whole.hypervolume ==
        doctest::Approx(0.808373).epsilon(1e-6));
}
