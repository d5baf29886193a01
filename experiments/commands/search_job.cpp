#include "experiments/commands/search_job.h"

#include <csignal>
#include <cstdlib>
#include <string>

#include "experiments/pipeline/search_workers.h"
#include "space/error.h"

namespace edgefront {
namespace {

/// Processes that a launcher says it started together; 1 without one. (SLURM_NTASKS also stands in
/// a batch script's own environment, where nothing was launched.)
int launched_processes() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const char* text = std::getenv(name);
    const int count = text ? std::atoi(text) : 0;
    if (count > 1) return count;
  }
  return 1;
}

}  // namespace

std::unique_ptr<MessageTransport> join_job(bool demanded) {
  const int launched = launched_processes();
  if (launched == 1 && !demanded) return nullptr;
  std::unique_ptr<MessageTransport> transport = load_message_transport();
  if (transport->size() > 1) return transport;
  transport->finish();
  if (launched > 1) {
    throw EnvironmentError("the launcher started " + std::to_string(launched) +
                           " processes, but each of them is alone for MPI; with srun give "
                           "--mpi=pmix or --mpi=pmi2, or use mpirun");
  }
  return nullptr;
}

int serve_search(MessageTransport& transport, const SearchExperiment& experiment) {
  // A launcher's signals reach all processes; the one that searches decides what they mean.
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_IGN);
  SearchWorker worker(experiment, transport.rank());
  const Served served =
      serve(transport, [&worker](const std::string& question) { return worker.answer(question); });
  if (served.all_live) transport.finish();
  // What is still being evaluated uses the worker.
  if (!served.idle) std::_Exit(0);
  return 0;
}

}  // namespace edgefront
