// Any bytes as a data set's files: refused with an InputError, or a set whose sizes agree. The
// first byte chooses the reader, the second splits the rest into two files.
#include <cstddef>
#include <cstdint>

#include "evaluators/dataset_formats.h"
#include "space/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace edgefront;
  if (size < 2) return 0;
  const std::span<const std::uint8_t> rest(bytes + 2, size - 2);
  const std::size_t first = rest.size() * bytes[1] / 255;
  ImageSet set;
  try {
    if (bytes[0] % 3 == 0)
      gunzip({"gz", rest}, 1 << 20);
    else if (bytes[0] % 3 == 1)
      set = parse_idx({"images", rest.first(first)}, {"labels", rest.subspan(first)});
    else
      append_cifar({"rows", rest}, {bytes[1] % 2 + 1, bytes[1] % 2 ? 100 : 10}, set);
  } catch (const InputError&) {
    return 0;
  }
  const auto pixels = std::size_t(set.height) * set.width * set.channels * set.labels.size();
  if (set.pixels.size() != pixels) __builtin_trap();
  return 0;
}
