// The lines that an evaluator of one's own and the search exchange: docs/command_evaluator.md. What
// comes is from outside; nothing here throws on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "evaluators/accuracy_evaluator.h"
#include "space/search_space.h"

namespace edgefront {

constexpr int kCommandProtocolVersion = 1;
/// Longest line that is read.
constexpr std::size_t kMaxAnswerBytes = std::size_t{1} << 20;
/// Other numbers than the error and its standard error that one answer may hold.
constexpr std::size_t kMaxExtraColumns = 64;

/// The first line of an evaluator. The two texts identify what it computes.
struct CommandHandshake {
  std::string name, version;
  std::string problem;  ///< why the line is no handshake; "" = it is one
  bool operator==(const CommandHandshake&) const = default;
};

struct CommandAnswer {
  Accuracy accuracy;    ///< where !ok: the evaluator says itself that this candidate failed
  std::string problem;  ///< why the line is no answer; "" = it is one
};

/// One line without its newline. `id` comes back with the answer; `budget` is the share of a whole
/// training that the request's fidelity stands for.
std::string command_request_line(const SearchSpace& space, const AccuracyRequest& request,
                                 std::int64_t id, double budget = 1);

CommandHandshake parse_command_handshake(const std::string& line);
CommandAnswer parse_command_answer(const std::string& line, std::int64_t id);

/// The start of a text from outside as it may stand in a line for people: printable ASCII.
std::string shown_text(const std::string& text, std::size_t most = 120);

}  // namespace edgefront
