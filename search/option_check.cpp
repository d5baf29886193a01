#include "search/option_check.h"

#include <string>

#include "space/error.h"

namespace edgefront {
namespace {

void require_option(bool good, const char* algorithm, const char* key, const std::string& value,
                    const char* accepted) {
  if (good) return;
  throw InputError(std::string(algorithm) + ": " + key + " = " + value + "; accepted: " + accepted);
}

}  // namespace

void require_option(bool good, const char* algorithm, const char* key, int value,
                    const char* accepted) {
  require_option(good, algorithm, key, std::to_string(value), accepted);
}

void require_option(bool good, const char* algorithm, const char* key, double value,
                    const char* accepted) {
  require_option(good, algorithm, key, std::to_string(value), accepted);
}

}  // namespace edgefront
