// Result of a fallible operation in the runtime, which is built without exceptions.
// A Status is ok or carries one line that names what was wrong (file, layer, byte) and what is
// accepted. Host code turns a failed Status into an InputError or EnvironmentError at its border.
#pragma once

#include <string>
#include <utility>

namespace edgefront {

enum class StatusCode { kOk, kInvalid, kEnvironment };

class [[nodiscard]] Status {
 public:
  Status() = default;
  /// What the user gave is wrong, missing, truncated or corrupt (exit code 2).
  static Status invalid(std::string message) {
    return Status(StatusCode::kInvalid, std::move(message));
  }
  /// The surroundings failed: disk full, no memory, no permission (exit code 3).
  static Status environment(std::string message) {
    return Status(StatusCode::kEnvironment, std::move(message));
  }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

}  // namespace edgefront
