#include <doctest/doctest.h>

#include <string>

#include "evaluators/trainer.h"
#include "space/error.h"

using namespace edgefront;

TEST_CASE("a program without the plug-in's symbols is told what to build") {
  // This test program either has no plug-in beside it or does not export what the plug-in needs.
  std::string message;
  try {
    load_trainer();
  } catch (const EnvironmentError& error) {
    message = error.what();
  }
  CHECK(message.find("libedgefront_torch.so") != std::string::npos);
  CHECK(message.find("build") != std::string::npos);
  CHECK(message.find('\n') == std::string::npos);
}
