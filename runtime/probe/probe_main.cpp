// edgefront-probe: measures jobs on the machine that it runs on. Static, for boards; C's files
// instead of streams, which would add a megabyte.
#include <sched.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "runtime/probe/compare.h"
#include "runtime/probe/core_kinds.h"
#include "runtime/probe/description.h"
#include "runtime/probe/line_reader.h"
#include "runtime/probe/pinning.h"
#include "runtime/probe/session.h"
#include "runtime/probe/traces.h"

namespace {

constexpr int kDone = 0;
constexpr int kWrongInput = 2;
constexpr int kSurroundingsFailed = 3;

constexpr const char* kHelp =
    "Usage: edgefront-probe JOBS > results.jsonl\n"
    "       edgefront-probe --compare [JOBS]\n"
    "       edgefront-probe --describe [--peer HOST:PORT]\n"
    "       edgefront-probe --soak TIME | --frequencies | --energy JOBS | --windows JOBS\n"
    "                       [--trace FILE] [--threads N]\n"
    "\n"
    "Measures layers and networks on this machine. JOBS is a file of JSON Lines, as written by\n"
    "`edgefront layers`, or - for standard input; it is measured when it ends, and at each line\n"
    "{\"job\":\"run\"}, so that `edgefront profile --on` can speak with it. Results go to "
    "standard\n"
    "output, progress to standard error. A line that cannot be measured gives an error result "
    "with\n"
    "its number, and the others go on.\n"
    "\n"
    "  --compare   measure the layers of JOBS (default: common layers of MobileNetV2 and V3) in\n"
    "              int8 and in fp32, with this machine's best kernels or those that the\n"
    "              environment variable EDGEFRONT_KERNELS names, and print a table of both times\n"
    "  --describe  print this machine, its measured peaks and its present state as one line and\n"
    "              stop; `edgefront` reads it as a device description\n"
    "  --peer HOST:PORT\n"
    "              with --describe: the round trip to this address by TCP\n"
    "  --cores KIND  where cores are of several kinds, measure on this one; any other word lists\n"
    "              them (default: the fastest)\n"
    "  --soak TIME heat with layers of MobileNetV2 and V3 for TIME (30m, 90s, 2h), then cool for\n"
    "              half of it; temperature, power, clock and latency every second\n"
    "  --frequencies\n"
    "              latency and power at every clock level. For root: sets the limits of cpufreq;\n"
    "              a second process sets them back when this one ends, in whatever way\n"
    "  --energy JOBS\n"
    "              energy of the layers of JOBS above the idle machine, by RAPL, INA3221, another\n"
    "              hwmon sensor or the battery\n"
    "  --windows JOBS\n"
    "              the same for a power meter outside: when which layer ran, between two markers\n"
    "              (patterns of work and rest) that `edgefront profile --power-log` finds in its "
    "log\n"
    "  --trace FILE\n"
    "              where these four write their lines (default: standard output)\n"
    "  --threads N of the layers of --soak and --frequencies (default: 1)\n"
    "  --quiet     no progress\n"
    "  --help      this text\n"
    "\n"
    "Exit codes: 0 done, 2 a wrong argument or at least one wrong line, 3 the results could not "
    "be\n"
    "written.\n";

struct Arguments {
  std::string jobs, cores, soak, trace, peer;
  int threads = 1;
  bool has_threads = false;
  bool frequencies = false, energy = false, windows = false;
  bool compare = false, describe = false, quiet = false, help = false;
};

void complain(const std::string& message) {
  std::fprintf(stderr, "edgefront-probe: %s\n", message.c_str());
}

/// Exit code of a program that prints `text` and nothing else.
int print(const std::string& text) {
  const bool whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (whole && std::fflush(stdout) == 0) return kDone;
  complain("the results could not be written");
  return kSurroundingsFailed;
}

/// Options with a value: true for one of them, whose value is stored and skipped; `*i` is then
/// `argc`, with a message, if the value is missing or wrong.
bool value_of(const std::string& argument, int argc, char** argv, int* i, Arguments* out) {
  std::string* text = argument == "--cores"   ? &out->cores
                      : argument == "--soak"  ? &out->soak
                      : argument == "--trace" ? &out->trace
                      : argument == "--peer"  ? &out->peer
                                              : nullptr;
  if (text == nullptr && argument != "--threads") return false;
  if (*i + 1 == argc || *argv[*i + 1] == '\0') {
    complain(argument + " needs a value; see --help");
    *i = argc;
    return true;
  }
  const std::string value = argv[++*i];
  if (text == nullptr ? out->has_threads : !text->empty()) {
    complain(argument + " stands twice");
    *i = argc;
    return true;
  }
  if (text != nullptr) {
    *text = value;
    return true;
  }
  char* end = nullptr;
  const long threads = std::strtol(value.c_str(), &end, 10);
  if (*end != '\0' || threads < 1 || threads > 1024) {
    complain("--threads is '" + value + "'; accepted are 1 to 1024");
    *i = argc;
    return true;
  }
  out->threads = static_cast<int>(threads);
  out->has_threads = true;
  return true;
}

/// What is wrong with the arguments together, which would otherwise be ignored; empty if nothing.
std::string contradiction(const Arguments& a) {
  const bool soak = !a.soak.empty();
  if (a.describe + a.compare + soak + a.frequencies + a.energy + a.windows > 1) {
    return "--compare, --describe, --soak, --frequencies, --energy and --windows exclude each "
           "other";
  }
  if (!a.jobs.empty() && (a.describe || soak || a.frequencies)) {
    return "'" + a.jobs + "': --describe, --soak and --frequencies take no job file";
  }
  if (!a.trace.empty() && !(soak || a.frequencies || a.energy || a.windows)) {
    return "--trace is of --soak, --frequencies, --energy and --windows";
  }
  if (a.has_threads && !soak && !a.frequencies) return "--threads is of --soak and --frequencies";
  if (!a.peer.empty() && !a.describe) return "--peer is of --describe";
  const bool alone = a.describe || a.compare || soak || a.frequencies;
  return a.jobs.empty() && !alone ? "no job file given; - is standard input" : "";
}

// False, with a message on standard error, for arguments that are not understood.
bool parse_arguments(int argc, char** argv, Arguments* out) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      out->help = true;
    } else if (argument == "--describe") {
      out->describe = true;
    } else if (argument == "--compare") {
      out->compare = true;
    } else if (argument == "--quiet") {
      out->quiet = true;
    } else if (argument == "--frequencies") {
      out->frequencies = true;
    } else if (argument == "--energy") {
      out->energy = true;
    } else if (argument == "--windows") {
      out->windows = true;
    } else if (value_of(argument, argc, argv, &i, out)) {
      if (i == argc) return false;
    } else if (argument.size() > 1 && argument[0] == '-') {
      complain("unknown option '" + argument + "'; see --help");
      return false;
    } else if (!out->jobs.empty()) {
      complain("more than one job file: '" + out->jobs + "' and '" + argument + "'");
      return false;
    } else {
      out->jobs = argument;
    }
  }
  const std::string wrong = out->help ? "" : contradiction(*out);
  if (!wrong.empty()) complain(wrong + "; see --help");
  return wrong.empty();
}

struct Closer {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, Closer>;

/// Null, with a message, where the file cannot be read.
File open_jobs(const std::string& path) {
  if (path == "-") return File(stdin);
  File file(std::fopen(path.c_str(), "re"));
  struct stat info {};
  if (file && fstat(fileno(file.get()), &info) == 0 && S_ISDIR(info.st_mode)) {
    file.reset();  // opens, and would read as an empty file
    errno = EISDIR;
  }
  if (!file) complain("cannot read job file '" + path + "': " + std::strerror(errno));
  return file;
}

/// Prints every twentieth part of a stage.
class Progress {
 public:
  explicit Progress(bool quiet) : quiet_(quiet) {}
  void operator()(const std::string& stage, int done, int total) {
    const int percent = 100 * done / total;
    if (quiet_ || (percent / 5 == printed_ / 5 && done < total)) return;
    printed_ = percent;
    std::fprintf(stderr, "%s %d/%d\n", stage.c_str(), done, total);
  }

 private:
  bool quiet_;
  int printed_ = -1;  // per cent
};

/// False, with a message, where there is no such kind.
bool confine_to(const std::string& kind_name) {
  using namespace edgefront;
  std::string accepted;
  for (const CoreKind& kind : core_kinds("")) {
    accepted += (accepted.empty() ? "'" : ", '") + kind.name + "'";
    if (kind.name != kind_name) continue;
    cpu_set_t mask;
    CPU_ZERO(&mask);
    for (const int cpu : kind.cpus) {
      if (cpu < CPU_SETSIZE) CPU_SET(cpu, &mask);
    }
    if (sched_setaffinity(0, sizeof mask, &mask) == 0) return true;
    complain("this process may not run on cores of the kind '" + kind_name + "'");
    return false;
  }
  complain("cores of the kind '" + kind_name + "' are not known; " +
           (accepted.empty() ? "all cores are alike here" : "accepted are " + accepted));
  return false;
}

int describe(const Arguments& arguments) {
  using namespace edgefront;
  MachineDescription machine;
  machine.identity = describe_device("");
  machine.state = describe_state("");
  machine.present = read_present("");
  machine.present.peer = arguments.peer;
  if (!arguments.peer.empty()) {
    const Status status = measure_peer("", arguments.peer, &machine.present.link);
    if (!status.ok()) {
      complain(status.message());
      return kWrongInput;
    }
  }
  const KernelSet* set = nullptr;
  const Status chosen = choose_kernel_set(forced_kernel_set(), &set);
  if (!chosen.ok()) {
    complain(chosen.message());
    return kWrongInput;
  }
  const PinnedTeam pinned(-1, 1);
  Roofs roofs;
  if (measure_roofs(*set, machine.identity, &roofs).ok()) machine.roofs = roofs;
  return print(description_line(machine) + "\n");
}

int compare(const Arguments& arguments) {
  using namespace edgefront;
  const KernelSet* set = nullptr;
  std::vector<LayerKey> layers = common_layers();
  ProtocolOptions protocol;
  Status status = choose_kernel_set(forced_kernel_set(), &set);
  if (status.ok() && !arguments.jobs.empty()) {
    const File file = open_jobs(arguments.jobs);
    if (!file) return kWrongInput;
    layers.clear();
    status = read_comparison(file.get(), &layers, &protocol);
  }
  std::vector<LayerComparison> compared;
  if (status.ok()) {
    Progress progress(arguments.quiet);
    status = compare_precisions(
        layers, *set, protocol, [&](int done, int total) { progress("layers", done, total); },
        &compared);
  }
  if (!status.ok()) {
    complain(status.message());
    return status.code() == StatusCode::kInvalid ? kWrongInput : kSurroundingsFailed;
  }
  return print(std::string("kernels ") + set->name + "\n" + comparison_table(compared));
}

/// The layers of a job file; false, with a message, where a line is no job.
bool read_layers(const std::string& path, std::vector<edgefront::LayerKey>* out) {
  using namespace edgefront;
  const File file = open_jobs(path);
  if (!file) return false;
  LineReader lines(fileno(file.get()));
  std::string text;
  for (int line = 1; lines.next(kMaxLineBytes, &text); ++line) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    ProbeJob job;
    if (Status s = parse_job(text, &job); !s.ok()) {
      complain("line " + std::to_string(line) + ": " + s.message());
      return false;
    }
    if (job.kind == JobKind::kLayer) out->push_back(job.key);
  }
  return true;
}

edgefront::Status run_trace(const Arguments& arguments,
                            const std::vector<edgefront::LayerKey>& keys) {
  using namespace edgefront;
  TraceOptions options;
  options.threads = arguments.threads;
  std::FILE* out = arguments.trace.empty() ? stdout : nullptr;
  File file;
  std::string failure;
  const LineWriter write = [&](const std::string& text) {
    if (out == nullptr) {  // opened late: what is refused leaves a trace of that name as it was
      file.reset(std::fopen(arguments.trace.c_str(), "we"));
      out = file.get();
      if (out == nullptr) {
        failure = "cannot write '" + arguments.trace + "': " + std::strerror(errno);
        return false;
      }
    }
    const std::string line = text + "\n";
    const bool written =
        std::fwrite(line.data(), 1, line.size(), out) == line.size() && std::fflush(out) == 0;
    if (!written) failure = "the trace could not be written";
    return written;
  };
  Status status;
  if (arguments.frequencies) {
    status = trace_frequencies(options, write);
  } else if (arguments.energy) {
    status = trace_energy(keys, options, write);
  } else if (arguments.windows) {
    status = trace_windows(keys, options, write);
  } else if (parse_duration(arguments.soak, &options.soak.heat_s)) {
    options.soak.cool_s = options.soak.heat_s / 2;
    status = trace_soak(options, write);
  } else {
    return Status::invalid("--soak is '" + arguments.soak +
                           "'; accepted are times such as 30m, 90s or 2h");
  }
  return failure.empty() ? status : Status::environment(failure);
}

int trace(const Arguments& arguments) {
  std::vector<edgefront::LayerKey> keys;
  const bool of_layers = arguments.energy || arguments.windows;
  if (of_layers && !read_layers(arguments.jobs, &keys)) return kWrongInput;
  const edgefront::Status status = run_trace(arguments, keys);
  if (status.ok()) return kDone;
  complain(status.message());
  return status.code() == edgefront::StatusCode::kInvalid ? kWrongInput : kSurroundingsFailed;
}

int measure(const Arguments& arguments) {
  const File file = open_jobs(arguments.jobs);
  if (!file) return kWrongInput;
  const edgefront::SessionSummary summary =
      edgefront::run_session(file.get(), stdout, edgefront::describe_device(""),
                             edgefront::describe_state(""), Progress(arguments.quiet));
  if (!summary.written) {
    complain("the results could not be written");
    return kSurroundingsFailed;
  }
  return summary.errors == 0 ? kDone : kWrongInput;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a host that is gone is an exit code, not a signal
  Arguments arguments;
  if (!parse_arguments(argc, argv, &arguments)) return kWrongInput;
  if (arguments.help) return print(kHelp);
  if (!arguments.cores.empty() && !confine_to(arguments.cores)) return kWrongInput;
  if (arguments.describe) return describe(arguments);
  const bool traced = arguments.frequencies || arguments.energy || arguments.windows;
  if (traced || !arguments.soak.empty()) return trace(arguments);
  return arguments.compare ? compare(arguments) : measure(arguments);
}
