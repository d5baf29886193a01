#include "search/variation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "search/option_check.h"

namespace edgefront {
namespace {

/// Active decisions that have something to choose.
std::vector<bool> open_decisions(const SearchSpace& space, const Genotype& genotype) {
  std::vector<bool> open = active_decisions(space, genotype);
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (space.decisions[i].choices.size() < 2) open[i] = false;
  }
  return open;
}

/// The child, or where a space's list does not have it its nearest network but the parents:
/// canonical() would mostly lead back to them.
Genotype born(const SearchSpace& space, Genotype child, const Genotype& mother,
              const Genotype& father) {
  if (!space.listed || space.listed->contains(child)) return canonical(space, std::move(child));
  const int other = space.listed->nearest(child, std::array{mother, father});
  return other < 0 ? mother : space.listed->at(other);
}

Genotype born(const SearchSpace& space, Genotype child, const Genotype& parent) {
  return born(space, std::move(child), parent, parent);
}

std::uint8_t draw(std::size_t bound, RandomStream& random) {
  return static_cast<std::uint8_t>(random.below(bound));
}

/// Draws the genes that are open and not settled, until no more wake: a woken gene may wake others
/// (the operator its expansion), and each decision is drawn once at most.
Genotype draw_woken(const SearchSpace& space, Genotype child, const Genotype& parent,
                    std::vector<bool> settled, RandomStream& random) {
  child = born(space, std::move(child), parent);
  if (space.listed) return child;
  for (bool woke = true; woke;) {
    woke = false;
    const std::vector<bool> open = open_decisions(space, child);
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (!open[i] || settled[i]) continue;
      child.choices[i] = draw(space.decisions[i].choices.size(), random);
      settled[i] = woke = true;
    }
    if (woke) child = canonical(space, std::move(child));
  }
  return child;
}

/// One of the other choices of decision `i`, uniformly.
std::uint8_t another_choice(const SearchSpace& space, const Genotype& genotype, std::size_t i,
                            RandomStream& random) {
  std::uint8_t choice = draw(space.decisions[i].choices.size() - 1, random);
  if (choice >= genotype.choices[i]) ++choice;
  return choice;
}

/// `rate` per open decision, or where it is 0 `expected` changes in all; `change(i)` gives the new
/// choice of a decision that was drawn. `genotype` is canonical.
template <typename Change>
Genotype mutate_with(const SearchSpace& space, const Genotype& genotype, double rate,
                     double expected, RandomStream& random, const Change& change) {
  std::vector<bool> settled = open_decisions(space, genotype);
  const auto count = std::count(settled.begin(), settled.end(), true);
  if (count == 0) return genotype;
  const double chance = rate > 0 ? rate : expected / static_cast<double>(count);
  Genotype child = genotype;
  bool changed = false;
  for (std::size_t i = 0; i < settled.size(); ++i) {
    if (!settled[i] || random.uniform() >= chance) continue;
    child.choices[i] = change(i);
    changed = true;
  }
  if (!changed) return child;  // nothing woke
  return draw_woken(space, std::move(child), genotype, std::move(settled), random);
}

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Three choices or more, all numbers, ascending.
bool is_ordered(const Decision& decision) {
  std::optional<double> last;
  for (const std::string& choice : decision.choices) {
    const std::optional<double> value = number(choice);
    if (!value || (last && *value <= *last)) return false;
    last = value;
  }
  return decision.choices.size() > 2;
}

/// "stage2" and "block1.op" of "stage2.block1.op"; a plain name is a group with nothing behind it.
std::pair<std::string, std::string> split_name(const std::string& name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return {name, ""};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

/// The number of "block3", or 0.
int block_number(const std::string& word) {
  if (!word.starts_with("block")) return 0;
  return static_cast<int>(number(word.substr(5)).value_or(0));
}

std::uint8_t round_to_choice(double value, std::size_t choices) {
  return static_cast<std::uint8_t>(
      std::clamp(std::floor(value + 0.5), 0.0, static_cast<double>(choices - 1)));
}

/// Polynomial mutation of an index, which always moves.
std::uint8_t polynomial_step(std::uint8_t from, std::size_t choices, double spread,
                             RandomStream& random) {
  const double range = static_cast<double>(choices - 1), x = from;
  const double u = random.uniform();
  const bool down = from > 0 && (u < 0.5 || from + 1u == choices);
  const double power = 1 / (spread + 1);
  // Deb's bounded form: the distance to the bound limits the step.
  const double share = (down ? x : range - x) / range;
  const double v = u < 0.5 ? 2 * u : 2 * (1 - u);
  const double step = 1 - std::pow(v + (1 - v) * std::pow(1 - share, spread + 1), power);
  const std::uint8_t to = round_to_choice(down ? x - step * range : x + step * range, choices);
  if (to != from) return to;
  return static_cast<std::uint8_t>(down ? from - 1 : from + 1);
}

/// One of the two children that bounded simulated binary crossover gives.
std::uint8_t blend(std::uint8_t a, std::uint8_t b, std::size_t choices, double spread,
                   RandomStream& random) {
  const double low = std::min(a, b), high = std::max(a, b);
  const double range = static_cast<double>(choices - 1);
  const double u = random.uniform();
  const bool upper = random.below(2) == 1;
  const double beta = 1 + 2 * (upper ? range - high : low) / (high - low);
  const double alpha = 2 - std::pow(beta, -(spread + 1)), power = 1 / (spread + 1);
  const double beta_q =
      u <= 1 / alpha ? std::pow(u * alpha, power) : std::pow(1 / (2 - u * alpha), power);
  const double middle = low + high, reach = beta_q * (high - low);
  return round_to_choice(0.5 * (upper ? middle + reach : middle - reach), choices);
}

}  // namespace

Genotype uniform_crossover(const SearchSpace& space, const Genotype& a, const Genotype& b,
                           RandomStream& random) {
  const std::vector<bool> active_a = active_decisions(space, a);
  const std::vector<bool> active_b = active_decisions(space, b);
  Genotype child = a;
  for (std::size_t i = 0; i < child.choices.size(); ++i) {
    const bool from_b = active_a[i] == active_b[i] ? random.below(2) == 1 : active_b[i];
    if (from_b) child.choices[i] = b.choices[i];
  }
  return born(space, std::move(child), a, b);
}

Genotype mutate(const SearchSpace& space, const Genotype& genotype, double rate,
                RandomStream& random) {
  return mutate_with(space, genotype, rate, 1, random,
                     [&](std::size_t i) { return another_choice(space, genotype, i, random); });
}

std::vector<Genotype> neighbours(const SearchSpace& space, const Genotype& genotype,
                                 std::uint64_t seed) {
  const std::vector<bool> open = open_decisions(space, genotype);
  const std::uint64_t own = mix_seed(seed, std::hash<Genotype>()(genotype));
  std::vector<Genotype> all, unlisted;
  std::set<Genotype> seen{genotype};
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (!open[i]) continue;
    for (std::size_t choice = 0; choice < space.decisions[i].choices.size(); ++choice) {
      if (choice == genotype.choices[i]) continue;
      Genotype changed = genotype;
      changed.choices[i] = static_cast<std::uint8_t>(choice);
      if (space.listed && !space.listed->contains(changed)) {
        unlisted.push_back(std::move(changed));
        continue;
      }
      RandomStream random(own, i * 256 + choice);
      changed = draw_woken(space, std::move(changed), genotype, open, random);
      if (seen.insert(changed).second) all.push_back(std::move(changed));
    }
  }
  if (!all.empty()) return all;
  for (Genotype& wanted : unlisted) {
    Genotype nearest = born(space, std::move(wanted), genotype);
    if (seen.insert(nearest).second) all.push_back(std::move(nearest));
  }
  return all;
}

void check_variation(const VariationOptions& options, const char* algorithm) {
  const auto check = [&](const char* key, double value, double low, double high,
                         const char* accepted) {
    require_option(value >= low && value <= high, algorithm, key, value, accepted);
  };
  check("crossover_probability", options.crossover_probability, 0, 1, "0 to 1");
  check("swap_probability", options.swap_probability, 0, 1, "0 to 1");
  check("layer_probability", options.layer_probability, 0, 1, "0 to 1");
  check("mutation_rate", options.mutation_rate, 0, 1, "0 to 1");
  check("crossover_spread", options.crossover_spread, 0, 1000, "0 to 1000");
  check("mutation_spread", options.mutation_spread, 0, 1000, "0 to 1000");
}

VariedSpace::VariedSpace(const SearchSpace& space, const VariationOptions& options)
    : space_(&space), options_(options) {
  for (const Decision& decision : space.decisions) {
    ordered_.push_back(options.ordered && is_ordered(decision));
  }
  find_groups();
  find_stages();
}

void VariedSpace::find_groups() {
  std::map<std::string, int> by_name;
  std::vector<std::vector<std::pair<std::string, std::vector<std::string>>>> shapes;
  for (std::size_t i = 0; i < space_->decisions.size(); ++i) {
    const auto [name, rest] = split_name(space_->decisions[i].name);
    const auto [found, added] = by_name.try_emplace(name, static_cast<int>(groups_.size()));
    if (added) {
      groups_.emplace_back();
      shapes.emplace_back();
    }
    groups_[found->second].push_back(static_cast<int>(i));
    shapes[found->second].emplace_back(rest, space_->decisions[i].choices);
  }
  for (std::size_t a = 0; a < groups_.size(); ++a) {
    for (std::size_t b = a + 1; b < groups_.size(); ++b) {
      if (shapes[a] == shapes[b]) equals_.emplace_back(int(a), int(b));
    }
  }
}

void VariedSpace::find_stages() {
  for (const std::vector<int>& group : groups_) {
    Stage stage;
    for (const int decision : group) {
      const auto [name, rest] = split_name(space_->decisions[decision].name);
      if (rest == "depth") stage.depth = decision;
      const int block = block_number(split_name(rest).first);
      if (block < 1) continue;
      stage.blocks.resize(std::max<std::size_t>(stage.blocks.size(), block));
      stage.blocks[block - 1].push_back(decision);
    }
    if (stage.depth < 0) continue;
    for (const std::string& text : space_->decisions[stage.depth].choices) {
      stage.depths.push_back(static_cast<int>(number(text).value_or(-1)));
    }
    const int deepest = *std::max_element(stage.depths.begin(), stage.depths.end());
    const bool numbers = *std::min_element(stage.depths.begin(), stage.depths.end()) >= 0;
    // Blocks without a choice of their own have no decisions: their depth alone changes.
    if (stage.blocks.empty() && numbers) stage.blocks.resize(deepest);
    if (numbers && static_cast<int>(stage.blocks.size()) == deepest) stages_.push_back(stage);
  }
}

Genotype VariedSpace::child(const Genotype& mother, const Genotype& father,
                            RandomStream& random) const {
  if (random.uniform() >= options_.crossover_probability) return child(mother, random);
  Genotype crossed = uniform_crossover(*space_, mother, father, random);
  if (options_.ordered) crossed = cross_ordered(mother, father, std::move(crossed), random);
  return child(crossed, random);
}

Genotype VariedSpace::child(const Genotype& parent, RandomStream& random) const {
  Genotype child = parent;
  if (options_.swap_probability > 0 && random.uniform() < options_.swap_probability) {
    child = swap_groups(child, random);
  }
  if (options_.layer_probability > 0 && random.uniform() < options_.layer_probability) {
    child = change_depth(child, random);
  }
  return mutate_all(child, random);
}

Genotype VariedSpace::swap_groups(const Genotype& genotype, RandomStream& random) const {
  if (equals_.empty()) return genotype;
  const auto [a, b] = equals_[random.below(equals_.size())];
  Genotype swapped = genotype;
  for (std::size_t i = 0; i < groups_[a].size(); ++i) {
    std::swap(swapped.choices[groups_[a][i]], swapped.choices[groups_[b][i]]);
  }
  return born(*space_, std::move(swapped), genotype);
}

Genotype VariedSpace::change_depth(const Genotype& genotype, RandomStream& random) const {
  if (stages_.empty()) return genotype;
  const Stage& stage = stages_[random.below(stages_.size())];
  const int depth = stage.depths[genotype.choices[stage.depth]];
  const bool grow = random.below(2) == 1;
  // The next depth in the drawn direction, or else in the other: there are two choices at least.
  int next = -1;
  for (const bool up : {grow, !grow}) {
    for (std::size_t c = 0; c < stage.depths.size() && next < 0; ++c) {
      const int there = stage.depths[c];
      if (up ? there <= depth : there >= depth) continue;
      const bool nearest = std::none_of(stage.depths.begin(), stage.depths.end(), [&](int other) {
        return up ? other > depth && other < there : other < depth && other > there;
      });
      if (nearest) next = static_cast<int>(c);
    }
    if (next >= 0) break;
  }
  std::vector<int> order(depth);  // which old block stands at each place of the new stage
  for (int i = 0; i < depth; ++i) order[i] = i;
  const int wanted = stage.depths[next];
  while (static_cast<int>(order.size()) > wanted) {
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(random.below(order.size())));
  }
  while (!order.empty() && static_cast<int>(order.size()) < wanted) {
    const auto at = order.begin() + static_cast<std::ptrdiff_t>(random.below(order.size()));
    order.insert(at, *at);
  }
  Genotype changed = genotype;
  changed.choices[stage.depth] = static_cast<std::uint8_t>(next);
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t q = 0; q < stage.blocks[i].size(); ++q) {
      changed.choices[stage.blocks[i][q]] = genotype.choices[stage.blocks[order[i]][q]];
    }
  }
  // A stage that was empty has no block to copy: its genes are drawn.
  std::vector<bool> settled(changed.choices.size(), depth > 0);
  if (depth > 0) return born(*space_, std::move(changed), genotype);
  settled = open_decisions(*space_, genotype);
  settled[stage.depth] = true;
  return draw_woken(*space_, std::move(changed), genotype, std::move(settled), random);
}

Genotype VariedSpace::cross_ordered(const Genotype& a, const Genotype& b, Genotype child,
                                    RandomStream& random) const {
  const std::vector<bool> active_a = open_decisions(*space_, a);
  const std::vector<bool> active_b = open_decisions(*space_, b);
  for (std::size_t i = 0; i < ordered_.size(); ++i) {
    if (!ordered_[i] || !active_a[i] || !active_b[i]) continue;
    child.choices[i] = a.choices[i];
    if (a.choices[i] == b.choices[i] || random.below(2) == 1) continue;
    child.choices[i] = blend(a.choices[i], b.choices[i], space_->decisions[i].choices.size(),
                             options_.crossover_spread, random);
  }
  return born(*space_, std::move(child), a, b);
}

Genotype VariedSpace::mutate_all(const Genotype& genotype, RandomStream& random) const {
  return mutate_with(*space_, genotype, options_.mutation_rate, 0.25, random, [&](std::size_t i) {
    if (!ordered_[i]) return another_choice(*space_, genotype, i, random);
    return polynomial_step(genotype.choices[i], space_->decisions[i].choices.size(),
                           options_.mutation_spread, random);
  });
}

}  // namespace edgefront
