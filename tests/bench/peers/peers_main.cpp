// peers: our runtime against oneDNN, XNNPACK and ONNX Runtime on the same networks with the same
// weights, in interleaved rounds of one run. A peer that is not installed is skipped aloud.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "experiments/commands/command_line.h"
#include "experiments/host.h"
#include "runtime/probe/clock.h"
#include "runtime/probe/statistics.h"
#include "space/error.h"
#include "space/random.h"
#include "tests/bench/peers/networks.h"

namespace edgefront::peers {

double median_us(Engine& engine, int runs, int threads) {
  const int repeats = threads == 1 ? 10 : 1;
  std::vector<double> us;
  for (int i = 0; i < runs; ++i) {
    for (int repeat = 0; repeat < repeats; ++repeat) {
      engine.write_input();
      const std::int64_t switches = context_switches();
      const std::uint64_t before = ticks_now();
      engine.run();
      const std::uint64_t ticks = ticks_now() - before;
      const bool undisturbed = context_switches() == switches;
      if (undisturbed || repeat == repeats - 1) {
        us.push_back(elapsed_us(ticks));
        break;
      }
    }
  }
  return quantile(us, 0.5);
}

namespace {

using Maker = EngineOrReason (*)(const Network&, const EngineOptions&);
struct EngineRow {
  const char* name;
  Maker make;
};

[[maybe_unused]] EngineOrReason not_built(const Network&, const EngineOptions&) {
  return {nullptr, "it was not installed when this program was built"};
}
#ifdef EDGEFRONT_PEERS_ONEDNN
constexpr Maker kOneDnn = make_onednn;
#else
constexpr Maker kOneDnn = not_built;
#endif
#ifdef EDGEFRONT_PEERS_XNNPACK
constexpr Maker kXnnpack = make_xnnpack;
#else
constexpr Maker kXnnpack = not_built;
#endif
constexpr EngineRow kEngines[] = {{"edgefront", make_ours},
                                  {"onednn", kOneDnn},
                                  {"onnxruntime", make_onnxruntime},
                                  {"xnnpack", kXnnpack}};

/// The values of a list option; throws InputError for one that is not accepted.
std::vector<std::string> words(const CommandLine& line, const std::string& option,
                               const std::vector<std::string>& accepted) {
  std::vector<std::string> given = line.list(option);
  for (const std::string& word : given) {
    if (std::find(accepted.begin(), accepted.end(), word) != accepted.end()) continue;
    std::string all;
    for (const std::string& a : accepted) all += (all.empty() ? "" : ", ") + a;
    throw InputError("--" + option + " is '" + word + "'; accepted are " + all);
  }
  return given;
}

struct Contestant {
  std::string name, notes;
  std::unique_ptr<Engine> engine;
  double difference = 0;
  bool differs = false;
  std::vector<double> us;
  double median() const { return quantile(us, 0.5); }
  double fastest() const { return quantile(us, 0); }
};

struct Options {
  std::vector<std::string> engines;
  int rounds = 50;
};

std::vector<Contestant> contestants(const Network& network, const EngineOptions& how,
                                    const Options& options) {
  std::vector<Contestant> all;
  for (const EngineRow& row : kEngines) {
    const bool wanted = options.engines.empty() ||
                        std::find(options.engines.begin(), options.engines.end(), row.name) !=
                            options.engines.end();
    if (!wanted && row.make != make_ours) continue;
    EngineOrReason made = row.make(network, how);
    if (!made.engine) {
      std::fprintf(stderr, "SKIPPED: %s on %s %s: %s\n", row.name, network.name.c_str(),
                   precision_name(how.precision), made.reason.c_str());
      continue;
    }
    Contestant c;
    c.name = row.name;
    c.notes = made.engine->notes();
    c.engine = std::move(made.engine);
    c.engine->write_input();
    c.engine->run();
    c.difference = difference(network, how.precision, c.engine->output());
    c.differs = !(c.difference <= allowed_difference(how.precision));
    all.push_back(std::move(c));
  }
  return all;
}

/// Every engine in every round, in shuffled order, each timed right after an untimed run of itself.
void run_rounds(std::vector<Contestant>& all, int rounds, int threads) {
  RandomStream random(3, 0);
  std::vector<Contestant*> order;
  for (Contestant& c : all) order.push_back(&c);
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    for (Contestant* c : order) {
      c->engine->write_input();
      c->engine->run();
      for (int i = 0; i < 3; ++i) c->us.push_back(median_us(*c->engine, 1, threads));
    }
  }
}

/// Smallest time of each step over `rounds` rounds, per engine.
std::vector<std::vector<double>> fastest_steps(std::vector<Contestant>& all, int rounds) {
  std::vector<std::vector<double>> fastest(all.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t e = 0; e < all.size(); ++e) {
      all[e].engine->write_input();
      all[e].engine->run();
      all[e].engine->write_input();
      const std::vector<double> us = all[e].engine->run_timed();
      if (fastest[e].empty()) fastest[e] = us;
      for (std::size_t i = 0; i < us.size(); ++i) fastest[e][i] = std::min(fastest[e][i], us[i]);
    }
  }
  return fastest;
}

/// Our steps beside what a peer needs for the same layers of the graph: a step of ours may be a
/// whole block.
void print_layers(std::vector<Contestant>& all, int rounds) {
  const std::vector<std::vector<double>> fastest = fastest_steps(all, rounds);
  const std::vector<std::int32_t> ours = all[0].engine->step_layers();
  for (std::size_t e = 1; e < all.size(); ++e) {
    if (fastest[e].empty()) continue;
    std::printf("%9s %9s %6s  %-66s %s\n", "ours us", all[e].name.c_str(), "ratio", "layer",
                "its implementation");
    const std::vector<std::int32_t> theirs = all[e].engine->step_layers();
    for (std::size_t i = 0; i < ours.size(); ++i) {
      double us = 0;
      std::string names;
      for (std::size_t j = 0; j < theirs.size(); ++j) {
        if (theirs[j] < ours[i] || (i + 1 < ours.size() && theirs[j] >= ours[i + 1])) continue;
        us += fastest[e][j];
        names += (names.empty() ? "" : ", ") + all[e].engine->step_name(int(j));
      }
      std::printf("%9.2f %9.2f %6.2f  %-66s %s\n", fastest[0][i], us, fastest[0][i] / us,
                  all[0].engine->step_name(int(i)).c_str(), names.c_str());
    }
  }
}

/// The library of the npm package that peers.sh installs, or "".
std::string installed_onnxruntime() {
  const std::filesystem::path folder =
      EDGEFRONT_SOURCE_DIR "/build/peers-npm/node_modules/onnxruntime-node/bin";
  if (!std::filesystem::exists(folder)) return "";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().string();
    if (path.find("/linux/x64/libonnxruntime.so") != std::string::npos) return path;
  }
  return "";
}

void print_header() {
  std::printf("%-12s %-22s %-5s %7s %10s %10s %6s %10s %8s  %s\n", "engine", "model", "prec.",
              "threads", "median us", "fastest us", "ratio", "of fastest", "differ", "notes");
}

void report(const std::vector<Contestant>& all, const Network& network, const EngineOptions& how,
            bool json, nlohmann::json* out) {
  for (const Contestant& c : all) {
    const double ratio = all[0].median() / c.median();
    const double fastest_ratio = all[0].fastest() / c.fastest();
    out->push_back({{"engine", c.name},
                    {"model", network.name},
                    {"precision", precision_name(how.precision)},
                    {"threads", how.threads},
                    {"median_us", c.median()},
                    {"fastest_us", c.fastest()},
                    {"ratio", ratio},
                    {"fastest_ratio", fastest_ratio},
                    {"difference", c.difference},
                    {"outputs_agree", !c.differs},
                    {"isa", how.isa},
                    {"notes", c.notes}});
    if (json) continue;
    std::printf("%-12s %-22s %-5s %7d %10.1f %10.1f %6.2f %10.2f %8.1e  %s%s\n", c.name.c_str(),
                network.name.c_str(), precision_name(how.precision), how.threads, c.median(),
                c.fastest(), ratio, fastest_ratio, c.difference, c.differs ? "DIFFERS, " : "",
                c.notes.c_str());
  }
  std::fflush(stdout);
}

void add_options(CommandLine& line) {
  line.option("models", "LIST", "", "networks (default: all)")
      .option("engines", "LIST", "", "peers (default: all that are installed)")
      .option("precision", "LIST", "int8,fp32", "int8, fp32")
      .option("threads", "LIST", "1", "numbers of threads")
      .option("isa", "ISA", "",
              "stay within avx2, avx2_vnni, avx512_core or avx512_core_vnni, oneDNN and ours")
      .option("onnxruntime", "FILE", "", "its library (default: what peers.sh installed)")
      .option("rounds", "N", "50", "rounds; each engine is timed three times in each")
      .flag("layers",
            "also the times of fused layers, ours beside each peer's that tells; ours then runs no "
            "block in bands")
      .flag("json", "an array of objects on standard output");
}

int run(const std::vector<std::string>& args) {
  CommandLine line(
      "peers [options]",
      "Times our runtime against oneDNN, XNNPACK and ONNX Runtime on the same networks "
      "and weights. Outputs are compared first. Ratio: ours / theirs.",
      "");
  add_options(line);
  if (!line.parse(args)) return 0;
  Options options;
  options.engines = words(line, "engines", {"onednn", "onnxruntime", "xnnpack"});
  options.rounds = int(line.integer("rounds", 1, 100000));
  const bool json = line.given("json");
  std::vector<std::string> names = words(line, "models", network_names());
  if (names.empty()) names = network_names();
  words(line, "isa", {"avx2", "avx2_vnni", "avx512_core", "avx512_core_vnni"});
  nlohmann::json out = nlohmann::json::array();
  if (!json) print_header();
  const std::string onnxruntime =
      line.given("onnxruntime") ? line.text("onnxruntime") : installed_onnxruntime();
  bool agree = true;
  for (const std::string& name : names) {
    const Network network = make_network(name);
    for (const Precision precision : parse_precisions(line.list("precision"), "--precision")) {
      for (const std::string& threads :
           words(line, "threads", {"1", "2", "3", "4", "6", "8", "12", "16"})) {
        const EngineOptions how{precision, std::stoi(threads), line.text("isa"), onnxruntime,
                                line.given("layers")};
        std::vector<Contestant> all = contestants(network, how, options);
        run_rounds(all, options.rounds, how.threads);
        report(all, network, how, json, &out);
        if (line.given("layers") && !json) print_layers(all, options.rounds);
        for (const Contestant& c : all) agree = agree && !c.differs;
      }
    }
  }
  if (json) std::cout << out.dump(2) << "\n";
  if (!agree) std::fprintf(stderr, "peers: outputs differ by more than is allowed\n");
  return agree ? 0 : 1;
}

}  // namespace
}  // namespace edgefront::peers

int main(int argc, char** argv) {
  try {
    return edgefront::peers::run({argv + 1, argv + argc});
  } catch (const edgefront::InputError& error) {
    std::fprintf(stderr, "peers: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "peers: %s\n", error.what());
    return 1;
  }
}
