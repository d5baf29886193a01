// Where each question of a space stands in its genotypes, and what the genes of one block build.
// Shared by the files of this folder; others use genotype.h and architecture.h.
#pragma once

#include <array>
#include <vector>

#include "space/architecture.h"

namespace edgefront {

/// Questions of a block, in genotype order.
enum BlockQuestion { kOpGene, kKernelGene, kExpandGene, kSeGene, kActivationGene, kSkipGene };
inline constexpr int kBlockQuestions = 6;

/// A choice index for each question of a block; fixed ones are 0.
using BlockChoice = std::array<int, kBlockQuestions>;

/// Decision index of each question; −1 where it has one choice only.
struct StageGenes {
  int depth = -1, width = -1, stride = -1;
  std::vector<BlockChoice> blocks;  ///< per position, up to the largest depth
};
struct GeneMap {
  int resolution = -1, stem_width = -1, head_width = -1, head_feature = -1;
  std::vector<StageGenes> stages;
};
GeneMap gene_map(const SearchSpace& space);

/// Number of choices of each question of the stage's blocks.
BlockChoice block_choice_counts(const BlockChoices& block);

/// Steps through all choices of a block in lexicographic order; false after the last.
bool next_choice(const BlockChoice& counts, BlockChoice& choice);

/// What `genotype` chose for the decision, 0 where it is fixed (−1).
int chosen(const Genotype& genotype, int decision);
BlockChoice chosen(const Genotype& genotype, const BlockChoice& decisions);

/// The block that these genes build (without name, stage and position).
BlockArchitecture build_block(const SearchSpace& space, const BlockChoices& block,
                              const BlockChoice& choice, int in_channels, int out_channels,
                              int stride);

/// Equal exactly if both blocks lower to the same layers (given equal channels and stride).
std::array<int, 6> build_key(const BlockArchitecture& block);

/// `channels`·`ratio` rounded to a multiple, at least one multiple, and not under 90 % of the
/// product: the rule of MobileNetV2's reference code.
int round_channels(int channels, double ratio, int multiple);

/// Throws InputError that names the gene unless every choice is in range.
void check_genotype(const SearchSpace& space, const Genotype& genotype);

}  // namespace edgefront
