#include "experiments/search_experiment.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "space/error.h"
#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

using toy::contains;
using toy::message_of;

const std::string kSmallest = R"(
name = "x"
space = { file = "s.toml" }
device = { profile = "d.h5" }
)";

const std::string kFull = R"(
name = "fash\"ion"
seed = 7
space       = { file = "s.toml" }
device      = [{ name = "host", profile = "host.h5", precision = "fp32", on_miss = "analytic" },
               { name = "board", description = "board.toml", kernel_set = "reference" }]
objectives  = ["error", "latency_us", "energy_uj@board"]
constraints = { arena_bytes = "256KiB", latency_us = "0.3ms", "weights_bytes@board" = 12345 }
evaluator   = { kind = "supernet", data = "fashion-mnist", seconds = 60.5, random_subnets = 3 }
[search]
algorithm = "random"
population = 24
evaluations = 100
in_flight = 10
include = ["small", "1.2.3"]
threads = 2
noise = 0.4
replicate_share = 0.25
max_replicates = 6
eta = 4
[export]
epochs = 12
learning_rate = 0.05
range = "percentile"
inherit = false
calibration_images = 64
max_loss_percent = 0.3
min_top1_percent = 80
[deployment]
pattern = "hybrid"
fallback_share = 0.1
upload_bytes = 1500
gamma = 0.5
reference_bandwidth_bytes = 100
)";

SearchExperiment parse(const std::string& text) { return parse_experiment(text, "e.toml", "."); }

std::string refusal(const std::string& text) {
  return message_of<InputError>([&] { parse(text); });
}

TEST_CASE("every key of an experiment arrives") {
  const SearchExperiment e = parse(kFull);
  CHECK(e.name == "fash\"ion");
  CHECK(e.seed == 7);
  CHECK(e.space_file == "s.toml");
  REQUIRE(e.devices.size() == 2);
  CHECK(e.devices[0].precision == Precision::kFloat32);
  CHECK(e.devices[0].on_miss == OnMiss::kAnalytic);
  CHECK(e.devices[1].description == "board.toml");
  CHECK(e.devices[1].kernel_set == "reference");
  CHECK(e.objectives == std::vector<std::string>{"error", "latency_us", "energy_uj@board"});
  CHECK(e.constraints == std::map<std::string, double>{{"arena_bytes", 262144},
                                                       {"latency_us", 300},
                                                       {"weights_bytes@board", 12345}});
  CHECK(e.evaluator.kind == EvaluatorKind::kSupernet);
  CHECK(e.evaluator.supernet.seconds == 60.5);
  CHECK(e.evaluator.supernet.random_subnets == 3);
  CHECK(e.search.algorithm == AlgorithmKind::kRandom);
  CHECK(e.search.include == std::vector<std::string>{"small", "1.2.3"});
  CHECK(e.search.noise == 0.4);
  CHECK(e.search.replicate_share == 0.25);
  CHECK(e.search.max_replicates == 6);
  CHECK(e.search.fidelities == 1);
  CHECK(e.search.eta == 4);
  CHECK(e.export_choice.train.epochs == 12);
  CHECK(e.export_choice.quantize.range == RangeMethod::kPercentile);
  CHECK_FALSE(e.export_choice.inherit);
  CHECK(e.export_choice.calibration_images == 64);
  CHECK(e.export_choice.max_loss_percent == 0.3);
  CHECK(e.export_choice.min_top1_percent == 80);
  REQUIRE(e.deployment.has_value());
  CHECK(e.deployment->pattern == DeploymentPattern::kHybrid);
  CHECK(e.deployment->upload_bytes == 1500);
  CHECK(e.deployment->gamma == 0.5);
  CHECK_FALSE(parse(kSmallest).deployment.has_value());
}

TEST_CASE("a deployment that cannot be computed is refused with its key") {
  const std::string table = kSmallest + "[deployment]\n";
  CHECK(contains(refusal(table + "delta = 1\n"), "deployment: reference_cost: came 0"));
  CHECK(contains(refusal(table + "pattern = \"cloud\"\n"), "deployment.pattern"));
  CHECK(contains(refusal(table + "fallback_share = 2\n"), "deployment.fallback_share"));
}

TEST_CASE("what is left out has its default") {
  const SearchExperiment e = parse(kSmallest);
  CHECK(e.objectives == std::vector<std::string>{"error", "latency_us"});
  CHECK(e.evaluator.kind == EvaluatorKind::kProxy);
  CHECK(e.search.population == 0);
  CHECK(e.search.evaluations == 400);
  CHECK(e.search.max_consecutive_failures == 10);
  CHECK_FALSE(e.export_choice.inherit);
  CHECK(parse(kSmallest + "search = { include = [] }\n").search.include.empty());
  CHECK(parse(kSmallest + "evaluator = { kind = \"supernet\", data = \"idx:.\" }\n")
            .export_choice.inherit);
}

TEST_CASE("the resolved text loads again to the same experiment") {
  const std::string train =
      kSmallest +
      "evaluator = { kind = \"train\", data = \"d\", epochs = 0.75, train_images = 9 }\n";
  for (const std::string& text : {kSmallest, kFull, train}) {
    const SearchExperiment first = parse(text);
    const std::string resolved = write_resolved(first);
    const SearchExperiment second = parse_experiment(resolved, "resolved.toml", ".");
    CHECK(resolved_keys(second) == resolved_keys(first));
    CHECK(write_resolved(second) == resolved);
  }
  CHECK(parse(train).evaluator.train.train.epochs == 0.75);
  const SearchExperiment halving = parse(train + "search = { fidelities = 3, eta = 2 }\n");
  CHECK(halving.evaluator.train.fidelities == 3);
  CHECK(halving.evaluator.train.eta == 2);
  CHECK(resolved_keys(parse(kFull)).at("device.board.precision") == "\"int8\"");
  CHECK(resolved_keys(parse(kFull)).at("constraints.latency_us") == "\"300us\"");
}

TEST_CASE("a relative path is taken from here, else from the file's own folder") {
  const toy::TemporaryFolder folder;
  toy::write_text(folder.path("s.toml"), "");
  toy::write_text(folder.path("e.toml"), kSmallest);
  const SearchExperiment e = load_experiment(folder.path("e.toml"));
  CHECK(e.space_file == folder.path("s.toml"));
  CHECK(e.devices[0].profile == "d.h5");  // in neither place: named as written when it is opened
}

TEST_CASE("each wrong key says where, what came and what is accepted") {
  CHECK(contains(refusal("seed = 1\n"), "e.toml: name: is missing"));
  CHECK(contains(refusal("name = \"x\"\nspace = { file = \"s\" }\n"), "device: is missing"));
  CHECK(contains(refusal(kSmallest + "sede = 1\n"), "e.toml:5: sede: unknown key"));
  CHECK(contains(refusal(kSmallest + "search = { popluation = 4 }\n"),
                 "search.popluation: unknown key"));
  CHECK(contains(refusal(kSmallest + "search = { population = -1 }\n"),
                 "search.population: came -1, accepted is an integer from 0"));
  CHECK(contains(refusal(kSmallest + "objectives = [\"eror\"]\n"),
                 "e.toml:5: objectives: came \"eror\"; accepted: error, latency_us"));
  CHECK(contains(refusal(kSmallest + "objectives = [\"latency_us@pi\"]\n"), "devices are: host"));
  CHECK(contains(refusal(kSmallest + "objectives = [\"error\", \"error\"]\n"), "stands twice"));
  CHECK(contains(refusal(kSmallest + "constraints = { latency_us = \"4KiB\" }\n"),
                 "constraints.latency_us: came \"4KiB\"; accepted is"));
  CHECK(contains(refusal(kSmallest + "constraints = { latency_us = 0 }\n"),
                 "accepted is a limit above 0"));
  CHECK(contains(refusal(kSmallest + "evaluator = { kind = \"proxy\", seconds = 3 }\n"),
                 "evaluator.seconds: unknown key"));
  CHECK(contains(
      refusal(kSmallest + "evaluator = { kind = \"supernet\", data = \"idx:.\" }\n"
                          "search = { fidelities = 2 }\n"),
      "search.fidelities: came 2; a supernet judges every network in one way: accepted is 1"));
  CHECK(contains(refusal(kSmallest + "search = { zero_cost = \"naswot\" }\n"),
                 "search.zero_cost: needs fidelities = 2 or more"));
  CHECK(contains(refusal(kSmallest + "evaluator = { kind = \"train\" }\n"),
                 "evaluator.data: is missing"));
  CHECK(
      contains(refusal(kSmallest + "export = { inherit = true }\n"), "export.inherit: came true"));
  CHECK(contains(refusal("name = \"x\"\nspace = { file = \"s\" }\ndevice = { name = \"a\" }\n"),
                 "profile: is missing"));
}

TEST_CASE("lower fidelities have evaluators of their own, also below a supernet") {
  const std::string lower = kSmallest +
                            "[[fidelity]]\nkind = \"train\"\ndata = \"d\"\nepochs = 0.2\n"
                            "[[fidelity]]\nkind = \"command\"\ncommand = [\"a\"]\nparallel = 2\n";
  const std::string supernet = lower +
                               "[evaluator]\nkind = \"supernet\"\ndata = \"d\"\n"
                               "[search]\nzero_cost = \"synflow\"\nfidelities = 4\n";
  const SearchExperiment e = parse(supernet);
  REQUIRE(e.lower.size() == 2);
  CHECK(e.lower[0].kind == EvaluatorKind::kTrain);
  CHECK(e.lower[0].train.train.epochs == 0.2);
  CHECK(e.lower[0].train.fidelities == 1);
  CHECK(e.lower[1].command.log_stem == "evaluator.fidelity1");
  CHECK(e.export_choice.inherit);
  CHECK(supernet_of(e) == &e.evaluator);
  const SearchExperiment again = parse(write_resolved(e));
  CHECK(resolved_keys(again) == resolved_keys(e));
  CHECK(resolved_keys(e).at("fidelity.0.epochs") == "0.2");
  CHECK(may_change_on_resume("fidelity.1.parallel"));
  CHECK_FALSE(may_change_on_resume("fidelity.1.command"));

  const SearchExperiment below = parse(kSmallest +
                                       "[[fidelity]]\nkind = \"supernet\"\ndata = \"d\"\n"
                                       "[evaluator]\nkind = \"train\"\ndata = \"d\"\n"
                                       "[search]\nfidelities = 3\n[export]\ninherit = true\n");
  CHECK(supernet_of(below) == &below.lower[0]);
  CHECK(below.evaluator.train.fidelities == 2);
  CHECK(supernet_of(parse(kSmallest)) == nullptr);

  CHECK(contains(refusal(lower),
                 "search.fidelities: came 1; 2 stand below that of [evaluator]: "
                 "accepted is 3 or more"));
  CHECK(contains(refusal(lower + "[evaluator]\nkind = \"supernet\"\ndata = \"d\"\n"
                                 "[search]\nfidelities = 4\n"),
                 "a supernet judges every network in one way: accepted is 3"));
  CHECK(contains(refusal(kSmallest + "fidelity = { kind = \"supernet\", data = \"d\" }\n"
                                     "evaluator = { kind = \"supernet\", data = \"d\" }\n"),
                 "came \"supernet\" twice"));
  CHECK(contains(refusal(kSmallest + "fidelity = { kind = \"table\" }\n"),
                 "a table has no evaluators of lower fidelities"));
}

TEST_CASE("features are scores by name, each once") {
  const SearchExperiment e =
      parse(kSmallest + "search = { features = [\"naswot\", \"grad_norm\"] }\n");
  CHECK(e.search.features == std::vector<ZeroCost>{ZeroCost::kNaswot, ZeroCost::kGradNorm});
  CHECK(resolved_keys(e).at("search.features") == "[\"naswot\", \"grad_norm\"]");
  CHECK(parse(kSmallest + "search = { features = [] }\n").search.features.empty());
  CHECK(contains(refusal(kSmallest + "search = { features = [\"flow\"] }\n"),
                 "search.features: came \"flow\"; accepted: parameters, macs, synflow, naswot, "
                 "grad_norm"));
  CHECK(contains(refusal(kSmallest + "search = { features = [\"macs\", \"macs\"] }\n"),
                 "search.features: \"macs\" stands twice"));
  const std::string table =
      "name = \"x\"\nspace = { file = \"t.csv\", decisions = [\"a\"] }\n"
      "evaluator = { kind = \"table\", columns = { error = \"e\", latency_us = \"l\" } }\n";
  CHECK(contains(refusal(table + "search = { features = [\"macs\"] }\n"),
                 "search.features: need layers"));
  CHECK(contains(refusal(table + "search = { fidelities = 2, zero_cost = \"macs\" }\n"),
                 "search.zero_cost: needs layers"));
}

TEST_CASE("threads, budget and the places of digested files may change on resume, nothing else") {
  for (const auto& [key, text] : resolved_keys(parse(kFull))) {
    const bool may = key == "search.threads" || key == "search.evaluations" ||
                     key == "search.max_consecutive_failures" || key == "space.file" ||
                     key == "search.wall_clock" || key == "search.stagnation_evaluations" ||
                     key == "search.stagnation_growth" || key == "device.host.profile" ||
                     key == "device.host.description" || key == "device.board.profile" ||
                     key == "device.board.description";
    CHECK(may_change_on_resume(key) == may);
  }
}

TEST_CASE("a command is words and waits; how it is run may change on resume, what it is may not") {
  const toy::TemporaryFolder folder;
  toy::write_text(folder.path("train.py"), "");
  const std::string text = kSmallest +
                           "[evaluator]\nkind = \"command\"\nparallel = 3\ntimeout = \"1.5h\"\n"
                           "command = [\"python3\", \"train.py\", \"--lr=0.1\"]\n";
  const SearchExperiment e = parse_experiment(text, "e.toml", folder.path());
  const CommandOptions& command = e.evaluator.command;
  CHECK(command.command ==
        std::vector<std::string>{"python3", folder.path("train.py"), "--lr=0.1"});
  CHECK(command.parallel == 3);
  CHECK(command.timeout_s == 5400);
  CHECK(command.start_timeout_s == 120);
  CHECK(command.retries == 1);
  const std::string resolved = write_resolved(e);
  CHECK(contains(resolved, "timeout = \"90min\""));
  CHECK(write_resolved(parse(resolved)) == resolved);
  for (const auto& [key, value] : resolved_keys(e)) {
    if (key.rfind("evaluator.", 0) != 0) continue;
    CHECK(may_change_on_resume(key) == (key != "evaluator.command" && key != "evaluator.kind"));
  }
  CHECK(contains(refusal(kSmallest + "evaluator = { kind = \"command\" }\n"),
                 "evaluator.command: is missing; accepted is e.g. [\"python3\", \"train.py\"]"));
  CHECK(contains(refusal(kSmallest + "evaluator = { kind = \"command\", command = [\"a\"], "
                                     "timeout = \"2 weeks\" }\n"),
                 "evaluator.timeout: came \"2 weeks\"; accepted is"));
  CHECK(contains(refusal(kSmallest + "evaluator = { kind = \"command\", command = [\"a\"], "
                                     "timeout = 0 }\n"),
                 "evaluator.timeout: came 0; accepted is a quantity above 0"));
}

}  // namespace
}  // namespace edgefront
