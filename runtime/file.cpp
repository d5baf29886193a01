#include "runtime/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace edgefront {
namespace {

/// Closes on every way out; close_now() where the result of close() matters.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  bool close_now() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

Status failed(const std::string& path, const char* doing, int error) {
  return Status::environment(path + ": " + doing + ": " + std::strerror(error));
}

/// 0, or the errno of the write that failed.
int write_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(fd, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return EIO;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return 0;
}

/// A rename survives a power cut only when its folder has been synced too. Folders that cannot be
/// opened or synced (some network file systems) leave the file itself intact, so that is no error.
void sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid()) ::fsync(fd.get());
}

/// `path` is what messages name, `temporary` where the bytes go.
Status write_and_sync(const std::string& path, const std::string& temporary, const void* bytes,
                      std::size_t size) {
  Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return failed(path, "cannot create", errno);
  if (const int error = write_all(fd.get(), static_cast<const char*>(bytes), size); error != 0) {
    return failed(path, "cannot write", error);
  }
  if (::fsync(fd.get()) != 0) return failed(path, "cannot sync", errno);
  if (!fd.close_now()) return failed(path, "cannot close", errno);
  return {};
}

}  // namespace

std::string digest_hex(const void* bytes, std::size_t size) {
  // A null pointer is a legal empty range for callers, but not for the hash.
  const XXH128_hash_t hash = XXH3_128bits(size == 0 ? "" : bytes, size);
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  const char* digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : canonical.digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Status read_file(const std::string& path, std::vector<std::uint8_t>* out, std::int64_t limit) {
  // Non-blocking, or opening a FIFO would wait for its writer; no effect on regular files.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    return Status::invalid(path + ": cannot open: " + std::strerror(errno));
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return failed(path, "cannot stat", errno);
  if (!S_ISREG(info.st_mode)) return Status::invalid(path + ": not a regular file");
  if (info.st_size > limit) {
    return Status::invalid(path + ": " + std::to_string(info.st_size) +
                           " bytes, accepted are at most " + std::to_string(limit));
  }
  out->resize(static_cast<std::size_t>(info.st_size));
  std::size_t have = 0;
  while (have < out->size()) {
    const ssize_t got = ::read(fd.get(), out->data() + have, out->size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, "cannot read", errno);
    if (got == 0) break;  // shrank since fstat
    have += static_cast<std::size_t>(got);
  }
  out->resize(have);
  return {};
}

Status write_file_atomic(const std::string& path, const void* bytes, std::size_t size) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    // The rename would put a file in the place of a device, /dev/null too.
    return Status::invalid(path + ": not a regular file");
  }
  const std::string temporary = path + ".tmp." + std::to_string(::getpid());
  Status status = write_and_sync(path, temporary, bytes, size);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = failed(path, "cannot rename the temporary file to it", errno);
  }
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  sync_folder_of(path);
  return {};
}

}  // namespace edgefront
