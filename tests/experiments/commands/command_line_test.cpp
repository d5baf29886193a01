#include "experiments/commands/command_line.h"

#include <doctest/doctest.h>

#include "space/error.h"

using namespace edgefront;

namespace {

std::string message(const std::vector<std::string>& args) {
  CommandLine line("bench MODEL.efm", "summary");
  line.positional("MODEL.efm", "model file")
      .option("samples", "N", "5", "how many")
      .flag("json", "");
  try {
    line.parse(args);
    line.integer("samples", 1, 10);
  } catch (const InputError& e) {
    return e.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("arguments, defaults and flags are read") {
  CommandLine line("bench MODEL.efm", "summary");
  line.positional("MODEL.efm", "model file")
      .option("samples", "N", "5", "how many")
      .option("kernels", "SET", "", "which")
      .option("precision", "LIST", "int8,fp32", "what")
      .flag("json", "");
  CHECK(line.parse({"a.efm", "--json"}));
  CHECK(line.text("MODEL.efm") == "a.efm");
  CHECK(line.given("json"));
  CHECK(!line.given("kernels"));
  CHECK(line.text("kernels").empty());
  CHECK(line.integer("samples", 1, 10) == 5);
  CHECK(line.list("precision") == std::vector<std::string>{"int8", "fp32"});
}

TEST_CASE("what is wrong is named in one line with the way to the help") {
  CHECK(message({"a.efm", "--samples=7"}) == "accepted");
  CHECK(message({"a.efm", "--samples", "11"}) ==
        "bench: --samples is '11'; accepted are whole numbers from 1 to 10");
  CHECK(message({"a.efm", "--samples", "1e3"}).find("'1e3'") != std::string::npos);
  CHECK(message({}).find("missing MODEL.efm (model file); see edgefront bench --help") !=
        std::string::npos);
  CHECK(message({"a.efm", "--sample", "7"}).find("sample") != std::string::npos);
  CHECK(message({"a.efm", "b.efm"}) ==
        "bench: too many arguments: accepted are 1 besides options; see edgefront bench --help");
  CHECK(message({"a.efm", "--samples", "7", "--samples", "7"}) != "accepted");
  CHECK(message({"a.efm", "--samples", ""}) ==
        "bench: --samples is empty; see edgefront bench --help");
  CHECK(message({""}) == "bench: MODEL.efm is empty; see edgefront bench --help");
  CHECK(message({"a.efm", "--json"}) == "accepted");
}

TEST_CASE("what would be ignored is refused, a default is not") {
  CommandLine line("bench MODEL.efm", "summary");
  line.optional_positional("MODEL.efm", "model file")
      .option("samples", "N", "5", "how many")
      .option("wait", "TIME", "2s", "how long")
      .flag("layers", "")
      .flag("json", "");
  CHECK(line.parse({"a.efm", "--json", "--layers", "--wait", "1min"}));
  const auto refused = [&](const auto& check) -> std::string {
    try {
      check();
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  CHECK(refused([&] {
          line.accept_only("--layers", {"json", "MODEL.efm", "wait"});
        }) == "accepted");
  CHECK(refused([&] {
          line.accept_only("--layers", {"MODEL.efm", "wait"});
        }) == "bench: --json has no meaning with --layers; see edgefront bench --help");
  CHECK(refused([&] {
          line.accept_only("--layers", {"json", "wait"});
        }).find("MODEL.efm has no") != std::string::npos);
  CHECK(refused([&] { line.require_beside("json", "layers"); }) == "accepted");
  CHECK(refused([&] { line.require_beside("json", "samples"); }) ==
        "bench: --json is of --samples, which is not given; see edgefront bench --help");
  CHECK(line.quantity("wait", Unit::kSeconds) == 60);
  CHECK(refused([&] {
          line.quantity("wait", Unit::kBytes);
        }).find("bench: --wait: came \"1min\"; accepted is") == 0);
}
