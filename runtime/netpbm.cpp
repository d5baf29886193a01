#include "runtime/netpbm.h"

#include <string>

namespace edgefront {
namespace {

bool is_space(std::uint8_t c) { return c == ' ' || (c >= 9 && c <= 13); }

/// Next number of the header after white space and comments; false where there is none.
bool next_number(const std::uint8_t* file, std::size_t size, std::size_t* at, std::int64_t* out) {
  while (*at < size && (is_space(file[*at]) || file[*at] == '#')) {
    if (file[(*at)++] == '#') {
      while (*at < size && file[*at] != '\n') ++*at;
    }
  }
  const std::size_t begin = *at;
  *out = 0;
  while (*at < size && *at - begin < 9 && file[*at] >= '0' && file[*at] <= '9') {
    *out = *out * 10 + (file[(*at)++] - '0');
  }
  return *at > begin;
}

}  // namespace

bool is_netpbm(const std::uint8_t* file, std::size_t size) {
  return size > 2 && file[0] == 'P' && (file[1] == '5' || file[1] == '6') &&
         (file[2] == '#' || is_space(file[2]));
}

Status read_netpbm_header(const std::uint8_t* file, std::size_t size, NetpbmImage* out) {
  std::size_t at = 2;
  std::int64_t most = 0;
  if (!next_number(file, size, &at, &out->width) || !next_number(file, size, &at, &out->height) ||
      !next_number(file, size, &at, &most) || at >= size) {
    return Status::invalid("truncated PGM/PPM header");
  }
  if (most != 255) {
    return Status::invalid("PGM/PPM with maximum " + std::to_string(most) + ", accepted is 255");
  }
  out->channels = file[1] == '6' ? 3 : 1;
  out->pixels_at = at + 1;  // behind one white space
  return {};
}

}  // namespace edgefront
