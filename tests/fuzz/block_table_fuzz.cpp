// Any text as a published latency table in each of the dialects: an InputError, or entries whose
// keys are read back as they are written and whose times are numbers.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "hwprofiles/importers.h"
#include "space/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace edgefront;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const TableFormat format :
       {TableFormat::kOfa, TableFormat::kProxyless, TableFormat::kFbnetBlocks}) {
    PublishedBlocks table;
    try {
      table = read_block_table(text, "table", {format, "lat_ms"});
    } catch (const InputError&) {
      continue;
    }
    for (const auto& [key, block] : table) {
      if (BlockKey::parse(key).text() != key) __builtin_trap();
      if (!std::isfinite(block.latency_us) || block.latency_us < 0) __builtin_trap();
    }
  }
  return 0;
}
