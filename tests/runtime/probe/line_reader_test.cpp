#include "runtime/probe/line_reader.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

using namespace edgefront;

namespace {

struct Pipe {
  int ends[2];
  Pipe() { REQUIRE(pipe(ends) == 0); }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  void close_end(int i) {
    if (ends[i] >= 0) close(ends[i]);
    ends[i] = -1;
  }
  void write_text(const std::string& text) {
    REQUIRE(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
};

}  // namespace

TEST_CASE("lines are read to the newline and kept only up to the limit") {
  Pipe in;
  in.write_text("ab\n\n" + std::string(100, 'x') + "\nlast");
  in.close_end(1);
  LineReader lines(in.ends[0]);
  std::string line;
  CHECK(lines.next(8, &line));
  CHECK(line == "ab");
  CHECK(lines.next(8, &line));
  CHECK(line == "");
  CHECK(lines.next(8, &line));
  CHECK(line == std::string(9, 'x'));
  CHECK(lines.next(8, &line));
  CHECK(line == "last");
  CHECK_FALSE(lines.next(8, &line));
  CHECK_FALSE(lines.cut());
}

TEST_CASE("an input that is still open ends when nobody reads the output any more") {
  Pipe in, out;
  in.write_text("first\nha");
  LineReader lines(in.ends[0], out.ends[1]);
  std::string line;
  CHECK(lines.next(100, &line));
  CHECK(line == "first");
  out.close_end(0);
  CHECK_FALSE(lines.next(100, &line));
  CHECK(lines.cut());
}
