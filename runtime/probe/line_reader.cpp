#include "runtime/probe/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace edgefront {

bool LineReader::fill() {
  buffer_.resize(std::size_t{1} << 16);
  for (;;) {
    pollfd files[2] = {{input_, POLLIN, 0}, {output_, 0, 0}};
    if (poll(files, 2, -1) < 0 && errno == EINTR) continue;
    cut_ = files[0].revents == 0 && (files[1].revents & POLLERR) != 0;
    if (cut_) return false;
    const ssize_t n = read(input_, buffer_.data(), buffer_.size());
    if (n < 0 && errno == EINTR) continue;
    at_ = 0;
    size_ = n > 0 ? static_cast<std::size_t>(n) : 0;
    return n > 0;
  }
}

bool LineReader::next(std::size_t limit, std::string* line) {
  line->clear();
  bool any = false;
  for (;;) {
    if (at_ == size_ && !fill()) return any && !cut_;
    any = true;
    const char* begin = buffer_.data() + at_;
    const void* found = std::memchr(begin, '\n', size_ - at_);
    const std::size_t bytes =
        found != nullptr ? static_cast<std::size_t>(static_cast<const char*>(found) - begin)
                         : size_ - at_;
    line->append(begin, std::min(bytes, limit + 1 - std::min(line->size(), limit + 1)));
    at_ += bytes;
    if (found == nullptr) continue;
    ++at_;
    return true;
  }
}

}  // namespace edgefront
