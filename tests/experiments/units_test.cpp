#include "experiments/units.h"

#include <doctest/doctest.h>

#include "space/error.h"

namespace edgefront {
namespace {

TEST_CASE("quantities are read into the base unit") {
  CHECK(parse_quantity("256KiB", Unit::kBytes) == 262144);
  CHECK(parse_quantity("256 KiB", Unit::kBytes) == 262144);
  CHECK(parse_quantity("1.5MiB", Unit::kBytes) == 1572864);
  CHECK(parse_quantity("20kB", Unit::kBytes) == 20000);
  CHECK(parse_quantity("77", Unit::kBytes) == 77);
  CHECK(parse_quantity("40us", Unit::kMicroseconds) == 40);
  CHECK(parse_quantity("2ms", Unit::kMicroseconds) == 2000);
  CHECK(parse_quantity("0.3s", Unit::kMicroseconds) == 300000);
  CHECK(parse_quantity("300ns", Unit::kMicroseconds) == 0.3);
  CHECK(parse_quantity("5mJ", Unit::kMicrojoules) == 5000);
  CHECK(parse_quantity("3uJ", Unit::kMicrojoules) == 3);
  CHECK(parse_quantity("12.5%", Unit::kPercent) == 12.5);
  CHECK(parse_quantity("3M", Unit::kNone) == 3e6);
  CHECK(parse_quantity("2h", Unit::kSeconds) == 7200);
  CHECK(parse_quantity("90", Unit::kSeconds) == 90);
  CHECK(parse_quantity("250ms", Unit::kSeconds) == 0.25);
}

TEST_CASE("what is no quantity of the unit is refused with the accepted suffixes") {
  CHECK_THROWS_WITH_AS(parse_quantity("2ms", Unit::kBytes),
                       "came \"2ms\"; accepted is a number that is not negative, alone or with one "
                       "of B, kB, KiB, MB, MiB, GB, GiB",
                       InputError);
  for (const char* text :
       {"", "us", "-1us", "nan", "inf", "1e999us", "1us ", "1  us", "1US", "0x1"}) {
    CHECK_THROWS_AS(parse_quantity(text, Unit::kMicroseconds), InputError);
  }
}

TEST_CASE("people see three digits and a fitting suffix") {
  CHECK(print_quantity(2345.6, Unit::kMicroseconds) == "2.35ms");
  CHECK(print_quantity(40, Unit::kMicroseconds) == "40us");
  CHECK(print_quantity(0.25, Unit::kMicroseconds) == "250ns");
  CHECK(print_quantity(999.6, Unit::kMicroseconds) == "1ms");
  CHECK(print_quantity(0, Unit::kMicroseconds) == "0us");
  CHECK(print_quantity(262144, Unit::kBytes) == "256KiB");
  CHECK(print_quantity(1000, Unit::kBytes) == "1000B");
  CHECK(print_quantity(5e6, Unit::kMicrojoules) == "5J");
  CHECK(print_quantity(8.25, Unit::kPercent) == "8.25%");
  CHECK(print_quantity(1234567, Unit::kNone) == "1.23M");
}

TEST_CASE("exact texts read back as the same value") {
  CHECK(exact_quantity(262144, Unit::kBytes) == "256KiB");
  CHECK(exact_quantity(1001, Unit::kBytes) == "1001B");
  CHECK(exact_quantity(40, Unit::kMicroseconds) == "40us");
  for (Unit unit : {Unit::kNone, Unit::kPercent, Unit::kMicroseconds, Unit::kMicrojoules,
                    Unit::kBytes, Unit::kSeconds}) {
    for (double value : {1.0, 0.1, 1.0 / 3, 1024.0, 1e15 + 0.125, 3e-7, 1.5 * 1048576}) {
      CHECK(parse_quantity(exact_quantity(value, unit), unit) == value);
    }
  }
}

}  // namespace
}  // namespace edgefront
