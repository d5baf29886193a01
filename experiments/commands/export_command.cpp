// edgefront export: from chosen genotypes to verified int8 models.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/commands/progress.h"
#include "experiments/host.h"
#include "experiments/pipeline/export_run.h"
#include "experiments/pipeline/run_folder.h"
#include "space/error.h"

namespace edgefront {
namespace {

double parse_epochs(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value > 0 && value <= 10000)) {
    throw InputError("export: --epochs is '" + text + "'; accepted are numbers above 0 to 10000");
  }
  return value;
}

void print(const std::string& out, const ExportedNetwork& n) {
  std::cout << n.index << ": predicted " << fixed(n.predicted.latency_us, 1) << " us ("
            << fixed(n.predicted.latency_low_us, 1) << " to "
            << fixed(n.predicted.latency_high_us, 1) << "), ";
  if (n.measured) {
    std::cout << "measured " << fixed(n.measured->latency_us, 1) << " us";
  } else {
    std::cout << "predicted only";
  }
  std::cout << "; top-1 float " << fixed(n.float_top1, 2) << " %, " << n.precision << " "
            << fixed(n.int8_top1, 2) << " %";
  if (!n.dropped.empty()) std::cout << "; dropped: " << n.dropped;
  for (const auto& file : n.files) std::cout << "  " << out << "/" << file;
  std::cout << "\n";
}

nlohmann::ordered_json to_json(const ExportedNetwork& n) {
  nlohmann::ordered_json out = {{"index", n.index},
                                {"genotype", n.genotype},
                                {"predicted_latency_us", n.predicted.latency_us},
                                {"measured", "predicted only"},
                                {"float_top1", n.float_top1},
                                {"int8_top1", n.int8_top1},
                                {"precision", n.precision},
                                {"files", n.files},
                                {"dropped", n.dropped}};
  if (n.measured) out["measured"] = {{"latency_us", n.measured->latency_us}};
  return out;
}

void add_options(CommandLine& line) {
  line.positional("RUN", "run folder of a search")
      .option(
          "select", "WHICH", "",
          "knee, knees:N, best, an index, spread:N, or a limit such as latency<=2ms; several by "
          "commas")
      .option("out", "DIR", "", "folder for the models")
      .option("format", "LIST", "efm,onnx",
              "files of each network: efm (always written), onnx, c (one C99 file, no libraries)")
      .option("precision", "P", "int8",
              "int8; fp32; or fastest: int8 except layers that run faster in fp32 by the profile, "
              "conversions included")
      .flag("patch-wise",
            "the first layers a few rows at a time, as many as make the arena smallest: several "
            "times less memory, a little slower")
      .option("data", "DATASET", "", "data set (default: the experiment's)")
      .option("epochs", "N", "", "training epochs (default: the experiment's)")
      .option("threads", "N", "0", "networks trained side by side; 0 = one per core")
      .option("on", "COMMAND", "",
              "measure the winners on the device that this command reaches, e.g. \"ssh pi@board "
              "./edgefront-probe -\" (default: this machine)")
      .flag("json", "one JSON object on standard output");
}

ExportRunOptions run_options(const CommandLine& line) {
  ExportRunOptions options;
  options.select = line.text("select");
  options.out = line.text("out");
  if (options.select.empty()) throw InputError("export: --select is missing, e.g. knee");
  if (options.out.empty()) throw InputError("export: --out is missing: the folder for the models");
  try {
    options.formats = parse_export_formats(line.list("format"));
  } catch (const InputError& e) {
    throw InputError(std::string("export: --format: ") + e.what());
  }
  try {
    options.precision = parse_export_precision(line.text("precision"));
  } catch (const InputError& e) {
    throw InputError(std::string("export: --") + e.what());
  }
  if (options.formats.c && options.precision != ExportPrecision::kInt8) {
    throw InputError("export: --format c needs --precision int8: the C99 file computes in int8");
  }
  options.patch_wise = line.given("patch-wise");
  options.data = line.text("data");
  options.on = line.text("on");
  if (line.given("epochs")) options.epochs = parse_epochs(line.text("epochs"));
  options.threads = int(line.integer("threads", 0, 1024));
  if (options.threads == 0) {
    options.threads = int(std::max(1u, std::thread::hardware_concurrency()));
  }
  return options;
}

}  // namespace

int export_command(const CommandArguments& args) {
  CommandLine line(
      "export RUN --select WHICH --out DIR [options]",
      "Trains chosen networks of a run, quantizes them, writes .efm, .onnx and C99, "
      "and measures accuracy on the test images and latency on this machine, or --on a "
      "board.");
  add_options(line);
  if (!line.parse(args)) return 0;
  const ExportRunOptions options = run_options(line);
  load_run(line.text("RUN"));  // says what is wrong with the run before the training library opens

  ProgressLine progress;
  const auto trainer = load_trainer();
  std::string warning;
  progress.note(trainer->description(&warning));
  if (!warning.empty()) progress.note("warning: " + warning);
  const auto networks = export_run(
      line.text("RUN"), options, *trainer,
      [&](const std::string& what, std::int64_t done, std::int64_t total, double rate) {
        progress.update(what, done, total, rate > 0 ? fixed(rate, 0) + " images/s" : "");
      },
      [&](const std::string& text) { progress.note(text); });

  if (line.given("json")) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& n : networks) list.push_back(to_json(n));
    std::cout << nlohmann::ordered_json{{"networks", list}}.dump(2) << "\n";
  } else {
    for (const auto& n : networks) print(options.out, n);
  }
  const bool any = std::any_of(networks.begin(), networks.end(),
                               [](const auto& n) { return n.dropped.empty(); });
  if (!any) {
    std::cerr << "edgefront: none of the chosen networks became a winner\n";
    return 4;
  }
  return 0;
}

}  // namespace edgefront
