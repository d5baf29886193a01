#include "space/block_forms.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace edgefront {
namespace {

constexpr std::size_t kMostForms = std::size_t{1} << 16;

/// The number of `value` in `values`, where it is appended if it is new.
std::size_t number_in(std::vector<int>& values, int value) {
  const auto found = std::find(values.begin(), values.end(), value);
  const auto number = static_cast<std::size_t>(found - values.begin());
  if (found == values.end()) values.push_back(value);
  return number;
}

}  // namespace

/// Follows the channel counts from stage to stage: `incoming_` are those that can reach the next.
class BlockFormsBuilder {
 public:
  BlockFormsBuilder(const SearchSpace& space, BlockForms& out) : space_(space), out_(out) {}

  bool build() {
    const GeneMap genes = gene_map(space_);
    for (const Decision& decision : space_.decisions) {
      out_.last_choice_.push_back(static_cast<std::uint8_t>(decision.choices.size() - 1));
    }
    out_.stem_width_ = genes.stem_width;
    for (const int width : space_.stem.width) {
      out_.out_of_stem_.push_back(number_in(incoming_, width));
    }
    for (std::size_t s = 0; s < space_.stages.size(); ++s) {
      out_.stages_.push_back(stage_of(space_.stages[s], genes.stages[s]));
      if (!add_forms(space_.stages[s], out_.stages_.back())) return false;
    }
    return true;
  }

 private:
  using Stage = BlockForms::Stage;
  using Form = BlockForms::Form;
  using Choice = std::array<int, BlockForms::kQuestions>;

  static Stage stage_of(const StageChoices& choices, const StageGenes& genes) {
    Stage stage;
    stage.depth = genes.depth;
    stage.width = genes.width;
    stage.stride = genes.stride;
    stage.depths = choices.depth;
    stage.widths = choices.width.size();
    stage.strides = choices.stride.size();
    for (const BlockChoice& decisions : genes.blocks) {
      BlockForms::BlockGenes block;
      for (int q = 0; q < BlockForms::kQuestions; ++q) {
        block.decision[q] = decisions[BlockForms::kQuestion[q]];
      }
      block.kernel_size = decisions[kKernelGene];
      block.activation = decisions[kActivationGene];
      stage.blocks.push_back(block);
    }
    std::uint32_t multiplier = 1;
    const BlockChoice counts = block_choice_counts(choices.block);
    for (int q = BlockForms::kQuestions; q-- > 0;) {
      stage.multiplier[q] = multiplier;
      multiplier *= static_cast<std::uint32_t>(counts[BlockForms::kQuestion[q]]);
    }
    return stage;
  }

  /// The forms of all places where a block of the stage can stand; and what the stage hands on.
  bool add_forms(const StageChoices& choices, Stage& stage) {
    places_.clear();
    std::vector<int> outgoing;
    for (const int in : incoming_) {
      for (const int width : choices.width) {
        for (const int stride : choices.stride) {
          const auto begin = forms_at(choices, in, width, stride);
          if (!begin) return false;
          stage.first_block.push_back(*begin);
        }
      }
    }
    for (const int width : choices.width) {
      const auto begin = forms_at(choices, width, width, 1);
      if (!begin) return false;
      stage.later_block.push_back(*begin);
      stage.out_of_width.push_back(number_in(outgoing, width));
    }
    for (const int in : incoming_) stage.out_of_nothing.push_back(number_in(outgoing, in));
    incoming_ = std::move(outgoing);
    return true;
  }

  /// Where the forms of this place begin; nothing if they are too many.
  std::optional<std::uint32_t> forms_at(const StageChoices& choices, int in, int width,
                                        int stride) {
    const auto begin = static_cast<std::uint32_t>(out_.forms_.size());
    const auto [place, is_new] = places_.try_emplace({in, width, stride}, begin);
    if (!is_new) return place->second;
    const BlockChoice all = block_choice_counts(choices.block);
    Choice counts{};
    std::size_t size = 1;
    for (int q = 0; q < BlockForms::kQuestions; ++q) {
      counts[q] = all[BlockForms::kQuestion[q]];
      size *= static_cast<std::size_t>(counts[q]);
    }
    if (begin + size > kMostForms) return std::nullopt;
    // For each choice, in lexicographic order, the first that builds the same.
    std::map<std::array<int, 6>, std::size_t> first_of;
    std::vector<std::size_t> first(size);
    for (std::size_t number = 0; number < size; ++number) {
      BlockChoice choice{};
      const Choice answers = answers_of(number, counts);
      for (int q = 0; q < BlockForms::kQuestions; ++q)
        choice[BlockForms::kQuestion[q]] = answers[q];
      const auto key = build_key(build_block(space_, choices.block, choice, in, width, stride));
      first[number] = first_of.try_emplace(key, number).first->second;
    }
    for (std::size_t number = 0; number < size; ++number) {
      out_.forms_.push_back(form_of(number, counts, first));
    }
    return begin;
  }

  static Choice answers_of(std::size_t number, const Choice& counts) {
    Choice answers{};
    for (int q = BlockForms::kQuestions; q-- > 0;) {
      answers[q] = static_cast<int>(number % static_cast<std::size_t>(counts[q]));
      number /= static_cast<std::size_t>(counts[q]);
    }
    return answers;
  }

  static Form form_of(std::size_t number, const Choice& counts,
                      const std::vector<std::size_t>& first) {
    Form form;
    const Choice answers = answers_of(number, counts);
    const Choice first_answers = answers_of(first[number], counts);
    std::size_t step = 1;  // between the numbers of neighbouring answers
    for (int q = BlockForms::kQuestions; q-- > 0;) {
      form.first[q] = static_cast<std::uint8_t>(first_answers[q]);
      const std::size_t zero = number - static_cast<std::size_t>(answers[q]) * step;
      for (int other = 0; other < counts[q]; ++other) {
        const bool differs = first[zero + static_cast<std::size_t>(other) * step] != first[number];
        if (differs) form.matters = static_cast<std::uint8_t>(form.matters | 1 << q);
      }
      step *= static_cast<std::size_t>(counts[q]);
    }
    return form;
  }

  const SearchSpace& space_;
  BlockForms& out_;
  std::vector<int> incoming_;
  std::map<std::tuple<int, int, int>, std::uint32_t> places_;  ///< of the stage in hand
};

std::shared_ptr<const BlockForms> BlockForms::of(const SearchSpace& space) {
  if (space.listed) return nullptr;
  auto forms = std::make_shared<BlockForms>();
  return BlockFormsBuilder(space, *forms).build() ? forms : nullptr;
}

bool BlockForms::fits(const Genotype& genotype) const {
  if (genotype.choices.size() != last_choice_.size()) return false;
  bool above = false;
  for (std::size_t i = 0; i < last_choice_.size(); ++i) {
    above |= genotype.choices[i] > last_choice_[i];
  }
  return !above;
}

const BlockForms::Form& BlockForms::form_of(const Genotype& genotype, const Stage& stage,
                                            const BlockGenes& block, std::uint32_t begin) const {
  std::uint32_t number = begin;
  for (int q = 0; q < kQuestions; ++q) {
    if (block.decision[q] >= 0) number += genotype.choices[block.decision[q]] * stage.multiplier[q];
  }
  return forms_[number];
}

/// Calls built(block, form) for each block that the genotype builds, skipped(block) for those
/// beyond the depth, and empty(stage). They may change the genes of their block and stage.
template <typename Built, typename Skipped, typename Empty>
void BlockForms::walk(const Genotype& genotype, const Built& built, const Skipped& skipped,
                      const Empty& empty) const {
  const auto of = [&](int decision) {
    return static_cast<std::size_t>(chosen(genotype, decision));
  };
  std::size_t in = out_of_stem_[of(stem_width_)];
  for (const Stage& stage : stages_) {
    const auto depth = static_cast<std::size_t>(stage.depths[of(stage.depth)]);
    const std::size_t width = of(stage.width);
    std::uint32_t begin =
        stage.first_block[(in * stage.widths + width) * stage.strides + of(stage.stride)];
    for (std::size_t position = 0; position < depth; ++position) {
      const BlockGenes& block = stage.blocks[position];
      built(block, form_of(genotype, stage, block, begin));
      begin = stage.later_block[width];
    }
    for (std::size_t position = depth; position < stage.blocks.size(); ++position) {
      skipped(stage.blocks[position]);
    }
    if (depth == 0) empty(stage);
    in = depth > 0 ? stage.out_of_width[width] : stage.out_of_nothing[in];
  }
}

void BlockForms::make_canonical(Genotype& genotype) const {
  const auto set = [&](int decision, std::uint8_t choice) {
    if (decision >= 0) genotype.choices[decision] = choice;
  };
  walk(
      genotype,
      [&](const BlockGenes& block, const Form& form) {
        for (int q = 0; q < kQuestions; ++q) set(block.decision[q], form.first[q]);
      },
      [&](const BlockGenes& block) {
        for (const int decision : block.decision) set(decision, 0);
        set(block.kernel_size, 0);
        set(block.activation, 0);
      },
      [&](const Stage& stage) {
        set(stage.width, 0);
        set(stage.stride, 0);
      });
}

void BlockForms::mark_active(const Genotype& genotype, std::vector<bool>& active) const {
  const auto clear = [&](int decision) {
    if (decision >= 0) active[decision] = false;
  };
  walk(
      genotype,
      [&](const BlockGenes& block, const Form& form) {
        for (int q = 0; q < kQuestions; ++q) {
          if ((form.matters >> q & 1) == 0) clear(block.decision[q]);
        }
      },
      [&](const BlockGenes& block) {
        for (const int decision : block.decision) clear(decision);
        clear(block.kernel_size);
        clear(block.activation);
      },
      [&](const Stage& stage) {
        clear(stage.width);
        clear(stage.stride);
      });
}

}  // namespace edgefront
