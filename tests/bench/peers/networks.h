// The networks that are compared: two published ones and one of each shipped space.
#pragma once

#include <string>
#include <vector>

#include "tests/bench/peers/engine.h"

namespace edgefront::peers {

std::vector<std::string> network_names();

/// Generated weights and input from a fixed seed; quantized on a few generated images.
Network make_network(const std::string& name);

}  // namespace edgefront::peers
