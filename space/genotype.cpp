#include "space/genotype.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "space/block_forms.h"
#include "space/error.h"
#include "space/genes.h"
#include "space/uniform_sampler.h"

namespace edgefront {

namespace {

/// The space's forms, where there are some that can be asked about this genotype.
const BlockForms* forms_for(const SearchSpace& space, const Genotype& genotype) {
  const BlockForms* forms = space.listed ? nullptr : space.block_forms.get();
  return forms != nullptr && forms->fits(genotype) ? forms : nullptr;
}

/// Sets the genes of one block to `choice`.
void put(Genotype& genotype, const BlockChoice& decisions, const BlockChoice& choice) {
  for (int q = 0; q < kBlockQuestions; ++q)
    if (decisions[q] >= 0) genotype.choices[decisions[q]] = static_cast<std::uint8_t>(choice[q]);
}

/// The first choice, in lexicographic order, that builds the same block. Kernel size and activation
/// are part of every block, so only the other questions can have been answered differently.
BlockChoice first_equal(const SearchSpace& space, const BlockChoices& choices,
                        const BlockChoice& choice, int in_channels, int out_channels, int stride) {
  const auto key_of = [&](const BlockChoice& c) {
    return build_key(build_block(space, choices, c, in_channels, out_channels, stride));
  };
  const auto wanted = key_of(choice);
  BlockChoice counts = block_choice_counts(choices), others{};
  counts[kKernelGene] = counts[kActivationGene] = 1;
  while (true) {
    BlockChoice candidate = others;
    candidate[kKernelGene] = choice[kKernelGene];
    candidate[kActivationGene] = choice[kActivationGene];
    if (candidate == choice || key_of(candidate) == wanted) return candidate;
    next_choice(counts, others);
  }
}

/// Calls visit(stage index, position, in, out, stride) for every block that the genotype builds,
/// and skipped(stage index, position) for every position beyond the depth.
template <typename Visit, typename Skipped>
void walk_blocks(const SearchSpace& space, const GeneMap& genes, const Genotype& genotype,
                 Visit visit, Skipped skipped) {
  int channels = space.stem.width[chosen(genotype, genes.stem_width)];
  for (std::size_t s = 0; s < space.stages.size(); ++s) {
    const StageChoices& stage = space.stages[s];
    const StageGenes& stage_genes = genes.stages[s];
    const int depth = stage.depth[chosen(genotype, stage_genes.depth)];
    const int width = stage.width[chosen(genotype, stage_genes.width)];
    int stride = stage.stride[chosen(genotype, stage_genes.stride)];
    for (int position = 0; position < static_cast<int>(stage_genes.blocks.size()); ++position) {
      if (position >= depth) {
        skipped(s, position);
        continue;
      }
      visit(s, position, channels, width, stride);
      channels = width;
      stride = 1;
    }
  }
}

/// "stage2.block1" of "stage2.block1.kernel_size": genes with one prefix stand together.
std::string_view prefix_of(std::string_view decision) {
  const auto dot = decision.rfind('.');
  return dot == std::string_view::npos ? "" : decision.substr(0, dot);
}

constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

/// Some decision has more choices than there are digits.
bool needs_numbers(const SearchSpace& space) {
  return std::any_of(space.decisions.begin(), space.decisions.end(),
                     [](const Decision& d) { return d.choices.size() > sizeof kDigits - 1; });
}

std::string to_numbers(const Genotype& genotype) {
  std::string text;
  for (const std::uint8_t choice : genotype.choices) {
    if (!text.empty()) text += '-';
    text += std::to_string(choice);
  }
  return text;
}

[[noreturn]] void refuse_text(const SearchSpace& space, const std::string& text,
                              const std::string& problem) {
  std::string names;
  for (const auto& [name, genotype] : space.references) names += (names.empty() ? "" : ", ") + name;
  throw InputError("genotype \"" + text.substr(0, 200) + "\": " + problem + "; accepted are " +
                   (names.empty() ? "" : "the references " + names + ", or ") + "texts such as " +
                   to_text(space, Genotype{std::vector<std::uint8_t>(space.decisions.size())}));
}

}  // namespace

Genotype canonical(const SearchSpace& space, Genotype genotype) {
  if (const BlockForms* forms = forms_for(space, genotype)) {
    forms->make_canonical(genotype);
    return genotype;
  }
  check_genotype(space, genotype);
  if (space.listed) {
    return space.listed->contains(genotype) ? genotype
                                            : space.listed->at(space.listed->nearest(genotype));
  }
  const GeneMap genes = gene_map(space);
  Genotype result = genotype;
  walk_blocks(
      space, genes, genotype,
      [&](int s, int position, int in_channels, int out_channels, int stride) {
        const BlockChoice& decisions = genes.stages[s].blocks[position];
        put(result, decisions,
            first_equal(space, space.stages[s].block, chosen(genotype, decisions), in_channels,
                        out_channels, stride));
      },
      [&](int s, int position) { put(result, genes.stages[s].blocks[position], BlockChoice{}); });
  for (std::size_t s = 0; s < space.stages.size(); ++s) {
    const StageGenes& stage = genes.stages[s];
    if (space.stages[s].depth[chosen(genotype, stage.depth)] > 0) continue;
    if (stage.width >= 0) result.choices[stage.width] = 0;
    if (stage.stride >= 0) result.choices[stage.stride] = 0;
  }
  return result;
}

std::vector<bool> active_decisions(const SearchSpace& space, const Genotype& genotype) {
  std::vector<bool> active(space.decisions.size(), true);
  if (const BlockForms* forms = forms_for(space, genotype)) {
    forms->mark_active(genotype, active);
    return active;
  }
  check_genotype(space, genotype);
  if (space.listed) return active;
  const GeneMap genes = gene_map(space);
  for (std::size_t s = 0; s < space.stages.size(); ++s) {
    const StageGenes& stage = genes.stages[s];
    const bool empty = space.stages[s].depth[chosen(genotype, stage.depth)] == 0;
    if (stage.width >= 0) active[stage.width] = !empty;
    if (stage.stride >= 0) active[stage.stride] = !empty;
  }
  walk_blocks(
      space, genes, genotype,
      [&](int s, int position, int in_channels, int out_channels, int stride) {
        const BlockChoices& choices = space.stages[s].block;
        const BlockChoice& decisions = genes.stages[s].blocks[position];
        const BlockChoice choice = chosen(genotype, decisions);
        const BlockChoice counts = block_choice_counts(choices);
        const auto key_of = [&](const BlockChoice& c) {
          return build_key(build_block(space, choices, c, in_channels, out_channels, stride));
        };
        const auto built = key_of(choice);
        for (int q = 0; q < kBlockQuestions; ++q) {
          if (decisions[q] < 0) continue;
          bool matters = false;
          BlockChoice other = choice;
          for (other[q] = 0; other[q] < counts[q] && !matters; ++other[q]) {
            matters = other[q] != choice[q] && key_of(other) != built;
          }
          active[decisions[q]] = matters;
        }
      },
      [&](int s, int position) {
        for (int decision : genes.stages[s].blocks[position])
          if (decision >= 0) active[decision] = false;
      });
  return active;
}

Genotype sample_uniform(const SearchSpace& space, RandomStream& random) {
  return UniformSampler(space).sample(random);
}

std::string to_text(const SearchSpace& space, const Genotype& genotype) {
  check_genotype(space, genotype);
  if (needs_numbers(space)) return to_numbers(genotype);
  std::string text;
  text.reserve(2 * genotype.choices.size());
  std::string_view last;
  for (std::size_t i = 0; i < genotype.choices.size(); ++i) {
    const std::string_view prefix = prefix_of(space.decisions[i].name);
    if (i > 0 && prefix != last) text += '.';
    text += kDigits[genotype.choices[i]];
    last = prefix;
  }
  return text;
}

namespace {

Genotype parse_numbers(const SearchSpace& space, const std::string& text) {
  Genotype genotype;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (const Decision& decision : space.decisions) {
    if (!genotype.choices.empty() && (at == end || *at++ != '-')) {
      refuse_text(space, text, "no - before gene " + decision.name);
    }
    unsigned choice = 0;
    const auto [next, error] = std::from_chars(at, end, choice);
    if (error != std::errc() || choice >= decision.choices.size()) {
      refuse_text(space, text,
                  "gene " + decision.name + ": its range is 0 to " +
                      std::to_string(decision.choices.size() - 1));
    }
    genotype.choices.push_back(static_cast<std::uint8_t>(choice));
    at = next;
  }
  if (at != end) refuse_text(space, text, "came more than the last gene");
  return genotype;
}

Genotype parse_digits(const SearchSpace& space, const std::string& text) {
  Genotype genotype;
  std::size_t at = 0;
  for (std::size_t i = 0; i < space.decisions.size(); ++i) {
    const Decision& decision = space.decisions[i];
    const bool new_group =
        i > 0 && prefix_of(decision.name) != prefix_of(space.decisions[i - 1].name);
    if (new_group && (at >= text.size() || text[at++] != '.'))
      refuse_text(space, text, "no dot before gene " + decision.name);
    const std::string came = at < text.size() ? std::string(1, text[at]) : "the end";
    const char* digit = nullptr;
    for (const char* d = kDigits; *d && at < text.size(); ++d)
      if (*d == text[at]) digit = d;
    const auto choice = digit ? static_cast<std::size_t>(digit - kDigits) : 36;
    if (choice >= decision.choices.size())
      refuse_text(space, text,
                  "gene " + decision.name + ": came " + came + ", its range is 0 to " +
                      kDigits[decision.choices.size() - 1]);
    genotype.choices.push_back(static_cast<std::uint8_t>(choice));
    ++at;
  }
  if (at < text.size()) refuse_text(space, text, "came more than the last gene");
  return genotype;
}

}  // namespace

Genotype parse_genotype(const SearchSpace& space, const std::string& text) {
  const auto reference = space.references.find(text);
  if (reference != space.references.end()) return reference->second;
  Genotype genotype = needs_numbers(space) ? parse_numbers(space, text) : parse_digits(space, text);
  if (space.listed && !space.listed->contains(genotype)) {
    throw InputError("genotype \"" + text.substr(0, 200) + "\": is no row of " + space.name);
  }
  return canonical(space, std::move(genotype));
}

}  // namespace edgefront
