#include "hwprofiles/table_checksum.h"

#include <doctest/doctest.h>

#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

Hdf5Table example() {
  Hdf5Table table;
  table.attributes = {{"b", std::int64_t{-2}}, {"a", std::string("xy")}};
  table.columns = {{"real", std::vector<double>{1.0}}, {"word", std::vector<std::string>{"", "z"}}};
  return table;
}

TEST_CASE("a checksum is over the bytes that the format documents") {
  const std::string bytes(
      "\1\0\0\0\0\0\0\0a\2\0\0\0\0\0\0\0xy"
      "\1\0\0\0\0\0\0\0b\xfe\xff\xff\xff\xff\xff\xff\xff"
      "\4\0\0\0\0\0\0\0real\1\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0\x3f"
      "\4\0\0\0\0\0\0\0word\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0z",
      19 + 17 + 28 + 37);
  CHECK(table_checksum(example()) == digest_hex(bytes.data(), bytes.size()));
}

TEST_CASE("a table that changed is named, and so is one without a checksum") {
  Hdf5Tables tables{{"", example()}, {"things", example()}};
  add_checksums(tables);
  check_checksums(tables);
  tables["things"].attributes["b"] = std::int64_t{-3};
  CHECK_THROWS_WITH_AS(check_checksums(tables),
                       "group /things is corrupt: its checksum is not that of its contents",
                       InputError);
  tables["things"] = example();
  CHECK_THROWS_WITH_AS(check_checksums(tables), doctest::Contains("/things"), InputError);
}

}  // namespace
}  // namespace edgefront
