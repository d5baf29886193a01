// Any bytes as a journal: an InputError or records, never a crash. Each line is read as it comes
// and again with a checksum that fits, so that the fuzzer gets past the checksum to the fields.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdio>

#include "experiments/pipeline/journal.h"
#include "space/error.h"

namespace {

std::string sealed(const std::string& line) {
  char tail[32];
  std::snprintf(tail, sizeof tail, ",\"sum\":\"%016llx\"}",
                static_cast<unsigned long long>(XXH3_64bits(line.data(), line.size())));
  return line + tail + "\n";
}

void read(const std::string& text) {
  try {
    const auto contents = edgefront::parse_journal(text, "journal");
    for (const auto& [index, record] : contents.evaluations) {
      (void)edgefront::journal_line(record);
    }
  } catch (const edgefront::InputError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  read(text);
  std::string whole = sealed("{\"journal\":1");
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    whole += sealed(text.substr(begin, end - begin));
    begin = end + 1;
  }
  read(whole);
  return 0;
}
