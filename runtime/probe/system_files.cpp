#include "runtime/probe/system_files.h"

#include <dirent.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace edgefront {

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n\"");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n\"") - begin + 1);
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return trimmed(line);
}

double number_in(const std::string& path) {
  const std::string line = first_line(path);
  char* end = nullptr;
  const double value = std::strtod(line.c_str(), &end);
  return end == line.c_str() ? -1 : value;
}

std::vector<std::string> entries_in(const std::string& folder, const std::string& prefix) {
  std::vector<std::string> result;
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) return result;
  while (const dirent* entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (name.compare(0, prefix.size(), prefix) == 0) result.push_back(folder + "/" + name);
  }
  closedir(directory);
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace edgefront
