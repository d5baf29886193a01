// Any bytes as the lines of an evaluator of one's own: what is accepted is finite and named, all
// else has a reason that a terminal may show.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "evaluators/command_protocol.h"

namespace {

void require(bool good) {
  if (!good) std::abort();
}

bool printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string line(reinterpret_cast<const char*>(data), size);
  const edgefront::CommandAnswer answer = edgefront::parse_command_answer(line, 7);
  const edgefront::Accuracy& accuracy = answer.accuracy;
  require(printable(answer.problem) && printable(accuracy.failure));
  require(!accuracy.ok || (answer.problem.empty() && std::isfinite(accuracy.error_percent)));
  for (const auto& [name, value] : accuracy.extra) {
    require(printable(name) && name.size() <= 64 && std::isfinite(value));
  }
  const edgefront::CommandHandshake handshake = edgefront::parse_command_handshake(line);
  require(printable(handshake.problem));
  require(!handshake.problem.empty() || !handshake.name.empty());
  return 0;
}
