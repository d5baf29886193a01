// A space and a data set that train in a moment, for the tests of this folder.
#pragma once

#include <memory>

#include "evaluators/dataset.h"
#include "space/random.h"
#include "space/search_space.h"

namespace edgefront::tiny {

/// All operators, both activations, squeeze-excite, all skips, a stage that may be left out.
inline SearchSpace space() {
  return parse_space(R"(
name = "tiny"
classes = 4
[input]
resolution = 12
channels = 2
[stem]
width = [8, 16]
[[stages]]
depth = [1, 2]
width = [8, 16]
stride = 2
op = ["conv", "dwsep", "mbconv"]
kernel_size = [3, 5, 7]
expand_ratio = [1, 2, 4]
se_ratio = [0, 0.25]
activation = ["relu6", "hswish"]
skip = ["identity", "projection", "none"]
[[stages]]
depth = [0, 1]
width = [16, 24]
stride = 1
op = ["dwsep", "mbconv"]
kernel_size = [3, 5]
expand_ratio = [2]
[head]
width = [0, 16]
feature = [0, 8]
activation = "hswish"
)",
                     "tiny");
}

/// Noise with a bright band that is the class: 12x12x2, `count` images in each set.
inline std::shared_ptr<const Dataset> data(int count) {
  auto out = std::make_shared<Dataset>();
  out->name = "bands";
  out->class_names = {"a", "b", "c", "d"};
  out->mean = {0.3f, 0.4f};
  out->stddev = {0.25f, 0.2f};
  out->digest = "0123456789abcdef0123456789abcdef";
  std::uint64_t stream = 0;
  for (ImageSet* set : {&out->train, &out->test}) {
    set->height = set->width = 12;
    set->channels = 2;
    for (int i = 0; i < count; ++i) {
      RandomStream random(11, stream++);
      const int label = static_cast<int>(random.below(4));
      set->labels.push_back(static_cast<std::uint8_t>(label));
      for (int y = 0; y < 12; ++y) {
        for (int x = 0; x < 12; ++x) {
          const bool bright = y / 3 == label;
          for (int c = 0; c < 2; ++c) {
            set->pixels.push_back(static_cast<std::uint8_t>(random.below(120) + (bright ? 90 : 0)));
          }
        }
      }
    }
  }
  return out;
}

/// Every decision drawn uniformly.
inline Genotype any_genotype(const SearchSpace& space, std::uint64_t stream) {
  RandomStream random(5, stream);
  Genotype out;
  for (const Decision& d : space.decisions) {
    out.choices.push_back(static_cast<std::uint8_t>(random.below(d.choices.size())));
  }
  return canonical(space, out);
}

}  // namespace edgefront::tiny
