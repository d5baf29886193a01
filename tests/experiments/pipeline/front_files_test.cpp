#include "experiments/pipeline/front_files.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "space/error.h"
#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

EvaluationRecord record(std::int64_t index, std::vector<double> objectives, double violation = 0) {
  EvaluationRecord record;
  record.index = index;
  record.genotype = "g" + std::to_string(index);
  record.objectives = std::move(objectives);
  record.violation = violation;
  record.seconds = 9.75;
  return record;
}

std::vector<EvaluationRecord> five() {
  std::vector<EvaluationRecord> records{record(0, {8, 2}), record(1, {10, 20}, 0.5),
                                        record(2, {4, 4}), record(3, {9, 5}), record(4, {2, 10})};
  records.push_back(record(5, {}));
  records.back().status = EvaluationStatus::kFailed;
  return records;
}

TEST_CASE("the reference is 1.1 times the largest feasible value of each objective") {
  CHECK(reference_point(five()) == std::vector<double>{9 * 1.1, 10 * 1.1});
  CHECK(reference_point({record(0, {0, 3})}) == std::vector<double>{1, 3 * 1.1});
  CHECK(reference_point({record(0, {1, 3}, 0.1)}).empty());
}

TEST_CASE("the front and its hypervolume, by hand") {
  const Front front = build_front({"error", "latency_us"}, five());
  CHECK(front.evaluations == 6);
  REQUIRE(front.members.size() == 3);
  CHECK(front.members[0].index == 4);
  CHECK(front.members[1].index == 2);
  CHECK(front.members[2].index == 0);
  CHECK(front.knee == 2);  // (4,4) between (2,10) and (8,2)
  // Three steps below (9.9, 11): 2..4 by 1, 4..8 by 7, 8..9.9 by 9.
  CHECK(*front.hypervolume == doctest::Approx(2 * 1 + 4 * 7 + 1.9 * 9));
}

TEST_CASE("the curve holds the hypervolume of every prefix") {
  const std::vector<EvaluationRecord> records = five();
  const std::vector<double> reference = reference_point(records);
  const std::vector<double> curve = hypervolume_curve(records, reference);
  REQUIRE(curve.size() == 6);
  // By hand, against (9.9, 11): the box of (8,2), then the union with (4,4), then with (2,10).
  CHECK(curve[0] == doctest::Approx(1.9 * 9));
  CHECK(curve[1] == curve[0]);
  CHECK(curve[2] == doctest::Approx(1.9 * 9 + 4 * 7));
  CHECK(curve[3] == curve[2]);
  CHECK(curve[4] == doctest::Approx(1.9 * 9 + 4 * 7 + 2));
  CHECK(curve[5] == curve[4]);
}

TEST_CASE("four objectives have a front but no hypervolume") {
  const std::vector<EvaluationRecord> records{record(0, {1, 2, 3, 4}), record(1, {1, 2, 3, 5})};
  const Front front = build_front({"a", "b", "c", "d"}, records);
  CHECK(front.members.size() == 1);
  CHECK_FALSE(front.hypervolume.has_value());
  CHECK(hypervolume_curve(records, front.reference).empty());
  CHECK(nlohmann::json::parse(front_json(front)).at("hypervolume").is_null());
}

TEST_CASE("front.json has the documented keys and no times; both files are read back or by hand") {
  const toy::TemporaryFolder folder;
  Front front = build_front({"error", "latency_us"}, five());
  front.members[1].exported = ExportedFacts{{{"latency_us", 4.5}}, 91, 90.5, {"2.efm", "2.onnx"}};
  write_front_files(folder.path(), front);
  CHECK(read_front(folder.path()) == front);
  const std::string text = toy::read_text(folder.path("front.json"));
  const auto json = nlohmann::json::parse(text);
  CHECK(json.at("objectives") == nlohmann::json{"error", "latency_us"});
  CHECK(json.at("evaluations") == 6);
  CHECK(json.at("knee") == 2);
  CHECK(json.at("members")[0].at("objectives") == nlohmann::json{2, 10});
  CHECK(json.at("members")[1].at("measured").at("latency_us") == 4.5);
  CHECK(json.at("members")[1].at("int8_top1") == 90.5);
  CHECK_FALSE(toy::contains(text, "9.75"));
  CHECK(toy::read_text(folder.path("front.csv")) ==
        "index,genotype,error,latency_us,measured_latency_us,float_top1,int8_top1\n"
        "4,g4,2,10,,,\n2,g2,4,4,4.5,91,90.5\n0,g0,8,2,,,\n");
}

TEST_CASE("a front.json without a knee is read, and a run without a front has none") {
  const toy::TemporaryFolder folder;
  const Front nothing = build_front({"error", "latency_us"}, {record(0, {1, 2}, 0.5)});
  CHECK_FALSE(nothing.knee.has_value());
  CHECK(nlohmann::json::parse(front_json(nothing)).at("knee").is_null());
  toy::write_text(
      folder.path("front.json"),
      "{\"objectives\":[\"a\"],\"reference\":[1.1],\"hypervolume\":0.1,\"evaluations\":1,"
      "\"members\":[{\"index\":0,\"genotype\":\"g\",\"objectives\":[1],\"metrics\":{}}]}");
  CHECK_FALSE(read_front(folder.path()).knee.has_value());
}

TEST_CASE("a damaged or missing front.json is refused by name") {
  const toy::TemporaryFolder folder;
  CHECK_THROWS_AS(read_front(folder.path()), InputError);
  for (const char* text : {"", "{", "[]", "{\"objectives\":3}",
                           "{\"objectives\":[\"a\"],\"reference\":[],\"hypervolume\":0,"
                           "\"evaluations\":1,\"members\":[{\"index\":0,\"genotype\":\"g\","
                           "\"objectives\":[],\"metrics\":{}}]}"}) {
    toy::write_text(folder.path("front.json"), text);
    CHECK(toy::contains(toy::message_of<InputError>([&] { read_front(folder.path()); }),
                        "front.json: "));
  }
}

}  // namespace
}  // namespace edgefront
