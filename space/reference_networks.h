// Published networks as layer graphs: what the runtime is measured on, whatever space a search
// uses.
#pragma once

#include <string>
#include <vector>

#include "runtime/graph.h"

namespace edgefront {

/// MobileNetV2 1.0 on 224x224x3 with 1000 classes (Sandler et al. 2018, table 2). Float32.
LayerGraph mobilenet_v2_graph();

/// MobileNetV3-Large 1.0 on 224x224x3 with 1000 classes (Howard et al. 2019, table 1): relu and
/// hswish as there, squeeze-excite to a quarter of the expanded channels. Float32.
LayerGraph mobilenet_v3_large_graph();

/// "mobilenet_v2", "mobilenet_v3_large".
std::vector<std::string> reference_network_names();

/// Throws InputError that lists the names for one that is not among them.
LayerGraph reference_network(const std::string& name);

}  // namespace edgefront
