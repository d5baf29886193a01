// A search space: what can be built. Read from TOML (docs/space_format.md), it becomes a flat list
// of named decisions; a genotype picks one choice of each.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "space/genotype.h"
#include "space/network_list.h"

namespace edgefront {

class BlockForms;

enum class OperatorKind { kConv, kDwsep, kMbconv };
enum class SkipKind { kIdentity, kProjection, kNone };
enum class BlockActivation { kRelu6, kHswish };

/// One open question of a space. `name` is stable ("stage2.depth", "stage2.block1.kernel_size");
/// `choices` are the texts that stand in the TOML file, in its order.
struct Decision {
  std::string name;
  std::vector<std::string> choices;
};

/// The choices of one block position. Each vector is non-empty; one entry means: fixed.
struct BlockChoices {
  std::vector<OperatorKind> op;
  std::vector<int> kernel_size;      ///< 3, 5, 7
  std::vector<double> expand_ratio;  ///< mbconv only; ≥ 1
  std::vector<double> se_ratio;      ///< 0 = none; share of the expanded (dwsep: input) channels
  std::vector<BlockActivation> activation;
  std::vector<SkipKind> skip;  ///< identity falls back to none where shapes differ
};

struct StageChoices {
  std::string name;
  std::vector<int> depth;   ///< number of blocks; 0 is allowed where stride is 1
  std::vector<int> width;   ///< output channels
  std::vector<int> stride;  ///< of the first block
  BlockChoices block;       ///< shared by the positions of the stage, decided per position
};

struct StemChoices {
  std::vector<int> width;
  int kernel_size = 3;
  int stride = 1;
  BlockActivation activation = BlockActivation::kRelu6;
};

struct HeadChoices {
  std::vector<int> width;    ///< channels of the last pointwise convolution; 0 = none
  std::vector<int> feature;  ///< units of a hidden layer after pooling (V3's "conv head"); 0 = none
  BlockActivation activation = BlockActivation::kRelu6;
};

struct SearchSpace {
  std::string name;
  std::vector<int> resolution;  ///< input height = width; one entry: fixed
  int input_channels = 1;
  int classes = 10;
  StemChoices stem;
  std::vector<StageChoices> stages;
  HeadChoices head;
  int channel_multiple = 8;
  std::map<std::string, Genotype> references;  ///< named genotypes, e.g. "mobilenet_v2_like"
  std::string digest;  ///< of the canonical form of all of the above, 32 hex digits; set by loading

  std::vector<Decision> decisions;  ///< derived; in genotype order
  /// Derived from the same fields: canonical genotypes by look-up (space/block_forms.h). Null, as in
  /// a space whose decisions were made by hand: worked out each time.
  std::shared_ptr<const BlockForms> block_forms = {};

  /// Of a space that is a table: its networks, whose decisions are plain columns and which have no
  /// layers (decode throws). Null: every genotype is a network.
  std::shared_ptr<const NetworkList> listed = {};
};

/// Words as they stand in space files: "conv", "identity", "relu6".
const char* operator_name(OperatorKind op);
const char* skip_name(SkipKind skip);
const char* activation_name(BlockActivation activation);

/// Fills `decisions` (one for each question with two or more choices) and `block_forms` from the
/// fields above them. For spaces made by hand; loading calls it.
void derive_decisions(SearchSpace& space);

/// Throws InputError that names the field: empty or repeated choices, widths off the channel
/// multiple, an image smaller than the strides that can reach it, too many choices or channels. A
/// space that passes decodes and lowers for every genotype.
void check_space(const SearchSpace& space);

/// Reads and checks a space file; throws InputError (file, key, what came, what is accepted).
SearchSpace load_space(const std::string& path);
/// The same from text; `name` stands for the file in messages.
SearchSpace parse_space(const std::string& toml, const std::string& name);

/// Number of different networks (canonical genotypes), exact, as a decimal string.
std::string cardinality(const SearchSpace& space);

}  // namespace edgefront
