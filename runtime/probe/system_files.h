// The small text files that the kernel shows below /proc and /sys.
#pragma once

#include <string>
#include <vector>

namespace edgefront {

/// Without white space and quotation marks at both ends.
std::string trimmed(const std::string& text);

/// Without their newlines; none where the file cannot be read. (C's files: streams would add a
/// megabyte to static programs.)
std::vector<std::string> lines_of(const std::string& path);

/// The words between blanks.
std::vector<std::string> words_of(const std::string& text);

/// The first line, trimmed; empty where the file cannot be read.
std::string first_line(const std::string& path);

/// A number at the start of the file, or −1.
double number_in(const std::string& path);

/// Paths of the entries of `folder` whose names begin with `prefix`, sorted.
std::vector<std::string> entries_in(const std::string& folder, const std::string& prefix);

}  // namespace edgefront
