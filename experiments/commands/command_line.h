// One command's flags and arguments. A thin coat over Boost.Program_options, so that every command
// says the same things in the same way: help with defaults and units, one-line errors.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace edgefront {

class CommandLine {
 public:
  /// `usage` is what follows `program`, e.g. "space SPACE.toml [options]"; messages begin with
  /// `program` and its first word.
  CommandLine(std::string usage, std::string summary, const std::string& program = "edgefront ");
  ~CommandLine();

  CommandLine& positional(const std::string& name, const std::string& help);
  CommandLine& optional_positional(const std::string& name, const std::string& help);
  CommandLine& flag(const std::string& name, const std::string& help);
  /// An option with a value; an empty default means: not set unless given.
  CommandLine& option(const std::string& name, const std::string& value_name,
                      const std::string& default_value, const std::string& help);

  /// False where --help was asked for and printed: the command returns 0. Throws InputError for
  /// what it does not know, for a missing value and for a missing argument.
  bool parse(const std::vector<std::string>& args);

  bool given(const std::string& name) const;  ///< on the command line, or by a default
  std::string text(const std::string& name) const;
  /// Throws InputError that names the option and the accepted range.
  std::int64_t integer(const std::string& name, std::int64_t low, std::int64_t high) const;
  /// Comma-separated values, without empty ones.
  std::vector<std::string> list(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgefront
