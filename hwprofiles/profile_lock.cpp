#include "hwprofiles/profile_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "space/error.h"

namespace edgefront {
namespace {

std::string this_process() {
  char host[256] = "";
  if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  return "process " + std::to_string(::getpid()) + (host[0] != '\0' ? " on " : "") + host;
}

/// What the holder wrote; "another process" before it has.
std::string holder_of(int fd) {
  char text[320];
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "another process";
}

/// False where the file of that name was removed, or made anew, since it was opened.
bool still_named(const std::string& file, int fd) {
  struct stat opened {
  }, named{};
  return ::fstat(fd, &opened) == 0 && ::stat(file.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

ProfileLock::ProfileLock(const std::string& path) : file_(path + ".lock") {
  for (;;) {
    fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0) throw EnvironmentError(file_ + ": cannot be made: " + std::strerror(errno));
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      const int cause = errno;
      const std::string holder = holder_of(fd_);
      ::close(fd_);
      throw EnvironmentError(cause == EWOULDBLOCK
                                 ? path + ": " + holder + " is writing this profile; wait for it"
                                 : file_ + ": cannot be locked: " + std::strerror(cause));
    }
    if (still_named(file_, fd_)) break;
    ::close(fd_);  // its last holder removed it between open and flock
  }
  const std::string holder = this_process();
  const bool written = ::ftruncate(fd_, 0) == 0 && ::pwrite(fd_, holder.data(), holder.size(), 0) ==
                                                       static_cast<ssize_t>(holder.size());
  if (!written) {
    const int cause = errno;
    ::close(fd_);
    throw EnvironmentError(file_ + ": cannot be written: " + std::strerror(cause));
  }
}

ProfileLock::~ProfileLock() {
  ::unlink(file_.c_str());  // still ours, so nobody's lock is removed
  ::close(fd_);
}

}  // namespace edgefront
