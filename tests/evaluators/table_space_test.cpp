#include "evaluators/table_space.h"

#include <doctest/doctest.h>

#include <string>

#include "space/error.h"
#include "space/genotype.h"

using namespace edgefront;

TEST_CASE("columns become decisions: numbers in their order, texts in that of their bytes") {
  const DataTable table =
      parse_csv("op,width,fixed,err\nsep,16,x,1\nconv,8,x,2\nconv,128,x,3\nsep,8,x,4\n", "t.csv");
  const TableSpace made = make_table_space(table, {"op", "width", "fixed"});
  REQUIRE(made.space.decisions.size() == 2);
  CHECK(made.space.decisions[0].choices == std::vector<std::string>{"conv", "sep"});
  CHECK(made.space.decisions[1].choices == std::vector<std::string>{"8", "16", "128"});
  CHECK(made.rows == std::vector<int>{0, 1, 2, 3});
  CHECK(made.space.listed->at(2).choices == std::vector<std::uint8_t>{0, 2});
  CHECK(cardinality(made.space) == "4");
  CHECK(made.space.digest.size() == 32);
}

TEST_CASE("a column divides into decisions by character or by what stands between its parts") {
  const DataTable table = parse_csv("arch,ops\n012,7 10 1\n112,7 2 1\n", "t.csv");
  const TableSpace characters = make_table_space(table, {"arch[]"});
  REQUIRE(characters.space.decisions.size() == 1);
  CHECK(characters.space.decisions[0].name == "arch[0]");
  const TableSpace parts = make_table_space(table, {"ops[ ]"});
  REQUIRE(parts.space.decisions.size() == 1);
  CHECK(parts.space.decisions[0].name == "ops[1]");
  CHECK(parts.space.decisions[0].choices == std::vector<std::string>{"2", "10"});
}

TEST_CASE("of rows with the same decisions the first counts, and the others are told") {
  const DataTable table = parse_csv("a,err\nx,1\ny,2\nx,3\n", "t.csv");
  const TableSpace made = make_table_space(table, {"a"});
  CHECK(made.rows == std::vector<int>{0, 1});
  CHECK(made.repeats == 1);
}

TEST_CASE("what cannot be decided is refused with a remedy") {
  std::string many = "arch,other\n";
  for (int i = 0; i < 300; ++i) many += std::to_string(i) + ",1\n";
  const DataTable table = parse_csv(many, "t.csv");
  CHECK_THROWS_WITH_AS(make_table_space(table, {"arch"}),
                       "t.csv: decision \"arch\" has more than 255 choices; where its texts are "
                       "made of several decisions, divide them: \"NAME[]\" makes one of each "
                       "character, \"NAME[,]\" one of each part between commas",
                       InputError);
  CHECK_THROWS_WITH_AS(make_table_space(table, {"arch[]"}),
                       "t.csv:12: column \"arch\" divides into 2 decisions, in the first row into "
                       "1",
                       InputError);
  CHECK_THROWS_WITH_AS(make_table_space(table, {"other"}),
                       "t.csv: all rows have the same decisions; there is nothing to choose",
                       InputError);
  CHECK_THROWS_WITH_AS(make_table_space(table, {}), "t.csv: no column is named as a decision",
                       InputError);
}
