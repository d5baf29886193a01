// The message of the InputError that a call throws, or "" where it throws none.
#pragma once

#include <string>

#include "space/error.h"

namespace edgefront {

template <typename Call>
std::string input_error_of(Call call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

}  // namespace edgefront
