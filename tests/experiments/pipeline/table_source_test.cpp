#include "experiments/pipeline/table_source.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "hwprofiles/hdf5_tables.h"
#include "runtime/file.h"
#include "space/error.h"

using namespace edgefront;

namespace {

const char* const kTable =
    "a,b,err,err1,lat,score\n"
    "x,1,10,11,5,0.5\n"
    "x,2,8,7,6,nan\n"
    "y,1,-1,9,4,0.1\n"
    "y,2,6,6,,0.9\n"
    "z,1,7,-1,3,0.2\n";

TableChoice choice() {
  return {.decisions = {"a", "b"},
          .metrics = {{.name = "err", .column = "err", .signal = "err1"},
                      {.name = "lat", .column = "lat", .exact = true}},
          .objectives = {"err", "lat"},
          .features = {"score"}};
}

EvaluationRecord ask(const EvaluationSource& source, const TableProblem& problem, int network) {
  return source.evaluate({.index = 4, .genotype = problem.networks.space.listed->at(network)});
}

}  // namespace

TEST_CASE("the search sees the signal, free objectives before, and rows that miss one fail") {
  const auto problem = make_table_problem(parse_csv(kTable, "t.csv"), choice());
  const EvaluationSource source = make_table_source(problem);
  CHECK(source.problem.objectives[0].exact == false);
  CHECK(source.problem.objectives[1].exact == true);
  const EvaluationRecord first = ask(source, *problem, 0);
  CHECK(first.index == 4);
  CHECK(first.objectives == std::vector<double>{11, 5});
  CHECK(first.metrics.at("true_err") == 10);
  for (int missing : {2, 3, 4}) {
    const EvaluationRecord record = ask(source, *problem, missing);
    CHECK(record.status == EvaluationStatus::kFailed);
    CHECK(record.reason == "the table has no objectives for it");
  }
  const auto& listed = *problem->networks.space.listed;
  const auto costs = source.problem.exact_costs({listed.at(1), listed.at(2), listed.at(3)});
  CHECK(costs[0].values == std::vector<double>{6});
  CHECK(costs[1].values == std::vector<double>{4});
  CHECK(costs[1].violation == 0);  // that its error is missing is not known beforehand
  CHECK(costs[2].values == std::vector<double>{6});
  CHECK(costs[2].violation == 1);
  const auto features = source.problem.features({listed.at(0), listed.at(1)});
  CHECK(features[0] == std::vector<double>{0.5});
  CHECK(features[1] == std::vector<double>{0.5});  // the median of what is there
  REQUIRE(problem->notices.size() == 2);
  CHECK(problem->notices[0] ==
        "t.csv: feature score is missing in 1 rows, which have its median now");
  CHECK(problem->notices[1] ==
        "t.csv: 3 of 5 networks lack an objective: they fail when they are evaluated");
}

TEST_CASE("limits are violated by their relative excess and named with it") {
  TableChoice limited = choice();
  limited.objectives = {"err"};
  limited.limits = {{"lat", 4}};
  const auto problem = make_table_problem(parse_csv(kTable, "t.csv"), limited);
  const EvaluationSource source = make_table_source(problem);
  const EvaluationRecord record = ask(source, *problem, 1);
  CHECK(record.violation == 0.5);
  CHECK(source.binding_constraint(record) == "lat 6 over the limit of 4");
  limited.limits = {{"err", 4}};
  const auto modelled = make_table_problem(parse_csv(kTable, "t.csv"), limited);
  CHECK(make_table_source(modelled).problem.objectives[0].limit == 4);
}

TEST_CASE("a table without a row that has all objectives is refused") {
  CHECK_THROWS_WITH_AS(
      make_table_problem(parse_csv("a,b,err,err1,lat,score\nx,1,,1,1,1\ny,1,2,2,-1,1\n", "t.csv"),
                         choice()),
      "t.csv: no row has all objectives; empty cells and -1 are missing", InputError);
}

TEST_CASE("an HDF5 file with one dataset per column is the same table") {
  Hdf5Tables tables;
  tables[""].columns["arch"] = std::vector<std::string>{"012", "210", "011"};
  tables[""].columns["err"] = std::vector<double>{10, 8.25, -1};
  tables[""].columns["macs"] = std::vector<std::int64_t>{3, 2, 1};
  const auto bytes = write_hdf5(tables, 512);
  const std::string path =
      (std::filesystem::temp_directory_path() / "edgefront_table_source_test.h5").string();
  REQUIRE(write_file_atomic(path, bytes.data(), bytes.size()).ok());
  const DataTable table = load_table(path);
  std::filesystem::remove(path);
  CHECK(table.header == std::vector<std::string>{"arch", "err", "macs"});
  REQUIRE(table.rows() == 3);
  CHECK(std::string(table.cell(1, 0)) == "210");
  CHECK(std::string(table.cell(1, 1)) == "8.25");
  CHECK(std::string(table.cell(2, 2)) == "1");
  CHECK_THROWS_AS(table.column("lat"), InputError);
  CHECK_THROWS_AS(load_table("/nowhere.h5"), InputError);
}
