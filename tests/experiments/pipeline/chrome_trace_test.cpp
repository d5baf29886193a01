#include "experiments/pipeline/chrome_trace.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace edgefront;

TEST_CASE("a trace holds one complete event per step and invocation, one after the other") {
  const std::vector<TraceStep> steps{{"stem.conv", "im2col_8x32", "conv2d int8 …"},
                                     {"head.fc", "fully_connected_32", "fully_connected int8 …"}};
  const std::string text = chrome_trace("net \"a\"", steps, {{5000, {10, 2.5}}, {6000.5, {11, 3}}});
  const nlohmann::json trace = nlohmann::json::parse(text);
  const auto& events = trace.at("traceEvents");
  REQUIRE(events.size() == 1 + 2 * 3);
  CHECK(events[0]["ph"] == "M");
  CHECK(events[0]["args"]["name"] == "net \"a\"");
  for (std::size_t i = 1; i < events.size(); ++i) {
    CHECK(events[i]["ph"] == "X");
    CHECK(events[i]["pid"] == 1);
    CHECK(events[i]["tid"] == 1);
  }
  CHECK(events[1]["name"] == "invocation 1");
  CHECK(events[1]["ts"] == 0);
  CHECK(events[1]["dur"] == 12.5);
  CHECK(events[3]["name"] == "head.fc");
  CHECK(events[3]["ts"] == 10);
  CHECK(events[3]["dur"] == 2.5);
  CHECK(events[3]["args"]["kernel"] == "fully_connected_32");
  CHECK(events[4]["ts"] == 1000.5);
  CHECK(events[6]["ts"] == 1011.5);
}
