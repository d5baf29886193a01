// What canonical() and active_decisions() need to know of the blocks of a space, worked out once:
// a search asks for it several times a candidate.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "space/genes.h"

namespace edgefront {

/// For every choice of a block, wherever it may stand: the first choice that builds the same block,
/// and the questions whose answer matters. Both depend on the channels that reach the block, on its
/// width and stride and on nothing else. Kernel size and activation are part of every block, so
/// they stay as they are and always matter. Immutable, so that threads may share it.
class BlockForms {
 public:
  /// Null for a list of networks, and for a space that would need more than 2^16 entries.
  static std::shared_ptr<const BlockForms> of(const SearchSpace& space);

  /// One choice for each decision, all of them in range.
  bool fits(const Genotype& genotype) const;
  /// What canonical() says. `genotype` fits.
  void make_canonical(Genotype& genotype) const;
  /// What active_decisions() says. `genotype` fits, and `active` is true for each decision.
  void mark_active(const Genotype& genotype, std::vector<bool>& active) const;

 private:
  friend class BlockFormsBuilder;

  static constexpr int kQuestions = 4;  ///< of a block: those whose answers may coincide
  static constexpr std::array<BlockQuestion, kQuestions> kQuestion{kOpGene, kExpandGene, kSeGene,
                                                                   kSkipGene};
  struct Form {
    std::array<std::uint8_t, kQuestions> first{};
    std::uint8_t matters = 0;  ///< a bit for each
  };
  /// Decisions of one block, −1 where there is one choice only, and how the number of a choice
  /// follows from them.
  struct BlockGenes {
    std::array<int, kQuestions> decision{};
    int kernel_size = -1, activation = -1;
  };
  struct Stage {
    int depth = -1, width = -1, stride = -1;  ///< decisions
    std::vector<int> depths;                  ///< blocks, per choice
    std::vector<BlockGenes> blocks;           ///< per position
    std::array<std::uint32_t, kQuestions> multiplier{};
    std::size_t widths = 1, strides = 1;
    /// Where the forms of a block begin: of the first by what comes in, width and stride, of the
    /// others by width.
    std::vector<std::uint32_t> first_block, later_block;
    /// The next stage's number of what goes out: by width, or where the stage is empty of what
    /// comes in.
    std::vector<std::size_t> out_of_width, out_of_nothing;
  };

  template <typename Built, typename Skipped, typename Empty>
  void walk(const Genotype& genotype, const Built& built, const Skipped& skipped,
            const Empty& empty) const;
  const Form& form_of(const Genotype& genotype, const Stage& stage, const BlockGenes& block,
                      std::uint32_t begin) const;

  std::vector<std::uint8_t> last_choice_;  ///< per decision
  int stem_width_ = -1;                    ///< decision
  std::vector<std::size_t> out_of_stem_;   ///< the first stage's number, per stem width
  std::vector<Stage> stages_;
  std::vector<Form> forms_;
};

}  // namespace edgefront
