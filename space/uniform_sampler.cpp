#include "space/uniform_sampler.h"

#include <boost/multiprecision/cpp_int.hpp>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "space/error.h"
#include "space/genes.h"

namespace edgefront {

using Integer = boost::multiprecision::cpp_int;

struct UniformSampler::Counts {
  /// Stage, channels in, channels out, stride.
  using BlockPlace = std::tuple<int, int, int, int>;

  explicit Counts(const SearchSpace& s) : space(s) {
    if (space.listed) {
      total = space.listed->size();
      return;
    }
    genes = gene_map(s);
    for (int width : space.stem.width) from_stem += count_from(0, width);
    total = from_stem * space.resolution.size();
  }

  const SearchSpace& space;
  GeneMap genes;
  std::map<BlockPlace, std::vector<BlockChoice>> choices;  ///< one per different block
  std::map<std::pair<int, int>, Integer> tails;            ///< networks from (stage, channels) on
  Integer from_stem, total;

  const Integer& count_from(int stage, int channels);
  const std::vector<BlockChoice>& different_blocks(BlockPlace place);
  /// Networks of `stage` with these choices, and everything after it.
  Integer count_stage(int stage, int channels, int depth, int width, int stride);
  Genotype unrank(Integer index) const;
  void unrank_stage(int stage, int& channels, Integer& index, Genotype& genotype) const;
};

const std::vector<BlockChoice>& UniformSampler::Counts::different_blocks(BlockPlace place) {
  const auto [found, added] = choices.try_emplace(place);
  if (!added) return found->second;
  const auto [stage, in_channels, out_channels, stride] = place;
  const BlockChoices& block = space.stages[stage].block;
  const BlockChoice counts = block_choice_counts(block);
  std::set<std::array<int, 6>> seen;
  BlockChoice choice{};
  do {
    const auto built = build_block(space, block, choice, in_channels, out_channels, stride);
    if (seen.insert(build_key(built)).second) found->second.push_back(choice);
  } while (next_choice(counts, choice));
  return found->second;
}

Integer UniformSampler::Counts::count_stage(int stage, int channels, int depth, int width,
                                            int stride) {
  if (depth == 0) return count_from(stage + 1, channels);
  Integer count = different_blocks({stage, channels, width, stride}).size();
  if (depth > 1) {
    const Integer further = different_blocks({stage, width, width, 1}).size();
    count *= boost::multiprecision::pow(further, static_cast<unsigned>(depth - 1));
  }
  return count * count_from(stage + 1, width);
}

const Integer& UniformSampler::Counts::count_from(int stage, int channels) {
  const auto [found, added] = tails.try_emplace({stage, channels});
  if (!added) return found->second;
  Integer count;
  if (stage == static_cast<int>(space.stages.size())) {
    count = Integer(space.head.width.size()) * space.head.feature.size();
  } else {
    const StageChoices& choices = space.stages[stage];
    for (int depth : choices.depth) {
      if (depth == 0) {
        count += count_stage(stage, channels, 0, 0, 1);
        continue;
      }
      for (int width : choices.width)
        for (int stride : choices.stride)
          count += count_stage(stage, channels, depth, width, stride);
    }
  }
  return found->second = count;  // map references stay valid while the recursion inserts
}

namespace {

/// Splits `index` into index / base, leaving index % base.
std::size_t take_digit(Integer& index, const Integer& base) {
  const Integer digit = index / base;
  index %= base;
  return static_cast<std::size_t>(digit);
}

void set_gene(Genotype& genotype, int decision, std::size_t choice) {
  if (decision >= 0) genotype.choices[decision] = static_cast<std::uint8_t>(choice);
}

}  // namespace

void UniformSampler::Counts::unrank_stage(int stage, int& channels, Integer& index,
                                          Genotype& genotype) const {
  const StageChoices& stage_choices = space.stages[stage];
  const StageGenes& stage_genes = genes.stages[stage];
  for (std::size_t d = 0; d < stage_choices.depth.size(); ++d) {
    const int depth = stage_choices.depth[d];
    for (std::size_t w = 0; w < (depth ? stage_choices.width.size() : 1); ++w)
      for (std::size_t t = 0; t < (depth ? stage_choices.stride.size() : 1); ++t) {
        const int width = depth ? stage_choices.width[w] : channels;
        const int stride = stage_choices.stride[t];
        // The const path only reads what construction counted.
        std::vector<const std::vector<BlockChoice>*> positions;
        Integer tail = tails.at({stage + 1, width});
        for (int position = 0; position < depth; ++position)
          positions.push_back(&(position == 0 ? choices.at({stage, channels, width, stride})
                                              : choices.at({stage, width, width, 1})));
        Integer count = tail;
        for (const auto* options : positions) count *= options->size();
        if (index >= count) {
          index -= count;
          continue;
        }
        set_gene(genotype, stage_genes.depth, d);
        set_gene(genotype, stage_genes.width, w);
        set_gene(genotype, stage_genes.stride, t);
        for (int position = 0; position < depth; ++position) {
          count /= positions[position]->size();
          const BlockChoice& choice = (*positions[position])[take_digit(index, count)];
          for (int q = 0; q < kBlockQuestions; ++q)
            set_gene(genotype, stage_genes.blocks[position][q], choice[q]);
        }
        channels = width;
        return;
      }
  }
}

Genotype UniformSampler::Counts::unrank(Integer index) const {
  if (space.listed) return space.listed->at(static_cast<int>(index));
  Genotype genotype{std::vector<std::uint8_t>(space.decisions.size())};
  set_gene(genotype, genes.resolution, take_digit(index, from_stem));
  std::size_t stem = 0;
  while (index >= tails.at({0, space.stem.width[stem]}))
    index -= tails.at({0, space.stem.width[stem++]});
  set_gene(genotype, genes.stem_width, stem);
  int channels = space.stem.width[stem];
  for (int stage = 0; stage < static_cast<int>(space.stages.size()); ++stage)
    unrank_stage(stage, channels, index, genotype);
  set_gene(genotype, genes.head_width, take_digit(index, Integer(space.head.feature.size())));
  set_gene(genotype, genes.head_feature, static_cast<std::size_t>(index));
  return genotype;
}

UniformSampler::UniformSampler(const SearchSpace& space)
    : counts_(std::make_unique<Counts>(space)) {}
UniformSampler::~UniformSampler() = default;

Genotype UniformSampler::sample(RandomStream& random) const {
  const unsigned bits =
      counts_->total == 1 ? 1 : boost::multiprecision::msb(counts_->total - 1) + 1;
  Integer index;
  do {  // fewer than two draws on average
    index = 0;
    for (unsigned have = 0; have < bits; have += 64) {
      const unsigned missing = bits - have;
      index = (index << 64) | random.next_u64();
      if (missing < 64) index >>= 64 - missing;
    }
  } while (index >= counts_->total);
  return counts_->unrank(std::move(index));
}

std::string UniformSampler::cardinality() const { return counts_->total.str(); }

Genotype UniformSampler::at(const std::string& index) const {
  const bool decimal = !index.empty() && index.size() < 4096 &&
                       index.find_first_not_of("0123456789") == std::string::npos &&
                       (index.size() == 1 || index[0] != '0');  // a leading 0 would mean octal
  if (!decimal || Integer(index) >= counts_->total)
    throw InputError("genotype number: came " + index.substr(0, 80) + ", accepted are 0 to " +
                     Integer(counts_->total - 1).str());
  return counts_->unrank(Integer(index));
}

std::string cardinality(const SearchSpace& space) { return UniformSampler(space).cardinality(); }

}  // namespace edgefront
