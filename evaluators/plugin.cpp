#include "evaluators/plugin.h"

#include <dlfcn.h>

#include <filesystem>

#include "space/error.h"

namespace edgefront {
namespace {

std::string last_error() {
  const char* text = dlerror();
  return text ? text : "unknown error";
}

}  // namespace

void* plugin_factory(const std::string& file, const char* factory, const std::string& needed_for,
                     PluginSymbols symbols) {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    throw EnvironmentError("/proc/self/exe: cannot be read (" + error.message() +
                           "), which is needed to find " + file + " beside the program");
  }
  const std::filesystem::path plugin = program.parent_path() / file;
  if (!std::filesystem::exists(plugin, error)) {
    throw EnvironmentError(plugin.string() + ": not found; " + needed_for);
  }
  // Never closed: its threads and static destructors outlive what it made.
  void* library = dlopen(plugin.c_str(),
                         RTLD_NOW | (symbols == PluginSymbols::kShared ? RTLD_GLOBAL : RTLD_LOCAL));
  if (!library) {
    throw EnvironmentError(plugin.string() + ": cannot be opened (" + last_error() +
                           "); build it and the program together, on this machine");
  }
  void* found = dlsym(library, factory);
  if (!found) {
    throw EnvironmentError(plugin.string() + ": has no " + factory + " (" + last_error() +
                           "); build it and the program together");
  }
  return found;
}

}  // namespace edgefront
