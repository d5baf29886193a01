#include "space/bare_network.h"

namespace edgefront {

Architecture bare_network(const SearchSpace& space, int channels, int resolution) {
  Architecture network;
  network.resolution = resolution;
  network.input_channels = space.input_channels;
  network.classes = space.classes;
  network.stem_channels = channels;
  return network;
}

}  // namespace edgefront
