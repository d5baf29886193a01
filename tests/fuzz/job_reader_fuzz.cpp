// Arbitrary bytes as job and result lines: never a crash, and what is accepted survives a round
// trip through its own writer.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "runtime/probe/jobs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string line(reinterpret_cast<const char*>(data), size);
  edgefront::ProbeJob job, job_again;
  if (edgefront::parse_job(line, &job).ok()) {
    const std::string written = edgefront::job_line(job);
    if (!edgefront::parse_job(written, &job_again).ok()) std::abort();
    if (edgefront::job_line(job_again) != written) std::abort();
  }
  edgefront::ProbeResult result, result_again;
  if (edgefront::parse_result(line, &result).ok()) {
    const std::string written = edgefront::result_line(result);
    if (!edgefront::parse_result(written, &result_again).ok()) std::abort();
    if (edgefront::result_line(result_again) != written) std::abort();
  }
  return 0;
}
