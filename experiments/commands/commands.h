// The command table's functions: one per sub-command, each in <name>_command.cpp. They take the
// arguments after the command's name and return the exit code; errors are thrown.
#pragma once

#include <string>
#include <vector>

namespace edgefront {

using CommandArguments = std::vector<std::string>;

int space_command(const CommandArguments& args);
int layers_command(const CommandArguments& args);
int profile_command(const CommandArguments& args);
int estimate_command(const CommandArguments& args);
int search_command(const CommandArguments& args);
int batch_command(const CommandArguments& args);
int export_command(const CommandArguments& args);
int evaluate_command(const CommandArguments& args);
int bench_command(const CommandArguments& args);
int ask_command(const CommandArguments& args);
int report_command(const CommandArguments& args);

}  // namespace edgefront
