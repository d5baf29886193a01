// Where the published tables are that some tests compare with. No row of them is part of the
// project: without them these tests are skipped, aloud.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace edgefront {

/// The text of a file below $EDGEFRONT_PUBLIC_DATA, or ../shared/data beside the sources; of a file
/// `name`.gz what is in it. Empty, with a message, where there is none.
inline std::string public_data(const std::string& name) {
  const char* folder = std::getenv("EDGEFRONT_PUBLIC_DATA");
  const std::string root =
      folder != nullptr ? folder : std::string(EDGEFRONT_SOURCE_DIR) + "/../shared/data";
  std::string text;
  const std::string path = root + "/" + name;
  if (std::filesystem::exists(path)) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    text = out.str();
  } else if (std::filesystem::exists(path + ".gz")) {
    if (std::FILE* pipe = ::popen(("gzip -dc '" + path + ".gz'").c_str(), "r")) {
      char part[65536];
      for (std::size_t n; (n = std::fread(part, 1, sizeof part, pipe)) > 0;) text.append(part, n);
      ::pclose(pipe);
    }
  }
  if (text.empty()) MESSAGE("skipped: no " << path << " (set EDGEFRONT_PUBLIC_DATA)");
  return text;
}

}  // namespace edgefront
