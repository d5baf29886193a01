#include "costmodels/space_blocks.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "space/bare_network.h"
#include "space/error.h"
#include "space/genes.h"
#include "space/lower.h"

namespace edgefront {
namespace {

constexpr std::size_t kMaxBlocks = std::size_t{1} << 16, kMaxRows = std::size_t{1} << 20;
constexpr std::uint32_t kMaxCodes = std::uint32_t{1} << 16;
constexpr int kMostTerms = kBlockQuestions + 2;  ///< of a block, and its stage's width and stride
constexpr std::size_t kGenesAtOnce = 16;

/// What one block hands to the next.
struct Border {
  int channels = 0, resolution = 0;
  int input = 0;  ///< resolution of the network's input, where blocks are told apart by it
  bool operator==(const Border&) const = default;
};

/// The layers of graph block `block`, or nothing where the network cannot be built.
LayerGraph layers_of_block(const Architecture& network, int block) {
  LayerGraph graph, part;
  try {
    graph = lower(network);
  } catch (const InputError&) {
    return part;
  }
  int first = 0, last = static_cast<int>(graph.layers.size());
  while (graph.layers[first].block < block) ++first;
  while (graph.layers[last - 1].block > block) --last;
  if (!extract_range(graph, first, last, &part, nullptr).ok()) return LayerGraph();
  return part;
}

int product(const BlockChoice& counts) {
  int all = 1;
  for (const int count : counts) all *= count;
  return all;
}

}  // namespace

/// Fills a SpaceBlocks slot by slot; `borders_` are those that can reach the slot.
class SpaceBlocksBuilder {
 public:
  SpaceBlocksBuilder(const SearchSpace& space, BlockIdentity identity, SpaceBlocks& out)
      : space_(space), identity_(identity), genes_(gene_map(space)), out_(out) {
    out_.graphs_.emplace_back();
    out_.input_resolutions_.push_back(0);
  }

  bool build() {
    add_slots();
    for (const SpaceBlocks::Slot& slot : out_.slots_) {
      if (slot.codes > kMaxCodes) return false;
    }
    borders_ = {Border()};
    std::size_t slot = 0;
    if (!fill(slot++, [&](const Border&, int code) { return stem(code); })) return false;
    for (const StageChoices& stage : space_.stages) {
      const int deepest = *std::max_element(stage.depth.begin(), stage.depth.end());
      for (int position = 0; position < deepest; ++position) {
        const int built = static_cast<int>(out_.slots_[slot].codes) - (may_end(stage, position));
        const auto block = [&](const Border& in, int code) {
          return code < built ? block_of(stage, position, in, code) : Built{0, in};
        };
        if (!fill(slot++, block)) return false;
      }
    }
    return fill(slot, [&](const Border& in, int code) { return head(in, code); });
  }

 private:
  using Slot = SpaceBlocks::Slot;
  struct Built {
    std::uint32_t block;
    Border after;
  };

  static bool may_end(const StageChoices& stage, int position) {
    return *std::min_element(stage.depth.begin(), stage.depth.end()) <= position;
  }

  /// A question of the slot: its choice counts for all that the questions after it can be.
  static void ask(Slot& slot, int gene, std::size_t choices) {
    for (auto& term : slot.terms)
      term.multiplier = static_cast<std::uint16_t>(term.multiplier * choices);
    if (gene >= 0) slot.terms.push_back({static_cast<std::uint16_t>(gene), 1});
    slot.codes =
        static_cast<std::uint32_t>(std::min<std::size_t>(slot.codes * choices, kMaxCodes + 1));
  }

  void add_slots() {
    Slot stem;
    ask(stem, genes_.resolution, space_.resolution.size());
    ask(stem, genes_.stem_width, space_.stem.width.size());
    out_.slots_.push_back(stem);
    for (std::size_t s = 0; s < space_.stages.size(); ++s) {
      const StageChoices& stage = space_.stages[s];
      const StageGenes& genes = genes_.stages[s];
      const BlockChoice counts = block_choice_counts(stage.block);
      for (std::size_t position = 0; position < genes.blocks.size(); ++position) {
        Slot slot;
        if (position == 0) {
          ask(slot, genes.width, stage.width.size());
          ask(slot, genes.stride, stage.stride.size());
        }
        for (int q = 0; q < kBlockQuestions; ++q) {
          ask(slot, genes.blocks[position][q], static_cast<std::size_t>(counts[q]));
        }
        if (may_end(stage, static_cast<int>(position))) {
          ++slot.codes;
          slot.depth_gene = genes.depth;
          slot.reached_by = 0;
          for (std::size_t d = 0; d < stage.depth.size(); ++d) {
            const bool reached = stage.depth[d] > static_cast<int>(position);
            slot.reached_by |= std::uint64_t{reached} << d;
          }
        }
        out_.slots_.push_back(slot);
      }
    }
    Slot head;
    ask(head, genes_.head_width, space_.head.width.size());
    ask(head, genes_.head_feature, space_.head.feature.size());
    out_.slots_.push_back(head);
  }

  /// Appends the rows of a slot for every border that reaches it, and makes `borders_` those after.
  template <typename Build>
  bool fill(std::size_t slot, const Build& build) {
    const std::uint32_t codes = out_.slots_[slot].codes;
    const std::size_t begin = out_.rows_.size(), end = begin + borders_.size() * codes;
    if (end > kMaxRows) return false;
    const std::uint32_t codes_after =
        slot + 1 < out_.slots_.size() ? out_.slots_[slot + 1].codes : 0;
    std::vector<Border> after;
    for (const Border& border : borders_) {
      for (std::uint32_t code = 0; code < codes; ++code) {
        const Built built = build(border, static_cast<int>(code));
        auto found = std::find(after.begin(), after.end(), built.after);
        if (found == after.end()) found = after.insert(after.end(), built.after);
        const auto index = static_cast<std::size_t>(found - after.begin());
        out_.rows_.push_back({built.block, static_cast<std::uint32_t>(end + index * codes_after)});
        if (out_.graphs_.size() > kMaxBlocks) return false;
      }
    }
    borders_ = std::move(after);
    return true;
  }

  /// The number of the block with this key, lowered where it is new.
  template <typename Lower>
  std::uint32_t number_of(std::vector<int> key, const Border& in, const Lower& lower_it) {
    key.insert(key.end(), {in.channels, in.resolution, in.input});
    const auto [at, is_new] =
        numbers_.try_emplace(std::move(key), static_cast<std::uint32_t>(out_.graphs_.size()));
    if (is_new) {
      out_.graphs_.push_back(lower_it());
      out_.input_resolutions_.push_back(in.input);
    }
    return at->second;
  }

  Built stem(int code) {
    const auto widths = static_cast<int>(space_.stem.width.size());
    const int resolution = space_.resolution[code / widths];
    const Border in{space_.stem.width[code % widths], resolution,
                    identity_ == BlockIdentity::kLayersAndInput ? resolution : 0};
    const std::uint32_t block = number_of({0}, in, [&] {
      Architecture network = bare_network(space_, in.channels, in.resolution);
      network.stem_kernel_size = space_.stem.kernel_size;
      network.stem_stride = space_.stem.stride;
      network.stem_activation = space_.stem.activation;
      return layers_of_block(network, 0);
    });
    return {block, {in.channels, strided(in.resolution, space_.stem.stride), in.input}};
  }

  Built block_of(const StageChoices& stage, int position, const Border& in, int code) {
    const BlockChoice counts = block_choice_counts(stage.block);
    BlockChoice choice{};
    const int choices = product(counts);
    for (int q = kBlockQuestions - 1, rest = code % choices; q >= 0; --q) {
      choice[q] = rest % counts[q];
      rest /= counts[q];
    }
    int out_channels = in.channels, stride = 1;
    if (position == 0) {
      const auto strides = static_cast<int>(stage.stride.size());
      stride = stage.stride[code / choices % strides];
      out_channels = stage.width[code / choices / strides];
    }
    BlockArchitecture block =
        build_block(space_, stage.block, choice, in.channels, out_channels, stride);
    std::vector<int> key{1, out_channels, stride};
    const auto build = build_key(block);
    key.insert(key.end(), build.begin(), build.end());
    const std::uint32_t number = number_of(std::move(key), in, [&] {
      block.name = "block";
      Architecture network = bare_network(space_, in.channels, in.resolution);
      network.blocks.push_back(block);
      return layers_of_block(network, 1);
    });
    return {number, {out_channels, strided(in.resolution, stride), in.input}};
  }

  Built head(const Border& in, int code) {
    const auto features = static_cast<int>(space_.head.feature.size());
    const int width = space_.head.width[code / features];
    const int feature = space_.head.feature[code % features];
    const std::uint32_t block = number_of({2, width, feature}, in, [&] {
      Architecture network = bare_network(space_, in.channels, in.resolution);
      network.head_channels = width;
      network.feature_units = feature;
      network.head_activation = space_.head.activation;
      return layers_of_block(network, 1);
    });
    return {block, Border()};
  }

  const SearchSpace& space_;
  const BlockIdentity identity_;
  const GeneMap genes_;
  SpaceBlocks& out_;
  std::vector<Border> borders_;
  std::map<std::vector<int>, std::uint32_t> numbers_;
};

SpaceBlocks::SpaceBlocks(const SearchSpace& space, BlockIdentity identity) : space_(space) {
  for (const Decision& decision : space.decisions) {
    last_choice_.push_back(static_cast<std::uint8_t>(decision.choices.size() - 1));
  }
  if (SpaceBlocksBuilder(space, identity, *this).build()) {
    blocks_ = static_cast<std::uint32_t>(graphs_.size());
    flatten();
    return;
  }
  slots_.clear();
  rows_.clear();
  graphs_.clear();
  input_resolutions_.clear();
}

void SpaceBlocks::flatten() {
  std::size_t most = 1;
  for (const Slot& slot : slots_) most = std::max(most, slot.terms.size());
  terms_per_slot_ = most <= 2 ? 2 : kMostTerms;
  for (const Slot& slot : slots_) {
    flat_.push_back({slot.reached_by, static_cast<std::uint32_t>(std::max(slot.depth_gene, 0)),
                     slot.codes - 1});
    // A slot that every network reaches is reached by the choice of gene 0 too, whatever it is.
    std::vector<Term> terms = slot.terms;
    terms.resize(static_cast<std::size_t>(terms_per_slot_));
    terms_.insert(terms_.end(), terms.begin(), terms.end());
  }
}

template <int kTerms>
void SpaceBlocks::encode_flat(const std::uint8_t* choices, std::uint16_t* codes,
                              std::int64_t stride) const {
  const Term* terms = terms_.data();
  for (const FlatSlot& slot : flat_) {
    std::uint32_t code = 0;
    for (int t = 0; t < kTerms; ++t) {
      code += std::uint32_t{choices[terms[t].gene]} * terms[t].multiplier;
    }
    const bool reached = (slot.reached_by >> choices[slot.depth_gene] & 1) != 0;
    *codes = static_cast<std::uint16_t>(reached ? code : slot.nothing);
    terms += kTerms;
    codes += stride;
  }
}

void SpaceBlocks::encode(const Genotype& genotype, std::uint16_t* codes,
                         std::int64_t stride) const {
  const std::size_t genes = genotype.choices.size();
  bool in_range = genes == last_choice_.size();
  if (!in_range) check_genotype(space_, genotype);
  static constexpr std::uint8_t kNoGenes[1] = {0};
  const std::uint8_t* choices = genes > 0 ? genotype.choices.data() : kNoGenes;
  const std::size_t whole = genes / kGenesAtOnce * kGenesAtOnce;
  for (std::size_t first = 0; first < whole; first += kGenesAtOnce) {
    std::uint8_t above = 0;  // of a fixed number of genes, so that they are compared at once
    for (std::size_t i = first; i < first + kGenesAtOnce; ++i)
      above |= choices[i] > last_choice_[i];
    in_range = in_range && above == 0;
  }
  for (std::size_t i = whole; i < genes; ++i) in_range &= choices[i] <= last_choice_[i];
  if (!in_range) check_genotype(space_, genotype);
  if (terms_per_slot_ == 2) return encode_flat<2>(choices, codes, stride);
  encode_flat<kMostTerms>(choices, codes, stride);
}

}  // namespace edgefront
