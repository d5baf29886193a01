#include "evaluators/data_table.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "space/error.h"

using namespace edgefront;

namespace {

std::string message_of(const std::string& text) {
  try {
    parse_csv(text, "t.csv");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string cell(const DataTable& table, int row, int column) {
  return std::string(table.cell(row, column));
}

}  // namespace

TEST_CASE("fields are divided as RFC 4180 says, and lines are counted through quotes") {
  const DataTable table = parse_csv(
      "\xEF\xBB\xBF"
      "name, value ,note\r\n"
      "\"a,b\",1,\"he said \"\"no\"\"\"\r\n"
      "\r\n"
      "\"two\nlines\",2,\n"
      "c,3,\"\"",
      "t.csv");
  CHECK(table.header == std::vector<std::string>{"name", "value", "note"});
  REQUIRE(table.rows() == 3);
  CHECK(cell(table, 0, 0) == "a,b");
  CHECK(cell(table, 0, 2) == "he said \"no\"");
  CHECK(cell(table, 1, 0) == "two\nlines");
  CHECK(cell(table, 1, 2) == "");
  CHECK(cell(table, 2, 2) == "");
  CHECK(table.where(0) == "t.csv:2");
  CHECK(table.where(1) == "t.csv:4");
  CHECK(table.where(2) == "t.csv:6");
}

TEST_CASE("semicolons and tabs divide too where the header has most of them") {
  CHECK(parse_csv("a;b,c;d\n1;2;3\n", "t").header == std::vector<std::string>{"a", "b,c", "d"});
  CHECK(cell(parse_csv("a\tb\n1\t2\n", "t"), 0, 1) == "2");
  CHECK(parse_csv("\"a;b;c\",d\n1,2\n", "t").header == std::vector<std::string>{"a;b;c", "d"});
}

TEST_CASE("a last field that is empty counts with and without a line end") {
  for (const char* text : {"a,b\n1,", "a,b\n1,\n", "a,b\r\n1,\r\n"}) {
    const DataTable table = parse_csv(text, "t");
    CHECK(table.rows() == 1);
    CHECK(table.cell(0, 1).empty());
  }
}

TEST_CASE("what is no table is refused with its line") {
  CHECK(message_of("") == "t.csv: is empty; accepted is a header line and rows");
  CHECK(message_of("a,b\n") == "t.csv: has a header line and no rows");
  CHECK(message_of("a,b\n1,2\n3\n") == "t.csv:3: has 1 fields, the header has 2");
  CHECK(message_of("a,b\n1,\"2\n") == "t.csv:2: a quote does not end");
  CHECK(message_of("a,b\n1,\"2\"3\n").find("t.csv:2: a quote ends within a field") == 0);
}

TEST_CASE("columns are found by name, and a missing one is answered with those that are there") {
  const DataTable table = parse_csv("a,b,b\n1,2,3\n", "t.csv");
  CHECK(table.column("a") == 0);
  CHECK_THROWS_WITH_AS(table.column("c"), "t.csv: has no column \"c\"; its columns are: a, b, b",
                       InputError);
  CHECK_THROWS_WITH_AS(table.column("b"), "t.csv: column \"b\" stands twice in the header",
                       InputError);
}

TEST_CASE("numbers are read as they are, subtracted from a number or scaled by one") {
  const DataTable table =
      parse_csv("acc,lat,100-acc\n90,0.5,1\n-1,-1,2\n,nan,3\nNone,+2e1,4\n", "t.csv");
  const auto plain = numbers(table, {"acc", true});
  CHECK(plain[0] == 90);
  for (int row : {1, 2, 3}) CHECK(std::isnan(plain[static_cast<std::size_t>(row)]));
  CHECK(numbers(table, {"acc", false})[1] == -1);
  const auto scaled = numbers(table, {"1000*lat", true});
  CHECK(scaled[0] == 500);
  CHECK(std::isnan(scaled[1]));
  CHECK(std::isnan(scaled[2]));
  CHECK(scaled[3] == 20000);
  // A column of the whole name comes first.
  CHECK(numbers(table, {"100-acc", true})[0] == 1);
  CHECK(numbers(table, {"99-acc", true})[0] == 9);
}

TEST_CASE("a text among numbers is refused with line, column and text") {
  const DataTable table = parse_csv("a,b\n1,2\n1,fast\n", "t.csv");
  CHECK_THROWS_WITH_AS(numbers(table, {"b", true}),
                       "t.csv:3: column \"b\": came \"fast\"; accepted is a number, or nothing",
                       InputError);
  CHECK_THROWS_WITH_AS(numbers(table, {"100-c", true}),
                       "t.csv: has no column \"c\"; its columns are: a, b", InputError);
  CHECK_THROWS_WITH_AS(parse_csv("a,\"b\nb\x01\"\n1,2\n", "t.csv").column("c"),
                       "t.csv: has no column \"c\"; its columns are: a, b?b?", InputError);
}
