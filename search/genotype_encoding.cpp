#include "search/genotype_encoding.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

namespace edgefront {
namespace {

/// The rank of each choice's number, 0 to 1; empty where a choice is no number or two are equal.
std::vector<double> numeric_ranks(const std::vector<std::string>& choices) {
  std::vector<double> values;
  for (const std::string& choice : choices) {
    char* end = nullptr;
    values.push_back(std::strtod(choice.c_str(), &end));
    if (choice.empty() || *end != '\0' || !std::isfinite(values.back())) return {};
  }
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) return {};
  std::vector<double> ranks;
  for (const double value : values) {
    const auto place = std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
    ranks.push_back(static_cast<double>(place) /
                    static_cast<double>(std::max<std::size_t>(1, choices.size() - 1)));
  }
  return ranks;
}

}  // namespace

EncodedGenotype encode(const SearchSpace& space, const Genotype& canonical) {
  EncodedGenotype encoded;
  encoded.categories = canonical.choices;
  if (space.stages.empty()) return encoded;  // a table: nothing is ever inactive
  const std::vector<bool> active = active_decisions(space, canonical);
  for (std::size_t d = 0; d < active.size(); ++d) {
    if (active[d]) continue;
    encoded.categories[d] = static_cast<std::uint8_t>(space.decisions[d].choices.size());
  }
  return encoded;
}

std::vector<double> category_distances(const Decision& decision) {
  const std::vector<double> ranks = numeric_ranks(decision.choices);
  const std::size_t categories = decision.choices.size() + 1;
  std::vector<double> distances(categories * categories, 1.0);
  for (std::size_t a = 0; a < categories; ++a) {
    for (std::size_t b = 0; b < categories; ++b) {
      double& distance = distances[a * categories + b];
      if (a == b) distance = 0;
      if (a == b || ranks.empty() || a + 1 == categories || b + 1 == categories) continue;
      distance = 0.5 + 0.5 * std::fabs(ranks[a] - ranks[b]);
    }
  }
  return distances;
}

}  // namespace edgefront
