// One writer of a profile at a time: who reads a profile, measures for an hour and saves it again
// would otherwise drop what another process saved meanwhile.
#pragma once

#include <string>

namespace edgefront {

/// Holds `<path>.lock` for this process, from before the profile is read until after it is saved.
/// It ends with the process, however that ends; the file is removed when it ends orderly. Readers
/// need no lock: saving is atomic. Throws EnvironmentError where another process holds it (names
/// it) or the file cannot be made.
class ProfileLock {
 public:
  explicit ProfileLock(const std::string& path);
  ~ProfileLock();
  ProfileLock(const ProfileLock&) = delete;
  ProfileLock& operator=(const ProfileLock&) = delete;

 private:
  std::string file_;
  int fd_ = -1;
};

}  // namespace edgefront
