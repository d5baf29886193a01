// The machinery of multi-objective search against pagmo's and against a plain list, one thread, in
// one run: non-dominated sorting, hypervolume and contributions, archives; and whether hypervolumes
// agree on 1,000 random fronts. Prints the least time of several interleaved rounds of each, and
// the ratios of these. With names as arguments (sort, hypervolume, archive, agreement) only those
// parts.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <pagmo/utils/hypervolume.hpp>
#include <pagmo/utils/multi_objective.hpp>
#include <string>
#include <vector>

#include "search/hypervolume.h"
#include "search/non_dominated_ranks.h"
#include "search/pareto_archive.h"
#include "space/random.h"

namespace edgefront {
namespace {

using Points = std::vector<ObjectiveVector>;

double now_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

/// Least milliseconds of `calls` calls.
double least_ms(int calls, const std::function<void()>& call) {
  double least = 1e300;
  for (int i = 0; i < calls; ++i) {
    const double start = now_ms();
    call();
    least = std::min(least, now_ms() - start);
  }
  return least;
}

void require(bool holds, const std::string& what) {
  if (holds) return;
  std::printf("moo_bench: %s\n", what.c_str());
  std::exit(1);
}

Points uniform_points(int count, int objectives, std::uint64_t stream) {
  RandomStream random(1, stream);
  const std::size_t m = std::size_t(objectives);
  Points points{std::size_t(count), ObjectiveVector(m)};
  for (ObjectiveVector& point : points) {
    for (double& value : point) value = random.uniform();
  }
  return points;
}

/// A direction with all components positive, uniform on the sphere.
ObjectiveVector on_sphere(int objectives, RandomStream& random) {
  ObjectiveVector point(std::size_t(objectives), 0.0);
  double squares = 0;
  for (double& value : point) {
    value = std::abs(random.normal());
    squares += value * value;
  }
  for (double& value : point) value /= std::sqrt(squares);
  return point;
}

Points sphere_front(int count, int objectives, std::uint64_t stream) {
  RandomStream random(2, stream);
  Points points;
  while (int(points.size()) < count) points.push_back(on_sphere(objectives, random));
  return points;
}

void bench_sort(int count, int objectives, int rounds) {
  const Points points = uniform_points(count, objectives, std::uint64_t(objectives));
  const std::vector<double> flat = flatten(points, std::size_t(objectives));
  const FlatPoints view(flat, std::size_t(objectives));
  double ours = 1e300, peer = 1e300;
  std::vector<int> ranks;
  for (int round = 0; round < rounds; ++round) {
    ours = std::min(ours, least_ms(20, [&] { ranks = non_dominated_ranks(view); }));
    if (count > 10'000) continue;  // pagmo is quadratic
    peer = std::min(peer, least_ms(1, [&] {
                      const auto sorted = pagmo::fast_non_dominated_sorting(points);
                      const auto& theirs = std::get<3>(sorted);
                      require(std::equal(ranks.begin(), ranks.end(), theirs.begin(),
                                         [](int a, auto b) { return a == int(b); }),
                              "the ranks differ from pagmo's");
                    }));
  }
  std::printf("sort %7d points, %d objectives: %9.3f ms", count, objectives, ours);
  if (peer < 1e300) std::printf(", pagmo %9.1f ms: %5.0f times", peer, peer / ours);
  std::printf("\n");
}

void bench_hypervolume(int count, int objectives, int rounds) {
  const std::size_t m = std::size_t(objectives);
  const Points points = sphere_front(count, objectives, m);
  const std::vector<double> flat = flatten(points, m), reference(m, 1.1);
  const FlatPoints view(flat, m);
  double ours = 1e300, peer = 1e300, ours_all = 1e300, peer_all = 1e300;
  double value = 0, theirs = 0;
  for (int round = 0; round < rounds; ++round) {
    ours = std::min(ours, least_ms(10, [&] { value = hypervolume(view, reference); }));
    peer = std::min(
        peer, least_ms(3, [&] { theirs = pagmo::hypervolume(points, false).compute(reference); }));
    if (objectives > 4) continue;  // minutes
    ours_all = std::min(ours_all, least_ms(2, [&] { hypervolume_contributions(view, reference); }));
    if (round > 0) continue;
    peer_all = std::min(
        peer_all, least_ms(1, [&] { pagmo::hypervolume(points, false).contributions(reference); }));
  }
  require(std::abs(value - theirs) <= 1e-9 * theirs, "the hypervolume differs from pagmo's");
  std::printf("hypervolume %4d points, %d-D: %8.3f ms, pagmo %8.3f ms: %5.1f times", count,
              objectives, ours, peer, peer / ours);
  if (peer_all < 1e300) {
    std::printf("; contributions %8.3f ms, pagmo %8.1f ms: %5.1f times", ours_all, peer_all,
                peer_all / ours_all);
  }
  std::printf("\n");
}

/// 1,000 fronts of 2 to 5 objectives: values and contributions.
void bench_agreement() {
  double worst = 0, worst_contribution = 0;
  for (int front = 0; front < 1000; ++front) {
    const int objectives = 2 + front % 4;
    const std::size_t m = std::size_t(objectives);
    RandomStream random(4, std::uint64_t(front));
    const int count = 1 + int(random.below(objectives < 5 ? 100 : 40));
    const Points points = front % 8 < 4 ? uniform_points(count, objectives, 100 + front)
                                        : sphere_front(count, objectives, 100 + front);
    const std::vector<double> flat = flatten(points, m), reference(m, 1.1);
    const double theirs = pagmo::hypervolume(points, false).compute(reference);
    const double ours = hypervolume(FlatPoints(flat, m), reference);
    worst = std::max(worst, std::abs(ours - theirs) / theirs);
    const auto their_parts = pagmo::hypervolume(points, false).contributions(reference);
    const auto our_parts = hypervolume_contributions(FlatPoints(flat, m), reference);
    for (std::size_t i = 0; i < our_parts.size(); ++i) {
      worst_contribution =
          std::max(worst_contribution, std::abs(our_parts[i] - their_parts[i]) / theirs);
    }
  }
  std::printf(
      "1,000 fronts of 2 to 5 objectives: hypervolumes differ from pagmo's by at most %.1e,\n"
      "  contributions by %.1e, relative to the hypervolume\n",
      worst, worst_contribution);
  require(worst <= 1e-9 && worst_contribution <= 1e-9, "more than 1e-9");
}

/// What a search offers an archive: points above the front on the unit sphere, that come nearer.
Points converging_stream(int count, int objectives) {
  RandomStream random(3, std::uint64_t(objectives));
  Points points;
  for (int i = 0; i < count; ++i) {
    ObjectiveVector point = on_sphere(objectives, random);
    const double above = 1 - double(i) / count;
    const double radius = 1 + 0.3 * random.uniform() * above;
    for (double& value : point) value *= radius;
    points.push_back(point);
  }
  return points;
}

/// All members one after another in one array; who is dominated is overwritten by the last.
class PlainList {
 public:
  explicit PlainList(std::size_t objectives) : m_(objectives) {}

  bool insert(const double* point) {
    for (std::size_t i = 0; i < values_.size(); i += m_) {
      if (nowhere_above(&values_[i], point)) return false;
    }
    for (std::size_t i = 0; i < values_.size();) {
      if (nowhere_above(point, &values_[i])) {
        std::copy(values_.end() - std::ptrdiff_t(m_), values_.end(), &values_[i]);
        values_.resize(values_.size() - m_);
      } else {
        i += m_;
      }
    }
    values_.insert(values_.end(), point, point + m_);
    return true;
  }
  std::size_t size() const { return values_.size() / m_; }

 private:
  bool nowhere_above(const double* a, const double* b) const {
    for (std::size_t k = 0; k < m_; ++k) {
      if (a[k] > b[k]) return false;
    }
    return true;
  }

  std::size_t m_;
  std::vector<double> values_;
};

void bench_archive(int objectives, int rounds) {
  const int count = 100'000;
  const Points points = converging_stream(count, objectives);
  std::vector<Evaluation> evaluations(points.size());
  for (int i = 0; i < count; ++i) {
    evaluations[i].index = i;
    evaluations[i].objectives = points[i];
  }
  double ours = 1e300, list = 1e300;
  std::size_t kept = 0, kept_by_list = 0;
  for (int round = 0; round < rounds; ++round) {
    ours = std::min(ours, least_ms(3, [&] {
                      ParetoArchive archive;
                      for (const Evaluation& evaluation : evaluations) archive.insert(evaluation);
                      kept = archive.front().size();
                    }));
    list = std::min(list, least_ms(1, [&] {
                      PlainList archive{std::size_t(objectives)};
                      for (const ObjectiveVector& point : points) archive.insert(point.data());
                      kept_by_list = archive.size();
                    }));
  }
  require(kept == kept_by_list, "the archive does not hold what a list holds");
  std::printf("archive %d offered, %5zu kept, %d objectives: %8.1f ms, list %8.1f ms: %.3f of it\n",
              count, kept, objectives, ours, list, ours / list);
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  using namespace edgefront;
  const auto wanted = [&](const std::string& part) {
    return argc < 2 || std::find(argv + 1, argv + argc, part) != argv + argc;
  };
  if (wanted("sort")) {
    for (const int objectives : {2, 3, 4}) bench_sort(10'000, objectives, 3);
    for (const int objectives : {2, 3, 4}) bench_sort(100'000, objectives, 1);
    for (const int objectives : {2, 3, 4}) bench_sort(200, objectives, 20);
    bench_sort(10'000, 5, 1);
  }
  if (wanted("hypervolume")) {
    for (const int objectives : {2, 3, 4}) bench_hypervolume(500, objectives, 5);
    bench_hypervolume(100, 5, 3);
  }
  if (wanted("archive")) {
    for (const int objectives : {2, 3, 4}) bench_archive(objectives, 2);
  }
  if (wanted("agreement")) bench_agreement();
  return 0;
}
