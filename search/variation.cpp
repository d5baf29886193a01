#include "search/variation.h"

#include <algorithm>
#include <initializer_list>
#include <span>
#include <vector>

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
Genotype born(const SearchSpace& space, Genotype child, std::initializer_list<Genotype> parents) {
  if (!space.listed || space.listed->contains(child)) return canonical(space, std::move(child));
  const int other = space.listed->nearest(child, std::span(parents.begin(), parents.size()));
  return other < 0 ? *parents.begin() : space.listed->at(other);
}

std::uint8_t draw(std::size_t bound, RandomStream& random) {
  return static_cast<std::uint8_t>(random.below(bound));
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
  return born(space, std::move(child), {a, b});
}

Genotype mutate(const SearchSpace& space, const Genotype& genotype, double rate,
                RandomStream& random) {
  std::vector<bool> settled = open_decisions(space, genotype);
  const auto count = std::count(settled.begin(), settled.end(), true);
  if (count == 0) return genotype;
  const double chance = rate > 0 ? rate : 1.0 / static_cast<double>(count);
  Genotype child = genotype;
  for (std::size_t i = 0; i < settled.size(); ++i) {
    if (!settled[i] || random.uniform() >= chance) continue;
    // One of the others: skip over the present choice.
    std::uint8_t choice = draw(space.decisions[i].choices.size() - 1, random);
    if (choice >= child.choices[i]) ++choice;
    child.choices[i] = choice;
  }
  child = born(space, std::move(child), {genotype});
  if (space.listed) return child;
  // A woken gene may wake others (the operator its expansion): each decision is drawn once at most.
  for (bool woke = true; woke;) {
    woke = false;
    const std::vector<bool> open = open_decisions(space, child);
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (!open[i] || settled[i]) continue;
      child.choices[i] = draw(space.decisions[i].choices.size(), random);
      settled[i] = woke = true;
    }
    child = canonical(space, std::move(child));
  }
  return child;
}

}  // namespace edgefront
