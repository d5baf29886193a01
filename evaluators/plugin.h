// Opens a plug-in that lies beside the program.
#pragma once

#include <string>

namespace edgefront {

enum class PluginSymbols { kPrivate, kShared };

/// The address of `factory` in the shared library `file`, which stays open until the process ends.
/// Throws EnvironmentError; `needed_for` begins the sentence about a missing file: "training needs
/// it: …". kShared where libraries that it opens itself look for symbols of those it is linked to.
void* plugin_factory(const std::string& file, const char* factory, const std::string& needed_for,
                     PluginSymbols symbols = PluginSymbols::kPrivate);

}  // namespace edgefront
