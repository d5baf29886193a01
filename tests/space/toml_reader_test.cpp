#include "space/toml_reader.h"

#include <doctest/doctest.h>

#include "tests/space/message.h"

using namespace edgefront;

namespace {

const char kText[] =
    "title = \"a\"\n"
    "count = 3\n"
    "ratio = 0.25\n"
    "flag = true\n"
    "widths = [8, 16]\n"
    "mixed = [1, 2.5]\n"
    "words = \"one\"\n"
    "[sub]\n"
    "inner = { deep = 7 }\n"
    "[[list]]\n"
    "x = 1\n"
    "[[list]]\n"
    "x = 2\n";

}  // namespace

TEST_CASE("values, lists and tables come back as written") {
  const TomlTable root = parse_toml(kText, "f.toml");
  CHECK(root.string("title") == "a");
  CHECK(root.integer("count") == 3);
  CHECK(root.number("count") == 3.0);
  CHECK(root.number("ratio") == 0.25);
  CHECK(root.boolean("flag"));
  CHECK(root.integers("widths", {}) == std::vector<std::int64_t>{8, 16});
  CHECK(root.integers("count", {}) == std::vector<std::int64_t>{3});
  CHECK(root.numbers("mixed", {}) == std::vector<double>{1, 2.5});
  CHECK(root.strings("words") == std::vector<std::string>{"one"});
  CHECK(root.table("sub").table("inner").integer("deep") == 7);
  CHECK(root.tables("list").size() == 2);
  CHECK(root.tables("list")[1].integer("x") == 2);
  CHECK(root.tables("list")[0].integer("x") == 1);
  CHECK(root.keys().front() == "title");
  CHECK(root.keys().back() == "list");
  CHECK(root.scalar_text("ratio") == "0.25");
  CHECK_NOTHROW(root.finish());
}

TEST_CASE("absent keys and tables give their defaults") {
  const TomlTable root = parse_toml("", "f.toml");
  CHECK(root.string("a", "x") == "x");
  CHECK(root.integer("b", 4) == 4);
  CHECK(root.number("c", 0.5) == 0.5);
  CHECK(root.boolean("d", true));
  CHECK(root.table("t").integers("e", {3}) == std::vector<std::int64_t>{3});
  CHECK(root.table("t").numbers("f", {3.5}) == std::vector<double>{3.5});
  CHECK(root.tables("l").empty());
  CHECK(!root.has("a"));
  CHECK_NOTHROW(root.finish());
}

TEST_CASE("errors name file, line, key, what came and what is accepted") {
  const TomlTable root = parse_toml(kText, "f.toml");
  CHECK(input_error_of([&] { root.integer("title"); }) ==
        "f.toml:1: title: came \"a\", accepted is an integer");
  CHECK(input_error_of([&] { root.integer("ratio", 1); }) ==
        "f.toml:3: ratio: came 0.25, accepted is an integer from 0");
  CHECK(input_error_of([&] { root.integer_in("count", 4, 9); }) ==
        "f.toml:2: count: came 3, accepted is an integer from 4 to 9");
  CHECK(input_error_of([&] { root.number_in("ratio", 0.5, 1); }) ==
        "f.toml:3: ratio: came 0.25, accepted is a number from 0.5 to 1");
  CHECK(input_error_of([&] { root.string("count"); }) ==
        "f.toml:2: count: came 3, accepted is a string");
  CHECK(input_error_of([&] { root.boolean("count"); }) ==
        "f.toml:2: count: came 3, accepted is true or false");
  CHECK(input_error_of([&] {
          root.one_of("title", {"b", "c"});
        }) == "f.toml:1: title: came \"a\", accepted are b, c");
  CHECK(input_error_of([&] { root.integers_in("mixed", 0, 9); }) ==
        "f.toml:6: mixed: came 2.5, accepted is an integer from 0 to 9, or a list of them");
  CHECK(input_error_of([&] { root.table("sub").table("inner").string("deep"); }) ==
        "f.toml:9: sub.inner.deep: came 7, accepted is a string");
  CHECK(input_error_of([&] { root.tables("list")[1].string("x"); }) ==
        "f.toml:13: list[2].x: came 2, accepted is a string");
  CHECK(input_error_of([&] { root.table("sub").integer("gone"); }) ==
        "f.toml:8: sub.gone: is missing");
  CHECK(input_error_of([&] { root.table("count"); }) ==
        "f.toml:2: count: came 3, accepted is a table");
  CHECK(input_error_of([&] { root.tables("widths"); }) ==
        "f.toml:5: widths: came 8, accepted is a list of tables");
  CHECK(input_error_of([&] { root.scalar_text("flag"); }) ==
        "f.toml:4: flag: came true, accepted is a string or a number");
  CHECK(input_error_of([] { parse_toml("a = []", "f.toml").strings("a"); }) ==
        "f.toml:1: a: came an empty list, accepted is at least one entry");
  CHECK(input_error_of([] { parse_toml("a = nan", "f.toml").number("a"); }) ==
        "f.toml:1: a: came nan, accepted is a number");
}

TEST_CASE("a key that nobody asked for is an error, at any depth") {
  const auto message = [](const char* text) {
    return input_error_of([&] {
      const TomlTable root = parse_toml(text, "f.toml");
      root.integer("known", 1);
      for (const TomlTable& table : root.tables("list")) table.integer("x", 0);
      root.table("sub").integer("y", 0);
      root.finish();
    });
  };
  CHECK(message("known = 2\n") == "");
  CHECK(message("knwon = 2\n") == "f.toml:1: knwon: unknown key; accepted here: known, list, sub");
  CHECK(message("[sub]\nz = 1\n") == "f.toml:2: sub.z: unknown key; accepted here: y");
  CHECK(message("[[list]]\nx = 1\n[[list]]\nq = 1\n") ==
        "f.toml:4: list[2].q: unknown key; accepted here: x");
}

TEST_CASE("text that is no TOML names its line; a missing file its path") {
  CHECK(input_error_of([] {
          parse_toml("a = 1\nb = = 2\n", "f.toml");
        }).rfind("f.toml:2: not valid TOML: ", 0) == 0);
  CHECK(input_error_of([] { parse_toml("[!x]\n", "f.toml"); }) ==
        "f.toml: not valid TOML: unexpected character");
  CHECK(input_error_of([] {
          parse_toml("a = 1 \uFB66\n", "f.toml");
        }).rfind("f.toml:1: not valid TOML: ", 0) == 0);
  CHECK(input_error_of([] { open_toml("no/such.toml"); }) == "no/such.toml: cannot open the file");
}

TEST_CASE("messages stay one short line whatever the file holds") {
  const std::string text = "a = \"\"\"x\ny" + std::string(500, 'z') + "\"\"\"\n";
  const std::string message = input_error_of([&] { parse_toml(text, "f.toml").integer("a"); });
  CHECK(message.find('\n') == std::string::npos);
  CHECK(message.size() < 200);
}
