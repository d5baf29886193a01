#include "experiments/pipeline/select.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>

#include "experiments/pipeline/metrics.h"
#include "experiments/units.h"
#include "search/knee.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr const char* kAccepted =
    "accepted are knee, knees:N, best, an index, spread:N, or a limit such as latency<=2ms";

/// Index of the objective that `name` means, with or without its unit; −1 if none.
int find_objective(const std::string& name, const std::vector<std::string>& objectives) {
  const std::string full = name == "memory" ? "peak_memory_bytes" : name;
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    if (objectives[i] == full || objectives[i].rfind(full + "_", 0) == 0) return int(i);
  }
  return -1;
}

const Metric* metric_of(const std::string& objective) {
  const std::string base = objective.substr(0, objective.find('@'));
  for (const Metric& metric : metrics()) {
    if (base == metric.name) return &metric;
  }
  return nullptr;
}

const Evaluation& smallest_first(const std::vector<const Evaluation*>& candidates) {
  return **std::min_element(
      candidates.begin(), candidates.end(),
      [](const Evaluation* a, const Evaluation* b) { return a->objectives[0] < b->objectives[0]; });
}

double limit_of(const std::string& text, Unit unit) {
  try {
    return parse_quantity(text, unit);
  } catch (const InputError& error) {
    throw InputError(std::string("--select: ") + error.what());
  }
}

Evaluation within_limit(const std::string& part, const std::vector<std::string>& objectives,
                        const std::vector<Evaluation>& front) {
  const std::size_t sign = part.find("<=");
  const std::string name = part.substr(0, sign);
  const int objective = find_objective(name, objectives);
  if (objective < 0) {
    std::string names;
    for (const auto& o : objectives) names += (names.empty() ? "" : ", ") + o;
    throw InputError("--select: '" + name + "' is no objective of this run; accepted are " + names);
  }
  const Metric* metric = metric_of(objectives[std::size_t(objective)]);
  if (metric && metric->sense == Sense::kMaximised) {
    throw InputError("--select: '" + name +
                     "' is maximised; a limit from below is for edgefront ask");
  }
  const Unit unit = metric ? metric->unit : Unit::kNone;
  const double limit = limit_of(part.substr(sign + 2), unit);
  std::vector<const Evaluation*> within;
  double nearest = std::numeric_limits<double>::infinity();
  for (const auto& e : front) {
    const double value = e.objectives[std::size_t(objective)];
    nearest = std::min(nearest, value);
    if (value <= limit) within.push_back(&e);
  }
  if (within.empty()) {
    throw InputError("--select: no network of the front has " + part + "; the nearest has " +
                     print_quantity(nearest, unit));
  }
  return smallest_first(within);
}

std::vector<Evaluation> spread(int count, const std::vector<Evaluation>& front) {
  std::vector<Evaluation> sorted = front;
  const std::size_t axis = front.front().objectives.size() > 1 ? 1 : 0;
  std::stable_sort(sorted.begin(), sorted.end(), [axis](const auto& a, const auto& b) {
    return a.objectives[axis] < b.objectives[axis];
  });
  const auto position = [&](const Evaluation& e) {
    return std::log(std::max(e.objectives[axis], 1e-12));
  };
  const double low = position(sorted.front()), high = position(sorted.back());
  std::vector<Evaluation> chosen;
  std::vector<bool> taken(sorted.size(), false);
  for (int k = 0; k < std::min<int>(count, int(sorted.size())); ++k) {
    const double wanted = count == 1 ? low : low + (high - low) * k / (count - 1);
    std::size_t nearest = sorted.size();
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      if (taken[i]) continue;
      if (nearest == sorted.size() ||
          std::abs(position(sorted[i]) - wanted) < std::abs(position(sorted[nearest]) - wanted)) {
        nearest = i;
      }
    }
    taken[nearest] = true;
    chosen.push_back(sorted[nearest]);
  }
  return chosen;
}

std::vector<Evaluation> knees_of(const std::vector<Evaluation>& front,
                                 const std::vector<std::string>& objectives, int count) {
  if (objectives.size() < 2) throw InputError("--select: a knee needs two objectives");
  std::vector<ObjectiveVector> points;
  for (const auto& e : front) points.push_back(e.objectives);
  std::vector<Evaluation> chosen;
  for (const int i : knees(points, count)) chosen.push_back(front[std::size_t(i)]);
  return chosen;
}

bool parse_whole(const std::string& text, std::int64_t* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && *value >= 0;
}

std::vector<Evaluation> select_one(const std::string& part,
                                   const std::vector<std::string>& objectives,
                                   const std::vector<Evaluation>& front,
                                   const std::vector<Evaluation>& evaluations) {
  std::int64_t number = 0;
  if (part == "knee") return knees_of(front, objectives, 1);
  if (part.rfind("knees:", 0) == 0 && parse_whole(part.substr(6), &number) && number >= 1 &&
      number <= 1000) {
    return knees_of(front, objectives, int(number));
  }
  if (part == "best") {
    std::vector<const Evaluation*> all;
    for (const auto& e : front) all.push_back(&e);
    return {smallest_first(all)};
  }
  if (part.rfind("spread:", 0) == 0 && parse_whole(part.substr(7), &number) && number >= 1 &&
      number <= 1000) {
    return spread(int(number), front);
  }
  if (part.find("<=") != std::string::npos) return {within_limit(part, objectives, front)};
  if (parse_whole(part, &number)) {
    for (const auto& e : evaluations) {
      if (e.index != number) continue;
      if (e.status != EvaluationStatus::kOk) {
        throw InputError("--select: evaluation " + part + " failed: " + e.reason);
      }
      return {e};
    }
    throw InputError("--select: the run has no evaluation " + part);
  }
  throw InputError("--select is '" + part + "'; " + kAccepted);
}

}  // namespace

std::vector<Evaluation> select_networks(const std::string& selection,
                                        const std::vector<std::string>& objectives,
                                        const std::vector<Evaluation>& front,
                                        const std::vector<Evaluation>& evaluations) {
  if (front.empty()) throw InputError("--select: the run has no feasible network yet");
  std::vector<Evaluation> chosen;
  std::istringstream in(selection);
  for (std::string part; std::getline(in, part, ',');) {
    for (auto& e : select_one(part, objectives, front, evaluations)) {
      const bool known = std::any_of(chosen.begin(), chosen.end(),
                                     [&](const auto& c) { return c.index == e.index; });
      if (!known) chosen.push_back(std::move(e));
    }
  }
  if (chosen.empty()) throw InputError(std::string("--select is empty; ") + kAccepted);
  return chosen;
}

}  // namespace edgefront
