// The two exceptions that the host code throws on purpose. Anything else that reaches main is a
// bug.
#pragma once

#include <stdexcept>
#include <string>

namespace edgefront {

/// What the user gave is wrong, missing, truncated or corrupt. Exit code 2. The message is one line
/// with file, key or byte, what came and what is accepted.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The surroundings failed: disk full, sensor, board, worker, replay. Exit code 3.
struct EnvironmentError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace edgefront
