// A folder that looks like the root of another machine.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/temporary_folder.h"

namespace edgefront {

class FakeRoot {
 public:
  /// `path` begins with a slash, as on that machine.
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path full = path_ + path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text;
  }
  const std::string& path() const { return path_; }

 private:
  TemporaryFolder folder_;
  std::string path_ = folder_.path();
};

}  // namespace edgefront
