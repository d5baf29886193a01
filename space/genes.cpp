#include "space/genes.h"

#include <algorithm>

#include "space/error.h"

namespace edgefront {

GeneMap gene_map(const SearchSpace& space) {
  GeneMap map;
  int next = 0;
  const auto take = [&next](std::size_t choices) { return choices > 1 ? next++ : -1; };
  map.resolution = take(space.resolution.size());
  map.stem_width = take(space.stem.width.size());
  map.stages.reserve(space.stages.size());
  for (const StageChoices& stage : space.stages) {
    StageGenes genes;
    genes.depth = take(stage.depth.size());
    genes.width = take(stage.width.size());
    genes.stride = take(stage.stride.size());
    genes.blocks.resize(*std::max_element(stage.depth.begin(), stage.depth.end()));
    const BlockChoice counts = block_choice_counts(stage.block);
    for (BlockChoice& block : genes.blocks)
      for (int q = 0; q < kBlockQuestions; ++q) block[q] = take(counts[q]);
    map.stages.push_back(std::move(genes));
  }
  map.head_width = take(space.head.width.size());
  map.head_feature = take(space.head.feature.size());
  return map;
}

BlockChoice block_choice_counts(const BlockChoices& block) {
  return {static_cast<int>(block.op.size()),           static_cast<int>(block.kernel_size.size()),
          static_cast<int>(block.expand_ratio.size()), static_cast<int>(block.se_ratio.size()),
          static_cast<int>(block.activation.size()),   static_cast<int>(block.skip.size())};
}

bool next_choice(const BlockChoice& counts, BlockChoice& choice) {
  for (int q = kBlockQuestions - 1; q >= 0; --q) {
    if (++choice[q] < counts[q]) return true;
    choice[q] = 0;
  }
  return false;
}

int chosen(const Genotype& genotype, int decision) {
  return decision < 0 ? 0 : genotype.choices[decision];
}

BlockChoice chosen(const Genotype& genotype, const BlockChoice& decisions) {
  BlockChoice choice;
  for (int q = 0; q < kBlockQuestions; ++q) choice[q] = chosen(genotype, decisions[q]);
  return choice;
}

int round_channels(int channels, double ratio, int multiple) {
  const double wanted = channels * ratio;
  int rounded = static_cast<int>(wanted + multiple / 2.0) / multiple * multiple;
  rounded = std::max(rounded, multiple);
  if (rounded < 0.9 * wanted) rounded += multiple;
  return rounded;
}

BlockArchitecture build_block(const SearchSpace& space, const BlockChoices& block,
                              const BlockChoice& choice, int in_channels, int out_channels,
                              int stride) {
  BlockArchitecture built;
  built.op = block.op[choice[kOpGene]];
  built.in_channels = in_channels;
  built.out_channels = out_channels;
  built.kernel_size = block.kernel_size[choice[kKernelGene]];
  built.stride = stride;
  built.activation = block.activation[choice[kActivationGene]];
  built.skip = block.skip[choice[kSkipGene]];
  if (built.skip == SkipKind::kIdentity && (in_channels != out_channels || stride != 1))
    built.skip = SkipKind::kNone;
  const double expand_ratio = block.expand_ratio[choice[kExpandGene]];
  built.hidden_channels = built.op == OperatorKind::kMbconv && expand_ratio != 1
                              ? round_channels(in_channels, expand_ratio, space.channel_multiple)
                              : in_channels;
  const double se_ratio = block.se_ratio[choice[kSeGene]];
  if (se_ratio > 0 && built.op != OperatorKind::kConv)
    built.se_channels = round_channels(built.hidden_channels, se_ratio, space.channel_multiple);
  return built;
}

std::array<int, 6> build_key(const BlockArchitecture& block) {
  // An inverted bottleneck without expansion has the layers of a depthwise-separable block.
  const bool expands = block.hidden_channels != block.in_channels;
  const int kind = block.op == OperatorKind::kConv ? 0 : expands ? 2 : 1;
  return {kind,
          block.kernel_size,
          block.hidden_channels,
          block.se_channels,
          static_cast<int>(block.activation),
          static_cast<int>(block.skip)};
}

void check_genotype(const SearchSpace& space, const Genotype& genotype) {
  if (genotype.choices.size() != space.decisions.size())
    throw InputError("genotype: came " + std::to_string(genotype.choices.size()) +
                     " genes, accepted are " + std::to_string(space.decisions.size()) +
                     " in space " + space.name);
  for (std::size_t i = 0; i < genotype.choices.size(); ++i) {
    const Decision& decision = space.decisions[i];
    if (genotype.choices[i] >= decision.choices.size())
      throw InputError("genotype: gene " + decision.name + ": came " +
                       std::to_string(genotype.choices[i]) + ", accepted are 0 to " +
                       std::to_string(decision.choices.size() - 1));
  }
}

}  // namespace edgefront
