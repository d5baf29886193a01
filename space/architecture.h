// A decoded network: what a genotype says, with all numbers filled in and nothing left to choose.
#pragma once

#include <string>
#include <vector>

#include "space/search_space.h"

namespace edgefront {

struct BlockArchitecture {
  std::string name;  ///< "stage2.block1": prefix of its layers' names
  int stage = 0;     ///< index into SearchSpace::stages
  int position = 0;  ///< within the stage
  OperatorKind op = OperatorKind::kMbconv;
  int in_channels = 0, out_channels = 0;
  int hidden_channels = 0;  ///< mbconv: expanded width; otherwise in_channels
  int kernel_size = 3, stride = 1;
  int se_channels = 0;  ///< 0 = no squeeze-excite
  BlockActivation activation = BlockActivation::kRelu6;
  SkipKind skip = SkipKind::kNone;  ///< as built: identity only where shapes agree
};

struct Architecture {
  int resolution = 0, input_channels = 0, classes = 0;
  int stem_channels = 0, stem_kernel_size = 3, stem_stride = 1;
  BlockActivation stem_activation = BlockActivation::kRelu6;
  std::vector<BlockArchitecture> blocks;
  int head_channels = 0;  ///< 0 = none
  int feature_units = 0;  ///< 0 = none
  BlockActivation head_activation = BlockActivation::kRelu6;
};

/// Throws InputError that names the gene if one is out of range.
Architecture decode(const SearchSpace& space, const Genotype& genotype);

/// One line per stem, block and head, for people.
std::string describe(const Architecture& architecture);

}  // namespace edgefront
