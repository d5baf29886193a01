#include "experiments/pipeline/journal_replay.h"

#include "space/error.h"

namespace edgefront {
namespace {

/// Asks at the end of the journal that are made again.
constexpr std::int64_t kComparedAsks = 2;

std::string described(const std::string& genotype, int fidelity, int replicate) {
  std::string text = genotype;
  if (fidelity != 0) text += " at fidelity " + std::to_string(fidelity);
  if (replicate != 0) text += " as replicate " + std::to_string(replicate);
  return text;
}

/// What the journal says that the candidate was, with the line that says so; line 0: nothing.
AskedCandidate past(const JournalContents& journal, std::int64_t index) {
  const auto asked = journal.asked.find(index);
  if (asked != journal.asked.end()) return asked->second;
  const auto known = journal.evaluations.find(index);
  if (known == journal.evaluations.end()) return {};
  return {.genotype = known->second.genotype,
          .fidelity = known->second.fidelity,
          .replicate = known->second.replicate,
          .line = journal.evaluation_lines.at(index)};
}

/// Journals of version 1 do not say what was asked beside the genotype where nothing was answered.
bool same(const AskedCandidate& then, const Candidate& now, const std::string& genotype,
          int version) {
  if (then.genotype != genotype) return false;
  return version < 2 || (then.fidelity == now.fidelity && then.replicate == now.replicate);
}

}  // namespace

ReplayCheck check_replay(const JournalContents& journal, const SearchSpace& space,
                         const std::vector<Candidate>& candidates, const std::string& path,
                         const std::string& version) {
  ReplayCheck check;
  for (const Candidate& candidate : candidates) {
    const AskedCandidate then = past(journal, candidate.index);
    const std::string now = to_text(space, candidate.genotype);
    if (then.line > 0 && !same(then, candidate, now, journal.version)) {
      check.cause = path + ":" + std::to_string(then.line) + ": candidate " +
                    std::to_string(candidate.index) + " is " +
                    described(then.genotype, then.fidelity, then.replicate) +
                    " in the journal, but " + version + " now asks " +
                    described(now, candidate.fidelity, candidate.replicate);
      if (journal.version == 1) {
        check.cause +=
            " (the journal is of version 1: its run asked in whole batches of in_flight, this "
            "program asks anew after each answer)";
      }
      return check;
    }
    ++check.same;
  }
  return check;
}

std::vector<Candidate> candidates_to_take_over(const JournalContents& journal,
                                               const SearchSpace& space, std::int64_t from,
                                               std::int64_t most) {
  std::vector<Candidate> candidates;
  if (!journal.adoptions.empty() || journal.version < 2 || journal.asked.empty()) return candidates;
  const std::int64_t end = journal.asked.rbegin()->first + 1 - kComparedAsks;
  for (std::int64_t index = from; index < end && index < from + most; ++index) {
    const auto asked = journal.asked.find(index);
    if (asked == journal.asked.end()) break;
    candidates.push_back({.index = index,
                          .genotype = parse_genotype(space, asked->second.genotype),
                          .fidelity = asked->second.fidelity,
                          .replicate = asked->second.replicate});
  }
  return candidates;
}

}  // namespace edgefront
