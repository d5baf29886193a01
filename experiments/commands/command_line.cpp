#include "experiments/commands/command_line.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <iostream>
#include <sstream>

#include "space/error.h"

namespace edgefront {
namespace po = boost::program_options;

namespace {
struct Positional {
  std::string name, help;
  bool required;
};
}  // namespace

struct CommandLine::Impl {
  std::string usage, summary, see;
  std::string place;  ///< what messages begin with: "search: "
  std::vector<Positional> positionals;
  po::options_description options{"Options", 100};
  po::variables_map values;

  /// On the command line, not by a default.
  bool written(const std::string& name) const {
    const auto found = values.find(name);
    return found != values.end() && !found->second.defaulted();
  }
  /// As a person writes it: "--out", or "MODEL.efm" for an argument.
  std::string shown(const std::string& name) const {
    const bool argument = std::any_of(positionals.begin(), positionals.end(),
                                      [&](const Positional& p) { return p.name == name; });
    return argument ? name : "--" + name;
  }
  [[noreturn]] void refuse(const std::string& message) const {
    throw InputError(place + message + see);
  }
};

CommandLine::CommandLine(std::string usage, std::string summary, const std::string& program)
    : impl_(new Impl) {
  const std::string command = usage.substr(0, usage.find(' '));
  impl_->place = program.empty() ? "" : command + ": ";
  impl_->see = "; see " + program + command + " --help";
  impl_->usage = program + usage;
  impl_->summary = std::move(summary);
  impl_->options.add_options()("help,h", "print this and exit");
}
CommandLine::~CommandLine() = default;

CommandLine& CommandLine::positional(const std::string& name, const std::string& help) {
  impl_->positionals.push_back({name, help, true});
  return *this;
}
CommandLine& CommandLine::optional_positional(const std::string& name, const std::string& help) {
  impl_->positionals.push_back({name, help, false});
  return *this;
}
CommandLine& CommandLine::flag(const std::string& name, const std::string& help) {
  impl_->options.add_options()(name.c_str(), help.c_str());
  return *this;
}
CommandLine& CommandLine::option(const std::string& name, const std::string& value_name,
                                 const std::string& default_value, const std::string& help) {
  auto* value = po::value<std::string>()->value_name(value_name);
  if (!default_value.empty()) value->default_value(default_value);
  impl_->options.add_options()(name.c_str(), value, help.c_str());
  return *this;
}

bool CommandLine::parse(const std::vector<std::string>& args) {
  po::options_description all;
  all.add(impl_->options);
  po::options_description hidden;
  po::positional_options_description order;
  for (const auto& p : impl_->positionals) {
    hidden.add_options()(p.name.c_str(), po::value<std::string>());
    order.add(p.name.c_str(), 1);
  }
  all.add(hidden);
  try {
    using po::command_line_style::style_t;
    const int style = po::command_line_style::unix_style & ~style_t::allow_guessing;
    po::store(po::command_line_parser(args).options(all).positional(order).style(style).run(),
              impl_->values);
  } catch (const po::too_many_positional_options_error&) {
    impl_->refuse("too many arguments: accepted are " + std::to_string(impl_->positionals.size()) +
                  " besides options");
  } catch (const po::error& e) {
    impl_->refuse(e.what());
  }
  if (impl_->values.count("help")) {
    std::cout << "Usage: " << impl_->usage << "\n\n" << impl_->summary << "\n";
    if (!impl_->positionals.empty()) std::cout << "\nArguments:\n";
    for (const auto& p : impl_->positionals) {
      std::cout << "  " << p.name << std::string(std::max<int>(2, 24 - int(p.name.size())), ' ')
                << p.help << "\n";
    }
    std::cout << "\n" << impl_->options;
    return false;
  }
  for (const auto& p : impl_->positionals) {
    if (p.required && !impl_->values.count(p.name)) {
      impl_->refuse("missing " + p.name + " (" + p.help + ")");
    }
  }
  for (const auto& [name, value] : impl_->values) {
    const po::option_description* option = impl_->options.find_nothrow(name, false);
    const bool is_flag = option != nullptr && option->semantic()->max_tokens() == 0;
    if (!is_flag && text(name).empty()) impl_->refuse(impl_->shown(name) + " is empty");
  }
  return true;
}

void CommandLine::accept_only(const std::string& mode,
                              const std::vector<std::string>& names) const {
  for (const auto& [name, value] : impl_->values) {
    const std::string shown = impl_->shown(name);
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    if (!impl_->written(name) || known || shown == mode) continue;
    impl_->refuse(shown + " has no meaning with " + mode);
  }
}

void CommandLine::require_beside(const std::string& name, const std::string& other) const {
  if (impl_->written(name) && !impl_->written(other)) {
    impl_->refuse(impl_->shown(name) + " is of " + impl_->shown(other) + ", which is not given");
  }
}

bool CommandLine::given(const std::string& name) const { return impl_->values.count(name) > 0; }

std::string CommandLine::text(const std::string& name) const {
  const auto found = impl_->values.find(name);
  return found == impl_->values.end() || found->second.empty() ? ""
                                                               : found->second.as<std::string>();
}

std::int64_t CommandLine::integer(const std::string& name, std::int64_t low,
                                  std::int64_t high) const {
  const std::string value = text(name);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < low || number > high) {
    throw InputError(impl_->place + "--" + name + " is '" + value +
                     "'; accepted are whole numbers from " + std::to_string(low) + " to " +
                     std::to_string(high));
  }
  return number;
}

double CommandLine::quantity(const std::string& name, Unit unit) const {
  try {
    return parse_quantity(text(name), unit);
  } catch (const InputError& error) {
    throw InputError(impl_->place + "--" + name + ": " + error.what());
  }
}

std::vector<std::string> CommandLine::list(const std::string& name) const {
  std::vector<std::string> parts;
  std::istringstream in(text(name));
  for (std::string part; std::getline(in, part, ',');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

}  // namespace edgefront
