#include "evaluators/command_evaluator.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "evaluators/child_process.h"
#include "evaluators/command_protocol.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

using Clock = ChildProcess::Clock;

constexpr double kLongestWait_s = 1e9;

Clock::time_point in_seconds(double seconds) {
  const std::chrono::duration<double> wait(std::min(seconds, kLongestWait_s));
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(wait);
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", seconds);
  return text;
}

class CommandEvaluator final : public AccuracyEvaluator {
 public:
  CommandEvaluator(const SearchSpace& space, const CommandOptions& options)
      : space_(space), options_(options) {
    if (options.command.empty()) throw InputError("evaluator.command: is empty");
    program_ = find_program(options.command.front());
    if (program_.empty()) {
      throw InputError("evaluator.command: there is no program \"" +
                       shown_text(options.command.front()) +
                       "\" that may be run; accepted is a name in PATH, or a path");
    }
    for (const std::string& word : options.command) {
      text_ += (text_.empty() ? "" : " ") + shown_text(word);
    }
    copies_.resize(static_cast<std::size_t>(std::max(1, options.parallel)));
    for (std::size_t i = copies_.size(); i > 0; --i) free_.push_back(i - 1);
  }

  ~CommandEvaluator() override {
    for (const auto& copy : copies_) {
      if (copy) copy->close_input();
    }
  }

  std::string prepare(const std::string& folder, const EvaluatorProgress&) override {
    folder_ = folder;
    const std::string problem = start_copy(0);
    if (!problem.empty()) throw InputError("evaluator.command: " + problem);
    const std::string identity = handshake_.name + "\n" + handshake_.version;
    return digest_hex(identity.data(), identity.size());
  }

  Accuracy evaluate(const AccuracyRequest& request) override {
    const FreeCopy copy(*this);
    Accuracy accuracy;
    for (int attempt = 0; attempt <= options_.retries; ++attempt) {
      bool again = false;
      accuracy = ask(copy.number, request, &again);
      if (!again) return accuracy;
      copies_[copy.number].reset();
    }
    if (options_.retries > 0) {
      accuracy.failure += " (after " + std::to_string(options_.retries) + " more " +
                          (options_.retries == 1 ? "try)" : "tries)");
    }
    return accuracy;
  }

  int side_by_side() const override { return static_cast<int>(copies_.size()); }

 private:
  /// One copy for the time of one evaluation; waits until there is one.
  struct FreeCopy {
    explicit FreeCopy(CommandEvaluator& all) : all(all) {
      std::unique_lock lock(all.mutex_);
      all.changed_.wait(lock, [&] { return !all.free_.empty(); });
      number = all.free_.back();
      all.free_.pop_back();
    }
    ~FreeCopy() {
      {
        const std::lock_guard lock(all.mutex_);
        all.free_.push_back(number);
      }
      all.changed_.notify_one();
    }
    FreeCopy(const FreeCopy&) = delete;
    FreeCopy& operator=(const FreeCopy&) = delete;
    CommandEvaluator& all;
    std::size_t number = 0;
  };

  double budget(const AccuracyRequest& request) const {
    double share = 1;
    for (int f = request.fidelity + 1; f < options_.fidelities; ++f) share /= options_.eta;
    return share;
  }

  /// Why a copy gave no line.
  std::string no_line(const ChildProcess& child, ChildProcess::Outcome outcome,
                      const std::string& when, double waited_s) const {
    std::string text = "\"" + text_ + "\" ";
    if (outcome == ChildProcess::Outcome::kTimeout) {
      text += "gave no line within " + seconds_text(waited_s) + " " + when;
    } else if (outcome == ChildProcess::Outcome::kTooLong) {
      text += "wrote a line of more than " + std::to_string(kMaxAnswerBytes) + " bytes " + when;
    } else {
      text += child.ending() + " " + when;
    }
    const std::string words = child.last_words();
    return words.empty() ? text : text + "; its last words: " + words;
  }

  /// Starts copy `number` and reads its first line; returns what went wrong.
  std::string start_copy(std::size_t number) {
    const std::string log =
        folder_ + "/" + options_.log_stem + "." + std::to_string(number + 1) + ".log";
    auto child = std::make_unique<ChildProcess>(starter_, program_, options_.command, log);
    if (!child->start_failure().empty()) return child->start_failure();
    std::string line;
    const auto outcome =
        child->receive(in_seconds(options_.start_timeout_s), kMaxAnswerBytes, &line);
    if (outcome != ChildProcess::Outcome::kLine) {
      return no_line(*child, outcome, "before it said what it is", options_.start_timeout_s);
    }
    const CommandHandshake handshake = parse_command_handshake(line);
    if (!handshake.problem.empty()) return "\"" + text_ + "\" " + handshake.problem;
    {
      const std::lock_guard lock(mutex_);
      if (handshake_.name.empty()) handshake_ = handshake;
      if (handshake != handshake_) {
        throw EnvironmentError("evaluator.command: \"" + text_ + "\" was " + handshake_.name + " " +
                               handshake_.version + " when the search began and is now " +
                               handshake.name + " " + handshake.version);
      }
    }
    copies_[number] = std::move(child);
    return "";
  }

  /// One question to copy `number`. `again`: another copy may answer it.
  Accuracy ask(std::size_t number, const AccuracyRequest& request, bool* again) {
    *again = true;
    Accuracy failed;
    // One that died, or spoke unasked, since its last answer is no news of this candidate.
    if (!copies_[number] || copies_[number]->disturbed()) {
      copies_[number].reset();
      failed.failure = start_copy(number);
      if (!failed.failure.empty()) return failed;
    }
    ChildProcess& child = *copies_[number];
    const std::int64_t id = next_id_++;
    std::string line;
    const auto outcome = child.exchange(command_request_line(space_, request, id, budget(request)),
                                        in_seconds(options_.timeout_s), kMaxAnswerBytes, &line);
    if (outcome != ChildProcess::Outcome::kLine) {
      failed.failure = no_line(child, outcome, "instead of an answer", options_.timeout_s);
      // What was too slow once would be too slow again.
      *again = outcome != ChildProcess::Outcome::kTimeout;
      if (!*again) copies_[number].reset();
      return failed;
    }
    CommandAnswer answer = parse_command_answer(line, id);
    if (!answer.problem.empty()) {
      failed.failure = "\"" + text_ + "\" " + answer.problem;
      return failed;
    }
    *again = false;
    return std::move(answer.accuracy);
  }

  const SearchSpace space_;
  const CommandOptions options_;
  std::string program_, text_, folder_;
  ChildStarter starter_;                               ///< outlives the copies
  std::vector<std::unique_ptr<ChildProcess>> copies_;  ///< each used by whoever took its number
  std::atomic<std::int64_t> next_id_{0};
  std::mutex mutex_;  ///< for everything below
  std::condition_variable changed_;
  std::vector<std::size_t> free_;
  CommandHandshake handshake_;  ///< of the first copy
};

}  // namespace

std::unique_ptr<AccuracyEvaluator> make_command_evaluator(const SearchSpace& space,
                                                          const CommandOptions& options) {
  return std::make_unique<CommandEvaluator>(space, options);
}

}  // namespace edgefront
