#include "experiments/pipeline/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "experiments/host.h"
#include "experiments/pipeline/journal_line.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

/// A run of a million evaluations has about half a gigabyte.
constexpr std::int64_t kMaxJournalBytes = std::int64_t{1} << 32;

void add_line(const std::string& line, int number, const std::string& where,
              JournalContents& contents) {
  JournalLine parsed = parse_journal_line(line, where);
  const auto refuse = [&](const std::string& message) { throw InputError(where + ": " + message); };
  if ((parsed.kind == JournalLine::Kind::kHeader) != (number == 1)) {
    refuse(number == 1 ? "is not the header of a journal" : "is a second header");
  }
  switch (parsed.kind) {
    case JournalLine::Kind::kHeader:
      contents.version = parsed.version;
      return;
    case JournalLine::Kind::kAsk: {
      std::int64_t index = parsed.ask.first;
      for (AskedCandidate& candidate : parsed.ask.candidates) {
        candidate.line = number;
        if (!contents.asked.emplace(index, std::move(candidate)).second) {
          refuse("candidate " + std::to_string(index) + " is asked a second time");
        }
        ++index;
      }
      contents.elapsed_s = std::max(contents.elapsed_s, parsed.ask.elapsed_s);
      contents.stop.reset();
      return;
    }
    case JournalLine::Kind::kEvaluation: {
      const std::int64_t index = parsed.evaluation.index;
      if (!contents.evaluations.emplace(index, parsed.evaluation).second) {
        refuse("evaluation " + std::to_string(index) + " stands a second time");
      }
      contents.evaluation_lines[index] = number;
      return;
    }
    case JournalLine::Kind::kAdopt:
      contents.adoptions[parsed.adopt.at] = parsed.adopt;
      return;
    case JournalLine::Kind::kStop:
      contents.stop = parsed.stop;
      return;
  }
}

}  // namespace

JournalContents parse_journal(const std::string& text, const std::string& name) {
  JournalContents contents;
  std::size_t begin = 0;
  for (int number = 1; begin < text.size(); ++number) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;
    add_line(text.substr(begin, end - begin), number, name + ":" + std::to_string(number),
             contents);
    begin = end + 1;
  }
  contents.good_bytes = static_cast<std::int64_t>(begin);
  contents.torn_bytes = static_cast<std::int64_t>(text.size() - begin);
  return contents;
}

JournalContents read_journal(const std::string& path) {
  if (!std::filesystem::exists(path)) return {};
  std::vector<std::uint8_t> bytes;
  require(read_file(path, &bytes, kMaxJournalBytes));
  return parse_journal(std::string(bytes.begin(), bytes.end()), path);
}

JournalWriter::JournalWriter(const std::string& path, const JournalContents& contents)
    : path_(path), size_(contents.good_bytes), synced_(Clock::now()) {
  fd_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) {
    throw EnvironmentError(path + ": cannot be opened for writing: " + std::strerror(errno));
  }
  // A constructor that throws has no destructor call.
  try {
    if (contents.torn_bytes > 0 && ::ftruncate(fd_, size_) != 0) fail("cannot be cut", errno);
    if (contents.version == 0) append(journal_header_line());
    flusher_ = std::thread([this] { flush_late_lines(); });
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

JournalWriter::~JournalWriter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  flusher_.join();
  if (dirty_) ::fdatasync(fd_);  // after an error on the way; close() reports
  ::close(fd_);
}

void JournalWriter::append(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (!failure_.empty()) throw EnvironmentError(failure_);
  const std::string whole = line + "\n";
  std::size_t written = 0;
  while (written < whole.size()) {
    // One call; more only where the system took a part (a disk that is filling up, a signal).
    const ssize_t n = ::write(fd_, whole.data() + written, whole.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      if (written > 0 && ::ftruncate(fd_, size_) != 0) dirty_ = true;  // stays torn: read as such
      fail("cannot be written", error);
    }
    written += static_cast<std::size_t>(n);
  }
  size_ += static_cast<std::int64_t>(whole.size());
  dirty_ = true;
  if (Clock::now() - synced_ >= std::chrono::seconds(1)) {
    sync();
  } else {
    changed_.notify_all();
  }
}

void JournalWriter::close() {
  const std::lock_guard lock(mutex_);
  if (!failure_.empty()) throw EnvironmentError(failure_);
  if (dirty_) sync();
}

void JournalWriter::sync() {
  if (::fdatasync(fd_) != 0) fail("cannot be made durable", errno);
  dirty_ = false;
  synced_ = Clock::now();
}

/// A line may be followed by minutes of training: it becomes durable within a second all the same.
void JournalWriter::flush_late_lines() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    changed_.wait(lock, [&] { return stop_ || dirty_; });
    changed_.wait_until(lock, synced_ + std::chrono::seconds(1), [&] { return stop_; });
    if (stop_ || !dirty_) continue;
    if (::fdatasync(fd_) != 0) set_failure("cannot be made durable", errno);
    dirty_ = false;
    synced_ = Clock::now();
  }
}

void JournalWriter::fail(const std::string& what, int error) {
  set_failure(what, error);
  throw EnvironmentError(failure_);
}

void JournalWriter::set_failure(const std::string& what, int error) {
  failure_ = path_ + ": " + what + ": " + std::strerror(error) +
             "; what is in it is good: make room and give the same command again";
}

}  // namespace edgefront
