// To be included before <nlohmann/json.hpp> in code without exceptions: gives the library's inline
// functions a namespace of their own. The host compiles the same templates with exceptions, and the
// linker would otherwise keep one copy of each for both.
#pragma once

#define NLOHMANN_JSON_NAMESPACE nlohmann::without_exceptions
#define NLOHMANN_JSON_NAMESPACE_BEGIN \
  namespace nlohmann {                \
  inline namespace without_exceptions {
#define NLOHMANN_JSON_NAMESPACE_END \
  }                                 \
  }
