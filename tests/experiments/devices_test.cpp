// Every shipped device description yields a full search, with costs that are called analytic.
#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "experiments/pipeline/ask.h"
#include "experiments/pipeline/run_folder.h"
#include "experiments/pipeline/search_parts.h"
#include "tests/experiments/pipeline/toy_run.h"

using namespace edgefront;

namespace {

SearchExperiment experiment_for(const std::string& description) {
  SearchExperiment e;
  e.name = "device";
  e.seed = 3;
  e.space_file = EDGEFRONT_SOURCE_DIR "/experiments/spaces/fashion_small.toml";
  e.devices.push_back({.name = "described", .description = description});
  const DeviceDescription d = load_device_description(description);
  const bool int8 = !d.loops || d.loops->dsp_per_mac_int8 > 0;
  e.devices[0].precision = int8 ? Precision::kInt8 : Precision::kFloat32;
  e.objectives = {"error", "latency_us"};
  e.search.population = 8;
  e.search.in_flight = 8;
  e.search.evaluations = 24;
  e.search.threads = 1;
  return e;
}

}  // namespace

TEST_CASE("every shipped device description yields a full search, labelled analytic") {
  int devices = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(EDGEFRONT_SOURCE_DIR "/hwprofiles/devices")) {
    const std::string path = file.path().string();
    CAPTURE(path);
    toy::TemporaryFolder folder;
    std::string notes;
    const SearchExperiment experiment = experiment_for(path);
    OpenedExperiment opened =
        open_experiment(experiment, [&](const std::string& note) { notes += note + "\n"; });
    CHECK(notes.find("device described: analytic: ") == 0);
    const RunResult result = run_search(experiment, opened.parts, folder.path("run"), {});
    CHECK(result.evaluations == 24);
    CHECK(result.failed == 0);
    REQUIRE_FALSE(result.front.members.empty());
    const DeviceLimits limits = load_device_description(path).limits;
    for (const FrontMember& member : result.front.members) {
      CHECK(member.metrics.at("latency_us") > 0);
      CHECK(member.metrics.at("analytic_share") == 1);
      CHECK(member.metrics.at("peak_memory_bytes") <= double(limits.peak_memory_bytes));
    }
    ++devices;
  }
  CHECK(devices >= 8);
}

TEST_CASE("a description's limits hold unless the experiment constrains the same itself") {
  const std::string stm32 = EDGEFRONT_SOURCE_DIR "/hwprofiles/devices/stm32f746.toml";
  const auto limits = limits_of(load_device_description(stm32), "");
  CHECK(limits ==
        std::map<std::string, double>{{"peak_memory_bytes", 327680}, {"weights_bytes", 1048576}});
  CHECK(limits_of(load_device_description(stm32), "mcu").count("weights_bytes@mcu") == 1);
  SearchExperiment experiment = experiment_for(stm32);
  OpenedExperiment opened = open_experiment(experiment, [](const std::string&) {});
  opened.parts.limits["latency_us"] = 1e-3;  // as if it could not run anything
  toy::TemporaryFolder folder;
  CHECK_THROWS_AS(run_search(experiment, opened.parts, folder.path("a"), {}), NoFeasibleResult);
  experiment.constraints["latency_us"] = 1e9;
  CHECK(run_search(experiment, opened.parts, folder.path("b"), {}).evaluations == 24);
}

TEST_CASE("each of the four deployment patterns changes the winner of the shipped example") {
  SearchExperiment experiment =
      load_experiment(EDGEFRONT_SOURCE_DIR "/experiments/configs/deployment.toml");
  toy::TemporaryFolder folder;
  OpenedExperiment opened = open_experiment(experiment, [](const std::string&) {});
  run_search(experiment, opened.parts, folder.path("run"), {});
  const RunState run = load_run(folder.path("run"));
  REQUIRE(experiment.deployment.has_value());
  // The question of docs/run_format.md.
  AskQuestion question;
  question.devices = {"camera"};
  question.deployment = *experiment.deployment;
  question.error_weight = 10;
  question.limits = {{"deployed_latency_us", 15000}, {"bandwidth_bytes", 150}};
  std::map<DeploymentPattern, AskAnswer> answers;
  std::set<std::string> winners;
  for (const auto pattern : {DeploymentPattern::kStandalone, DeploymentPattern::kHybrid,
                             DeploymentPattern::kHierarchical, DeploymentPattern::kFederated}) {
    question.deployment.pattern = pattern;
    answers[pattern] = ask(run.evaluations, question);
    winners.insert(answers[pattern].network.genotype);
    CHECK(answers[pattern].terms.latency_us() <= 15000);
    CHECK(answers[pattern].terms.bandwidth_bytes() <= 150);
  }
  CHECK(winners.size() == 4);
  // A round trip leaves less time to the device, and rounds of training less to the parameters.
  CHECK(answers[DeploymentPattern::kHybrid].values.at("latency_us") <
        answers[DeploymentPattern::kHierarchical].values.at("latency_us"));
  CHECK(answers[DeploymentPattern::kFederated].values.at("parameters") <
        answers[DeploymentPattern::kStandalone].values.at("parameters"));
}
