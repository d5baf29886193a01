#include "hwprofiles/hdf5_tables.h"

#include <doctest/doctest.h>

#include "space/error.h"

namespace edgefront {
namespace {

Hdf5Tables example() {
  Hdf5Tables tables;
  tables[""].attributes = {{"title", std::string("ä 漢")}, {"empty", std::string()}};
  tables["things"].attributes = {{"count", std::int64_t{-5}}, {"size", 0.1}};
  tables["things"].columns = {{"word", std::vector<std::string>{"", "a", "longest"}},
                              {"real", std::vector<double>{1e-300, -0.0, 1.0 / 3}},
                              {"integer", std::vector<std::int64_t>{INT64_MIN, 0, INT64_MAX}}};
  tables["nothing"].columns = {{"word", std::vector<std::string>{}},
                               {"real", std::vector<double>{}}};
  return tables;
}

TEST_CASE("tables come back as they were written, empty ones too") {
  const Hdf5Tables tables = example();
  const Hdf5Tables read = read_hdf5(write_hdf5(tables, 512), tables);
  REQUIRE(read.size() == 3);
  for (const auto& [name, table] : tables) {
    CHECK(read.at(name).attributes == table.attributes);
    CHECK(read.at(name).columns == table.columns);
  }
}

TEST_CASE("what is missing or of another kind is named") {
  const auto bytes = write_hdf5(example(), 512);
  const auto read_as = [&](const std::string& table, const std::string& column, Hdf5Column kind) {
    Hdf5Tables schema;
    schema[table].columns[column] = std::move(kind);
    return read_hdf5(bytes, schema);
  };
  CHECK_THROWS_WITH_AS(read_as("gone", "word", std::vector<double>{}),
                       doctest::Contains("group gone"), InputError);
  CHECK_THROWS_WITH_AS(read_as("things", "gone", std::vector<double>{}),
                       doctest::Contains("column gone"), InputError);
  CHECK_THROWS_WITH_AS(read_as("things", "word", std::vector<double>{}),
                       doctest::Contains("word has another type"), InputError);
  CHECK_THROWS_WITH_AS(read_as("things", "real", std::vector<std::int64_t>{}),
                       doctest::Contains("real has another type"), InputError);
  Hdf5Tables schema;
  schema[""].attributes["title"] = 0.0;
  CHECK_THROWS_WITH_AS(read_hdf5(bytes, schema), doctest::Contains("title has another type"),
                       InputError);
}

TEST_CASE("columns of unequal length are refused on reading") {
  Hdf5Tables tables = example();
  tables["things"].columns["real"] = std::vector<double>{1};
  CHECK_THROWS_WITH_AS(read_hdf5(write_hdf5(tables, 512), tables),
                       doctest::Contains("columns of things differ in length"), InputError);
}

TEST_CASE("strings that would not come back are refused on writing") {
  Hdf5Tables tables;
  tables[""].attributes["text"] = std::string("a\0b", 3);
  CHECK_THROWS_WITH_AS(write_hdf5(tables, 512), doctest::Contains("zero byte"), InputError);
  tables[""].attributes["text"] = std::string(40000, 'x');
  CHECK_THROWS_WITH_AS(write_hdf5(tables, 512), doctest::Contains("longer than 32 KiB"),
                       InputError);
}

}  // namespace
}  // namespace edgefront
