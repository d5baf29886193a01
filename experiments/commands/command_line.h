// One command's flags and arguments. A thin coat over Boost.Program_options, so that every command
// says the same things in the same way: help with defaults and units, one-line errors.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "experiments/units.h"

namespace edgefront {

class CommandLine {
 public:
  /// `usage` is what follows `program`, e.g. "space SPACE.toml [options]"; messages begin with its
  /// first word, for main to put the program in front; without a `program` with nothing.
  CommandLine(std::string usage, std::string summary, const std::string& program = "edgefront ");
  ~CommandLine();

  CommandLine& positional(const std::string& name, const std::string& help);
  CommandLine& optional_positional(const std::string& name, const std::string& help);
  CommandLine& flag(const std::string& name, const std::string& help);
  /// An option with a value; an empty default means: not set unless given.
  CommandLine& option(const std::string& name, const std::string& value_name,
                      const std::string& default_value, const std::string& help);

  /// False where --help was asked for and printed: the command returns 0. Throws InputError for
  /// what it does not know, for a missing or empty value and for a missing argument.
  bool parse(const std::vector<std::string>& args);
  /// Throws InputError for an argument or option that stands on the command line and is neither
  /// `mode` nor among `names`: it would be ignored. `mode` as a person writes it: "--show".
  void accept_only(const std::string& mode, const std::vector<std::string>& names) const;
  /// Throws InputError where `name` stands on the command line without `other`, which it is of.
  void require_beside(const std::string& name, const std::string& other) const;

  bool given(const std::string& name) const;  ///< on the command line, or by a default
  std::string text(const std::string& name) const;
  /// Throws InputError that names the option and the accepted range.
  std::int64_t integer(const std::string& name, std::int64_t low, std::int64_t high) const;
  /// With its unit, or in the base unit of `unit`. Throws InputError that names the option.
  double quantity(const std::string& name, Unit unit) const;
  /// Comma-separated values, without empty ones.
  std::vector<std::string> list(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace edgefront
