#include "runtime/probe/system_files.h"

#include <dirent.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace edgefront {

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n\"");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n\"") - begin + 1);
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return lines;
  bool begun = false;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
    if (!begun) lines.emplace_back();
    begun = c != '\n';
    if (begun) lines.back().push_back(static_cast<char>(c));
  }
  std::fclose(file);
  return lines;
}

std::vector<std::string> words_of(const std::string& text) {
  constexpr const char* kBlanks = " \t\r\n";
  std::vector<std::string> words;
  std::size_t begin = text.find_first_not_of(kBlanks);
  while (begin != std::string::npos) {
    const std::size_t end = text.find_first_of(kBlanks, begin);
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kBlanks, end);
  }
  return words;
}

std::string first_line(const std::string& path) {
  const std::vector<std::string> lines = lines_of(path);
  return lines.empty() ? "" : trimmed(lines[0]);
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
