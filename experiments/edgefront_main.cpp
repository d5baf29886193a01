// The host program: finds the command in one table and turns what it throws into an exit code.
// 0 done, 1 bug, 2 wrong input, 3 the surroundings failed, 4 no feasible result.
#include <exception>
#include <filesystem>
#include <iostream>

#include "experiments/commands/commands.h"
#include "experiments/pipeline/run_folder.h"
#include "experiments/pipeline/search_run.h"
#include "space/error.h"

namespace {

struct Command {
  const char* name;
  int (*run)(const edgefront::CommandArguments&);
  const char* summary;
};

constexpr Command kCommands[] = {
    {"space", edgefront::space_command, "what a search space holds: decisions, size, cost range"},
    {"layers", edgefront::layers_command, "the distinct fused layers of a space, as probe jobs"},
    {"profile", edgefront::profile_command, "measure this machine, show or validate a profile"},
    {"estimate", edgefront::estimate_command, "cost of one architecture, layer by layer"},
    {"search", edgefront::search_command, "run or resume an experiment"},
    {"batch", edgefront::batch_command, "many experiments, and how their algorithms compare"},
    {"export", edgefront::export_command, "train, quantize, write and measure chosen networks"},
    {"evaluate", edgefront::evaluate_command, "int8 accuracy of a model on real data"},
    {"bench", edgefront::bench_command, "latency statistics, per-layer times, memory of a model"},
    {"ask", edgefront::ask_command, "choose a network of a run by limits and weights"},
    {"report", edgefront::report_command, "one HTML file with the front and what was measured"},
};

int usage(std::ostream& out) {
  out << "Usage: edgefront COMMAND [arguments]\n\n"
         "Finds networks that trade accuracy against their measured cost on your device.\n\n"
         "Commands:\n";
  for (const Command& c : kCommands) {
    out << "  " << c.name << std::string(12 - std::string(c.name).size(), ' ') << c.summary << "\n";
  }
  out << "\n'edgefront COMMAND --help' tells the arguments and options of one command.\n"
         "Exit codes: 0 done, 1 bug, 2 wrong input, 3 the surroundings failed, 4 no feasible "
         "result.\n";
  return 0;
}

int run(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "-h" || name == "help") return usage(std::cout);
  if (name == "--version") {
    std::cout << "edgefront " << edgefront::kProgramVersion << "\n";
    return 0;
  }
  for (const Command& c : kCommands) {
    if (name == c.name) return c.run({argv + 2, argv + argc});
  }
  std::string accepted;
  for (const Command& c : kCommands) accepted += std::string(accepted.empty() ? "" : ", ") + c.name;
  throw edgefront::InputError(
      (name.empty() ? "no command given" : "there is no command '" + name + "'") +
      "; accepted are " + accepted + "; see edgefront --help");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int code = run(argc, argv);
    std::cout.flush();
    if (!std::cout) throw edgefront::EnvironmentError("standard output could not be written");
    return code;
  } catch (const edgefront::InputError& e) {
    std::cerr << "edgefront: " << e.what() << "\n";
    return 2;
  } catch (const edgefront::NoFeasibleResult& e) {
    std::cerr << "edgefront: " << e.what() << "\n";
    return 4;
  } catch (const edgefront::EnvironmentError& e) {
    std::cerr << "edgefront: " << e.what() << "\n";
    return 3;
  } catch (const std::filesystem::filesystem_error& e) {
    // A path that cannot be looked at: too long, a circle of links, a folder that may not be read.
    std::cerr << "edgefront: " << e.path1().string() << ": " << e.code().message() << "\n";
    return 2;
  } catch (const std::exception& e) {
    std::cerr << "edgefront: bug: " << e.what() << "\n";
    return 1;
  }
}
