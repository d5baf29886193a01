// edgefront search --table: any algorithm on any table, over many seeds.
#pragma once

#include "experiments/commands/command_line.h"

namespace edgefront {

/// Adds --table and what belongs to it.
void add_table_options(CommandLine& line);

/// Throws InputError for an option of --table that stands without it.
void refuse_table_options(const CommandLine& line);

/// What `search` does where --table is given; the exit code.
int table_search(const CommandLine& line);

}  // namespace edgefront
