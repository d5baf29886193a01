#include "evaluators/command_protocol.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "runtime/graph.h"
#include "space/architecture.h"
#include "space/lower.h"
#include "tests/space/small_space.h"

using namespace edgefront;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string problem_of(const std::string& line) { return parse_command_answer(line, 7).problem; }

}  // namespace

TEST_CASE("a request holds the network as decisions and as layers with shapes") {
  const SearchSpace space = parse_space(kSmallSpace, "small");
  Genotype genotype{std::vector<std::uint8_t>(space.decisions.size())};
  genotype.choices[0] = 1;  // resolution 12
  const std::string line = command_request_line(
      space, {.genotype = genotype, .fidelity = 1, .seed = ~std::uint64_t{0}, .replicate = 2}, 41,
      0.25);
  CHECK(line.find('\n') == std::string::npos);
  const auto json = nlohmann::json::parse(line);
  CHECK(json["id"] == 41);
  CHECK(json["genotype"] == to_text(space, canonical(space, genotype)));
  CHECK(json["fidelity"] == 1);
  CHECK(json["budget"] == 0.25);
  CHECK(json["replicate"] == 2);
  CHECK(json["seed"] == (std::uint64_t{1} << 53) - 1);
  CHECK(json["classes"] == 4);
  CHECK(json["decisions"][space.decisions[0].name] == "12");
  CHECK(json["decisions"].contains("stage1.block1.op"));
  CHECK_FALSE(json["decisions"].contains("stage1.block2.op"));  // beyond the depth
  const LayerGraph graph = lower(decode(space, canonical(space, genotype)));
  REQUIRE(json["graph"]["layers"].size() == graph.layers.size());
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const auto& layer = json["graph"]["layers"][i];
    CHECK(layer["name"] == graph.layers[i].name);
    CHECK(layer["op"] == op_name(graph.layers[i].op));
    const auto& shape = json["graph"]["tensors"][std::size_t(layer["output"])]["shape"];
    const Shape expected = graph.tensors[std::size_t(graph.layers[i].output)].shape;
    CHECK(shape == nlohmann::json{expected.height, expected.width, expected.channels});
  }
}

TEST_CASE("an answer holds the error and any named numbers") {
  const CommandAnswer answer = parse_command_answer(
      R"({"id":7,"error":12.5,"standard_error":0.25,"loss":-1,"epochs":3})", 7);
  CHECK(answer.problem == "");
  CHECK(answer.accuracy.ok);
  CHECK(answer.accuracy.error_percent == 12.5);
  CHECK(answer.accuracy.standard_error == 0.25);
  CHECK(answer.accuracy.extra == std::map<std::string, double>{{"loss", -1}, {"epochs", 3}});
  CHECK_FALSE(parse_command_answer(R"({"id":7,"error":1})", 7).accuracy.standard_error);
}

TEST_CASE("a failure that the evaluator names is a value") {
  const CommandAnswer answer =
      parse_command_answer(R"({"id":7,"failed":"diverged\nat step 12"})", 7);
  CHECK(answer.problem == "");
  CHECK_FALSE(answer.accuracy.ok);
  CHECK(answer.accuracy.failure == "the evaluator: diverged?at step 12");
}

TEST_CASE("what is no answer is refused with what came and what is accepted") {
  CHECK(contains(problem_of("epoch 1, loss 2.3"),
                 "wrote \"epoch 1, loss 2.3\", which is no JSON object"));
  CHECK(contains(problem_of(R"({"id":7,"error":NaN})"), "neither NaN nor Infinity is JSON"));
  CHECK(contains(problem_of(R"({"id":7,"error":1e999})"), "no JSON object"));
  CHECK(contains(problem_of("[7]"), "no JSON object"));
  CHECK(contains(problem_of(R"({"id":8,"error":1})"), "but was asked with \"id\":7"));
  CHECK(contains(problem_of(R"({"id":"7","error":1})"), "but was asked with"));
  CHECK(contains(problem_of(R"({"error":1})"), "but was asked with"));
  CHECK(contains(problem_of(R"({"id":7})"), "without \"error\" or \"failed\""));
  CHECK(contains(problem_of(R"({"id":7,"error":"12"})"), "accepted is a finite number"));
  CHECK(contains(problem_of(R"({"id":7,"error":true})"), "accepted is a finite number"));
  CHECK(contains(problem_of(R"({"id":7,"error":1,"standard_error":-1})"), "not negative"));
  CHECK(contains(problem_of(R"({"id":7,"error":1,"a b":1})"), "a column named with"));
  CHECK(contains(problem_of(R"({"id":7,"error":1,"loss":[1]})"), "\"loss\" = [1]"));
  CHECK(contains(problem_of(R"({"id":7,"error":1,"failed":"no"})"), "nothing but the id"));
  std::string wide = R"({"id":7,"error":1)";
  for (int i = 0; i < 65; ++i) wide += ",\"c" + std::to_string(i) + "\":1";
  CHECK(contains(problem_of(wide + "}"), "at most 64 columns"));
  CHECK(contains(problem_of(std::string(100000, '[')), "no JSON object"));
  CHECK(problem_of("\x1b[31m\xff").find('\x1b') == std::string::npos);
}

TEST_CASE("a first line says version of the protocol, name and version of the evaluator") {
  const CommandHandshake good =
      parse_command_handshake(R"x({"edgefront_evaluator":1,"name":"mine","version":"3 (cuda)"})x");
  CHECK(good.problem == "");
  CHECK(good.name == "mine");
  CHECK(good.version == "3 (cuda)");
  const auto refused = [](const std::string& line) {
    return parse_command_handshake(line).problem;
  };
  CHECK(contains(refused("Loading data"), "\"Loading data\", which is no JSON object"));
  CHECK(contains(refused(R"({"edgefront_evaluator":2,"name":"a","version":"b"})"),
                 "accepted as the first line is {\"edgefront_evaluator\":1"));
  CHECK(contains(refused(R"({"edgefront_evaluator":1,"name":"a"})"), "texts of 1 to 200 bytes"));
  CHECK(contains(refused(R"({"edgefront_evaluator":1,"name":"","version":"b"})"), "texts of"));
  CHECK(
      contains(refused(R"({"edgefront_evaluator":1,"name":"a","version":"b","c":1})"), "texts of"));
}
