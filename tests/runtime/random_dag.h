// Random graphs for the memory plan: every layer reads any of the latest tensors, so live ranges
// cross in ways that no network of blocks has.
#pragma once

#include "tests/runtime/random_graph.h"

namespace edgefront::test {

/// `layers` layers of random kinds on tensors of random sizes; what nobody reads is an output.
inline LayerGraph random_dag(std::uint64_t seed, int layers) {
  std::mt19937_64 random(seed);
  const auto pick = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
  };
  GraphBuilder b;
  std::vector<std::int32_t> tensors = {b.input({pick(2, 6), pick(2, 6), pick(1, 40)})};
  std::vector<int> readers(1, 0);
  for (int i = 0; i < layers; ++i) {
    const int count = static_cast<int>(tensors.size());
    const int x = pick(std::max(0, count - 4), count - 1);
    int y = -1;  // another tensor of the same shape, if there is one
    for (int other = 0; other < count; ++other) {
      if (other != x && b.shape(tensors[other]) == b.shape(tensors[x])) y = other;
    }
    ++readers[x];
    const int kind = pick(0, 9);
    if (kind < 3 && y >= 0) {
      ++readers[y];
      tensors.push_back(kind < 2 ? b.add(tensors[x], tensors[y]) : b.mul(tensors[x], tensors[y]));
    } else if (kind < 5) {
      tensors.push_back(b.unary(OpKind::kHswish, tensors[x]));
    } else {
      // Half of the convolutions keep the width, so that adds find operands.
      const int channels = kind < 7 ? b.shape(tensors[x]).channels : pick(1, 40);
      tensors.push_back(b.conv(tensors[x], channels, 1, kind == 9 ? 2 : 1));
    }
    readers.push_back(0);
    b.block = i / 3;
  }
  for (std::size_t i = 1; i < tensors.size(); ++i) {
    if (readers[i] == 0) b.graph.outputs.push_back(tensors[i]);
  }
  return b.graph;
}

}  // namespace edgefront::test
