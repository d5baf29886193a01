#include "space/architecture.h"

#include <sstream>

#include "space/error.h"
#include "space/genes.h"

namespace edgefront {

Architecture decode(const SearchSpace& space, const Genotype& genotype) {
  check_genotype(space, genotype);
  if (space.listed) throw InputError(space.name + ": the rows of a table have no layers");
  const GeneMap genes = gene_map(space);
  Architecture built;
  built.resolution = space.resolution[chosen(genotype, genes.resolution)];
  built.input_channels = space.input_channels;
  built.classes = space.classes;
  built.stem_channels = space.stem.width[chosen(genotype, genes.stem_width)];
  built.stem_kernel_size = space.stem.kernel_size;
  built.stem_stride = space.stem.stride;
  built.stem_activation = space.stem.activation;
  int channels = built.stem_channels;
  for (std::size_t s = 0; s < space.stages.size(); ++s) {
    const StageChoices& stage = space.stages[s];
    const StageGenes& stage_genes = genes.stages[s];
    const int depth = stage.depth[chosen(genotype, stage_genes.depth)];
    const int width = stage.width[chosen(genotype, stage_genes.width)];
    int stride = stage.stride[chosen(genotype, stage_genes.stride)];
    for (int position = 0; position < depth; ++position) {
      BlockArchitecture block =
          build_block(space, stage.block, chosen(genotype, stage_genes.blocks[position]), channels,
                      width, stride);
      block.name = stage.name + ".block" + std::to_string(position + 1);
      block.stage = static_cast<int>(s);
      block.position = position;
      built.blocks.push_back(std::move(block));
      channels = width;
      stride = 1;
    }
  }
  built.head_channels = space.head.width[chosen(genotype, genes.head_width)];
  built.feature_units = space.head.feature[chosen(genotype, genes.head_feature)];
  built.head_activation = space.head.activation;
  return built;
}

std::string describe(const Architecture& architecture) {
  std::ostringstream text;
  text << "input " << architecture.resolution << "x" << architecture.resolution << "x"
       << architecture.input_channels << "\n";
  text << "stem conv " << architecture.stem_kernel_size << "x" << architecture.stem_kernel_size
       << " stride " << architecture.stem_stride << " -> " << architecture.stem_channels << " "
       << activation_name(architecture.stem_activation) << "\n";
  for (const BlockArchitecture& block : architecture.blocks) {
    text << block.name << " " << operator_name(block.op) << " " << block.kernel_size << "x"
         << block.kernel_size << " stride " << block.stride << " " << block.in_channels;
    if (block.hidden_channels != block.in_channels) text << " -> " << block.hidden_channels;
    text << " -> " << block.out_channels;
    if (block.se_channels > 0) text << " se " << block.se_channels;
    text << " " << activation_name(block.activation);
    if (block.skip != SkipKind::kNone) text << " skip " << skip_name(block.skip);
    text << "\n";
  }
  text << "head";
  if (architecture.head_channels > 0) text << " conv 1x1 -> " << architecture.head_channels;
  text << " pool";
  if (architecture.feature_units > 0) text << " -> " << architecture.feature_units;
  if (architecture.head_channels > 0 || architecture.feature_units > 0)
    text << " " << activation_name(architecture.head_activation);
  text << " -> " << architecture.classes << "\n";
  return text.str();
}

}  // namespace edgefront
