// Lines of a conversation, from a pipe or a file.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace edgefront {

/// Reads `input`, a file descriptor, to its end. Where that is a pipe and `output` (−1: none) is
/// one that nobody reads any more, the input ends too: who asks through a line that is cut one way
/// would wait for ever.
class LineReader {
 public:
  explicit LineReader(int input, int output = -1) : input_(input), output_(output) {}

  /// One line without its newline, of which at most `limit` + 1 bytes are kept and the rest
  /// skipped. False at the end.
  bool next(std::size_t limit, std::string* line);

  /// The input was ended by the output.
  bool cut() const { return cut_; }

 private:
  bool fill();

  int input_, output_;
  bool cut_ = false;
  std::vector<char> buffer_;
  std::size_t at_ = 0, size_ = 0;  // what of the buffer is not read yet
};

}  // namespace edgefront
