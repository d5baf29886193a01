// One line of a journal, to and from text.
#pragma once

#include <string>

#include "experiments/pipeline/journal.h"

namespace edgefront {

struct JournalLine {
  enum class Kind { kHeader, kAsk, kEvaluation, kAdopt, kStop };
  Kind kind = Kind::kHeader;
  AskRecord ask;
  EvaluationRecord evaluation;
  AdoptRecord adopt;
  StopRecord stop;
  int version = 0;  ///< of a header
};

/// `line` without its newline; `where` (file and line) begins the message of an InputError.
JournalLine parse_journal_line(const std::string& line, const std::string& where);

std::string journal_header_line();

}  // namespace edgefront
