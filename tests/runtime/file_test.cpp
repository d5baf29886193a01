#include "runtime/file.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "tests/temporary_folder.h"

namespace edgefront {
namespace {

std::string text_of(const std::string& path) {
  std::vector<std::uint8_t> bytes;
  REQUIRE(read_file(path, &bytes).ok());
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("digests are XXH3-128 in canonical order") {
  // As `xxhsum -H2` prints them.
  CHECK(digest_hex("", 0) == "99aa06d3014798d86001c324468d497f");
  CHECK(digest_hex(nullptr, 0) == "99aa06d3014798d86001c324468d497f");
  CHECK(digest_hex("abc", 3) == "06b05ab6733a618578af5f94892f3950");
}

TEST_CASE("a written file is read back, replaces the old one and leaves nothing beside it") {
  const TemporaryFolder folder;
  const std::string path = folder.path("a");
  REQUIRE(write_file_atomic(path, "first", 5).ok());
  REQUIRE(write_file_atomic(path, "second!", 7).ok());
  CHECK(text_of(path) == "second!");
  CHECK(folder.files() == 1);
}

TEST_CASE("a file that cannot be read says why") {
  const TemporaryFolder folder;
  std::vector<std::uint8_t> bytes;
  Status status = read_file(folder.path("none"), &bytes);
  CHECK(status.code() == StatusCode::kInvalid);
  CHECK(status.message() == folder.path("none") + ": cannot open: No such file or directory");
  CHECK(read_file(folder.path(), &bytes).message() == folder.path() + ": not a regular file");
  REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  CHECK(read_file(folder.path("pipe"), &bytes).message() ==
        folder.path("pipe") + ": not a regular file");
  REQUIRE(write_file_atomic(folder.path("big"), "12345", 5).ok());
  status = read_file(folder.path("big"), &bytes, 4);
  CHECK(status.code() == StatusCode::kInvalid);
  CHECK(status.message() == folder.path("big") + ": 5 bytes, accepted are at most 4");
}

TEST_CASE(
    "a full disk is an environment error, the old file stands and the temporary one is gone") {
  const TemporaryFolder folder;
  const std::string path = folder.path("a");
  REQUIRE(write_file_atomic(path, "old", 3).ok());
  // A limit on file size stands in for a full disk: write() fails half-way in the same manner.
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit tight{1000, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  const std::string large(5000, 'x');
  const Status status = write_file_atomic(path, large.data(), large.size());
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(status.code() == StatusCode::kEnvironment);
  CHECK(status.message().find("cannot write: File too large") != std::string::npos);
  CHECK(text_of(path) == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE(
    "a folder that is missing is an environment error, one in the file's place a wrong name") {
  const TemporaryFolder folder;
  Status status = write_file_atomic(folder.path("no/a"), "x", 1);
  CHECK(status.code() == StatusCode::kEnvironment);
  CHECK(status.message() == folder.path("no/a") + ": cannot create: No such file or directory");
  REQUIRE(::mkdir(folder.path("taken").c_str(), 0700) == 0);
  status = write_file_atomic(folder.path("taken"), "x", 1);
  CHECK(status.code() == StatusCode::kInvalid);
  CHECK(status.message() == folder.path("taken") + ": not a regular file");
  CHECK(folder.files() == 1);
}

}  // namespace edgefront
