// edgefront ask: which network of a run for these limits and weights.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/experiment_fields.h"
#include "experiments/host.h"
#include "experiments/pipeline/ask.h"
#include "experiments/pipeline/metrics.h"
#include "experiments/pipeline/pooled_records.h"
#include "experiments/pipeline/run_folder.h"
#include "space/error.h"
#include "space/toml_reader.h"

namespace edgefront {
namespace {

/// A limit of its own option; with a [deployment] table the second name is meant.
struct LimitOption {
  const char* option;
  const char* metric;
  const char* deployed;
};
constexpr LimitOption kLimitOptions[] = {
    {"latency", "latency_us", "deployed_latency_us"},
    {"energy", "energy_uj", "deployed_energy_uj"},
    {"memory", "peak_memory_bytes", "peak_memory_bytes"},
    {"error", "error", "error"},
    {"bandwidth", "bandwidth_bytes", "bandwidth_bytes"},
    {"cost", "cost", "cost"},
    {"macs", "macs", "macs"},
};

double limit_of(const std::string& name, const std::string& text, const std::string& option) {
  try {
    const double limit = parse_quantity(text, find_metric(name, {}).metric->unit);
    if (limit > 0) return limit;
  } catch (const InputError& error) {
    throw InputError(option + ": " + error.what());
  }
  throw InputError(option + ": came 0; accepted is a limit above 0");
}

/// "name<=value", or "name>=value" for a maximised metric.
void add_limit(const std::string& text, std::map<std::string, double>& limits) {
  const std::size_t sign = text.find('=');
  if (sign == std::string::npos || sign < 2 || (text[sign - 1] != '<' && text[sign - 1] != '>')) {
    throw InputError("--limit is '" + text + "'; accepted is e.g. arena_bytes<=64KiB");
  }
  const std::string name = text.substr(0, sign - 1);
  const double limit = limit_of(name, text.substr(sign + 1), "--limit");
  const bool upper = find_metric(name, {}).metric->sense == Sense::kMinimised;
  if (upper != (text[sign - 1] == '<')) {
    throw InputError("--limit is '" + text + "'; " + name + (upper ? " takes <=" : " takes >="));
  }
  if (!limits.emplace(name, limit).second) {
    throw InputError("--limit: " + name + " is limited twice");
  }
}

void add_weight(const std::string& text, bool has_deployment, AskQuestion& question) {
  const std::size_t sign = text.find('=');
  const std::string name = text.substr(0, sign);
  const std::string value = sign == std::string::npos ? "" : text.substr(sign + 1);
  DeploymentOptions& d = question.deployment;
  double* weight = name == "alpha"   ? &d.alpha
                   : name == "beta"  ? &d.beta
                   : name == "gamma" ? &d.gamma
                   : name == "delta" ? &d.delta
                   : name == "error" ? &question.error_weight
                                     : nullptr;
  if (weight == nullptr || value.empty()) {
    throw InputError("--weights is '" + text +
                     "'; accepted are alpha=, beta=, gamma=, delta= (latency, energy, bandwidth, "
                     "cost) and error=, e.g. alpha=1,beta=0.2");
  }
  if (!has_deployment && (name == "gamma" || name == "delta")) {
    throw InputError("--weights: " + name +
                     " needs a [deployment] table, in the experiment or by --deployment FILE");
  }
  try {
    *weight = parse_quantity(value, Unit::kNone);
  } catch (const InputError& error) {
    throw InputError("--weights: " + name + " " + error.what());
  }
}

DeploymentPattern parse_pattern(const std::string& text) {
  for (const auto& [name, pattern] : kPatternNames) {
    if (text == name) return pattern;
  }
  throw InputError("--pattern is '" + text +
                   "'; accepted are standalone, hybrid, hierarchical and federated");
}

AskQuestion question_of(const CommandLine& line, const SearchExperiment& experiment) {
  AskQuestion question;
  for (const DeviceChoice& device : experiment.devices) question.devices.push_back(device.name);
  const std::string device = line.text("device");
  if (!device.empty()) {
    try {
      question.device = find_metric("latency_us@" + device, question.devices).device;
    } catch (const InputError& error) {
      throw InputError("--device is '" + device + "': " + error.what());
    }
  }
  const bool has_deployment = experiment.deployment || line.given("deployment");
  if (experiment.deployment) question.deployment = *experiment.deployment;
  if (line.given("deployment")) question.deployment = load_deployment(line.text("deployment"));
  if (line.given("pattern")) {
    if (!has_deployment) throw InputError("--pattern needs a [deployment] table");
    question.deployment.pattern = parse_pattern(line.text("pattern"));
    check_deployment(question.deployment);
  }
  for (const LimitOption& one : kLimitOptions) {
    if (!line.given(one.option)) continue;
    const std::string name = has_deployment ? one.deployed : one.metric;
    question.limits[name] = limit_of(name, line.text(one.option), std::string("--") + one.option);
  }
  for (const std::string& text : line.list("limit")) add_limit(text, question.limits);
  if (line.given("weights")) {
    DeploymentOptions& d = question.deployment;
    d.alpha = d.beta = d.gamma = d.delta = 0;
    for (const std::string& text : line.list("weights")) {
      add_weight(text, has_deployment, question);
    }
  }
  return question;
}

Unit unit_of(const std::string& quantity) {
  return quantity == "latency"     ? Unit::kMicroseconds
         : quantity == "energy"    ? Unit::kMicrojoules
         : quantity == "bandwidth" ? Unit::kBytes
                                   : Unit::kNone;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

void print_weight(const char* name, double weight, double value, double reference, Unit unit) {
  if (!(weight > 0)) return;
  std::cout << "  " << padded(name, 10) << number_text(weight) << " x "
            << print_quantity(value, unit) << " / " << print_quantity(reference, unit) << " = "
            << fixed(weight * value / reference, 4) << "\n";
}

void print(const AskAnswer& answer) {
  const AskQuestion& q = answer.question;
  const DeploymentOptions& d = q.deployment;
  std::cout << "network " << answer.network.index << "  " << answer.network.genotype << "\n"
            << answer.within << " of " << answer.networks << " feasible networks are within the "
            << "limits\n";
  for (const auto& [name, value] : answer.values) {
    const Metric& metric = *find_metric(name, {}).metric;
    const auto limit = q.limits.find(name);
    std::cout << "  " << padded(name, 22) << print_quantity(value, metric.unit);
    if (limit != q.limits.end()) {
      std::cout << "  (limit " << print_quantity(limit->second, metric.unit) << ")";
    }
    std::cout << "\n";
  }
  std::cout << "per inference, term by term:\n";
  for (const DeploymentLine& line : deployment_lines(answer.terms)) {
    std::cout << "  " << padded(line.quantity, 11) << padded(line.term, 17)
              << print_quantity(line.value, unit_of(line.quantity)) << "\n";
  }
  if (d.alpha + d.beta + d.gamma + d.delta + q.error_weight > 0) {
    std::cout << "weight x value / reference:\n";
    print_weight("latency", d.alpha, answer.terms.latency_us(), d.reference_latency_us,
                 Unit::kMicroseconds);
    print_weight("energy", d.beta, answer.terms.energy_uj().value_or(0), d.reference_energy_uj,
                 Unit::kMicrojoules);
    print_weight("bandwidth", d.gamma, answer.terms.bandwidth_bytes(), d.reference_bandwidth_bytes,
                 Unit::kBytes);
    print_weight("cost", d.delta, answer.terms.cost(), d.reference_cost, Unit::kNone);
    print_weight("error", q.error_weight,
                 answer.values.count("error") ? answer.values.at("error") : 0, q.reference_error,
                 Unit::kPercent);
    std::cout << "  sum       " << fixed(answer.weighted, 4) << "\n";
    if (q.error_weight == 0 && q.limits.count("error") == 0) {
      std::cout << "note: neither a weight nor a limit is on the error; cheap networks win\n";
    }
  }
  if (!answer.supported) {
    std::cout << "no weights alone reach this network; the limits do\n";
  }
}

nlohmann::json json_of(const AskAnswer& answer) {
  const AskQuestion& q = answer.question;
  const DeploymentOptions& d = q.deployment;
  nlohmann::json out = {{"index", answer.network.index},
                        {"genotype", answer.network.genotype},
                        {"metrics", answer.values},
                        {"limits", q.limits},
                        {"terms", nlohmann::json::object()},
                        {"weights",
                         {{"alpha", d.alpha},
                          {"beta", d.beta},
                          {"gamma", d.gamma},
                          {"delta", d.delta},
                          {"error", q.error_weight}}},
                        {"references",
                         {{"latency_us", d.reference_latency_us},
                          {"energy_uj", d.reference_energy_uj},
                          {"bandwidth_bytes", d.reference_bandwidth_bytes},
                          {"cost", d.reference_cost},
                          {"error", q.reference_error}}},
                        {"weighted", answer.weighted},
                        {"supported", answer.supported},
                        {"networks", answer.networks},
                        {"within", answer.within}};
  for (const DeploymentLine& line : deployment_lines(answer.terms)) {
    out["terms"][line.quantity][line.term] = line.value;
  }
  return out;
}

}  // namespace

int ask_command(const CommandArguments& args) {
  CommandLine line("ask RUN [limits] [--weights alpha=1,beta=0.2] [options]",
                   "Chooses from the networks that a run has evaluated: the smallest weighted sum "
                   "of latency, energy, bandwidth and cost under limits; without weights the "
                   "smallest error. Limits on latency and energy hold for the deployment where "
                   "there is a [deployment] table, else for the device.");
  line.positional("RUN", "run folder of a search")
      .option("latency", "TIME", "", "upper limit, e.g. 2ms")
      .option("energy", "ENERGY", "", "upper limit, e.g. 5mJ")
      .option("memory", "BYTES", "", "upper limit on peak_memory_bytes, e.g. 256KiB")
      .option("error", "PERCENT", "", "upper limit, e.g. 12")
      .option("bandwidth", "BYTES", "", "upper limit on bytes per inference")
      .option("cost", "PRICE", "", "upper limit on the price of an inference")
      .option("macs", "N", "", "upper limit on multiply-accumulates, e.g. 2M")
      .option("limit", "LIST", "", "any metric, e.g. 'arena_bytes<=64KiB,macs_per_s>=1G'")
      .option("weights", "LIST", "",
              "alpha (latency), beta (energy), gamma (bandwidth), delta (cost), error; default: "
              "those of [deployment]")
      .option("deployment", "FILE", "", "take [deployment] from this file, not from the run")
      .option("pattern", "NAME", "", "another pattern: standalone, hybrid, hierarchical, federated")
      .option("device", "NAME", "", "whose costs (default: the experiment's first device)")
      .flag("json", "one JSON object on standard output");
  if (!line.parse(args)) return 0;
  const RunState run = load_run(line.text("RUN"));
  const AskAnswer answer = ask(pooled_networks(run.evaluations), question_of(line, run.experiment));
  if (line.given("json")) {
    std::cout << json_of(answer).dump(2) << "\n";
  } else {
    print(answer);
  }
  return 0;
}

}  // namespace edgefront
