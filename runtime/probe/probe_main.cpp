// edgefront-probe: measures jobs on the machine that it runs on. Static, for boards.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>

#include "runtime/probe/session.h"

namespace {

constexpr int kDone = 0;
constexpr int kWrongInput = 2;
constexpr int kSurroundingsFailed = 3;

constexpr const char* kHelp =
    "Usage: edgefront-probe JOBS > results.jsonl\n"
    "       edgefront-probe --describe\n"
    "\n"
    "Measures layers and networks on this machine. JOBS is a file of JSON Lines, as written by\n"
    "`edgefront layers`, or - for standard input; it is read to its end, then measured. Results "
    "go\n"
    "to standard output, progress to standard error. A line that cannot be measured gives an "
    "error\n"
    "result with its number, and the others go on.\n"
    "\n"
    "  --describe  print this machine and its state as one line and stop\n"
    "  --quiet     no progress\n"
    "  --help      this text\n"
    "\n"
    "Exit codes: 0 done, 2 a wrong argument or at least one wrong line, 3 the results could not "
    "be\n"
    "written.\n";

struct Arguments {
  std::string jobs;
  bool describe = false, quiet = false, help = false;
};

// False, with a message on standard error, for arguments that are not understood.
bool parse_arguments(int argc, char** argv, Arguments* out) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help") {
      out->help = true;
    } else if (argument == "--describe") {
      out->describe = true;
    } else if (argument == "--quiet") {
      out->quiet = true;
    } else if (argument.size() > 1 && argument[0] == '-') {
      std::cerr << "edgefront-probe: unknown option '" << argument << "'; see --help\n";
      return false;
    } else if (!out->jobs.empty()) {
      std::cerr << "edgefront-probe: more than one job file: '" << out->jobs << "' and '"
                << argument << "'\n";
      return false;
    } else {
      out->jobs = argument;
    }
  }
  if (!out->help && !out->describe && out->jobs.empty()) {
    std::cerr << "edgefront-probe: no job file given; - is standard input, see --help\n";
    return false;
  }
  return true;
}

int describe() {
  edgefront::ProbeResult result;
  result.kind = edgefront::ResultKind::kHandshake;
  result.identity = edgefront::describe_device("");
  result.state = edgefront::describe_state("");
  std::cout << edgefront::result_line(result) << std::endl;
  return std::cout.good() ? kDone : kSurroundingsFailed;
}

int measure(const Arguments& arguments) {
  std::ifstream file;
  if (arguments.jobs != "-") {
    file.open(arguments.jobs);
    if (!file.good()) {
      std::cerr << "edgefront-probe: cannot read job file '" << arguments.jobs
                << "': " << std::strerror(errno) << "\n";
      return kWrongInput;
    }
  }
  int printed = -1;  // per cent
  const auto progress = [&](const std::string& stage, int done, int total) {
    const int percent = 100 * done / total;
    if (arguments.quiet || (percent / 5 == printed / 5 && done < total)) return;
    printed = percent;
    std::cerr << stage << " " << done << "/" << total << "\n";
  };
  const edgefront::SessionSummary summary = edgefront::run_session(
      arguments.jobs == "-" ? std::cin : file, std::cout, edgefront::describe_device(""),
      edgefront::describe_state(""), progress);
  if (!summary.written) {
    std::cerr << "edgefront-probe: the results could not be written\n";
    return kSurroundingsFailed;
  }
  return summary.errors == 0 ? kDone : kWrongInput;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a host that is gone is an exit code, not a signal
  std::ios::sync_with_stdio(false);
  Arguments arguments;
  if (!parse_arguments(argc, argv, &arguments)) return kWrongInput;
  if (arguments.help) {
    std::cout << kHelp << std::flush;
    return std::cout.good() ? kDone : kSurroundingsFailed;
  }
  return arguments.describe ? describe() : measure(arguments);
}
