#include "search/dominated_region.h"

#include <algorithm>
#include <utility>

#include "search/dense_ranks.h"

namespace edgefront {
namespace {

constexpr std::size_t kLeaf = 16;  ///< points

bool nowhere_above(const double* a, const double* b, std::size_t objectives) {
  bool below = true;  // without a branch for each: which objective decides is as good as random
  for (std::size_t k = 0; k < objectives; ++k) below &= a[k] <= b[k];
  return below;
}

/// A part whose halves are far from equal and that has grown since it was made.
bool one_sided(std::int32_t size, std::int32_t built, std::int32_t left, std::int32_t right) {
  return size > built + built / 2 &&
         4 * std::int64_t{std::max(left, right)} > 3 * std::int64_t{size};
}

struct Cut {
  std::size_t axis = 0, left = 0;  ///< left: how many rows are below the split
  double split = 0;
};

/// Parts `rows` at about the median of `axis`.
Cut part(std::span<const double*> rows, std::size_t axis) {
  const auto middle = rows.begin() + std::ptrdiff_t(rows.size() / 2);
  std::nth_element(rows.begin(), middle, rows.end(),
                   [axis](const double* a, const double* b) { return a[axis] < b[axis]; });
  double split = (*middle)[axis];
  const auto below = [&](const double* row) { return row[axis] < split; };
  auto end = std::partition(rows.begin(), middle, below);
  if (end == rows.begin()) {  // half of them and more are equal: those go left
    const auto above = [&](const double* row) { return row[axis] <= split; };
    end = std::partition(rows.begin(), rows.end(), above);
    if (end != rows.end()) {
      split = (*std::min_element(end, rows.end(), [axis](const double* a, const double* b) {
        return a[axis] < b[axis];
      }))[axis];
    }
  }
  return {axis, std::size_t(end - rows.begin()), split};
}

/// The first axis from `axis` that leaves a quarter on each side, else the best.
Cut cut(std::span<const double*> rows, std::size_t axis, std::size_t objectives) {
  const auto smaller = [&](const Cut& c) { return std::min(c.left, rows.size() - c.left); };
  Cut best;
  for (std::size_t k = 0; k < objectives; ++k) {
    const Cut found = part(rows, (axis + k) % objectives);
    if (4 * smaller(found) >= rows.size()) return found;
    if (k == 0 || smaller(found) > smaller(best)) best = found;
  }
  return part(rows, best.axis);
}

}  // namespace

bool DominatedRegion::covers(std::span<const double> point) const {
  if (objectives_ > 2) {
    return !nodes_.empty() && nowhere_above(corners_.data(), point.data(), objectives_) &&
           covers_below(0, point.data());
  }
  if (steps_.empty() || !(steps_[0].x <= point[0])) return false;
  const Step* base = steps_.data();  // the last step that is not right of the point
  for (std::size_t size = steps_.size(); size > 1;) {
    const std::size_t half = size / 2;
    base += base[half].x <= point[0] ? half : 0;  // no branch: it would be as good as random
    size -= half;
  }
  return objectives_ == 1 || base->y <= point[1];
}

void DominatedRegion::insert(std::span<const double> point) {
  if (objectives_ > 2) return insert_in_tree(point.data());
  const Step step{point[0], objectives_ == 1 ? 0.0 : point[1]};
  const auto first = std::lower_bound(steps_.begin(), steps_.end(), step.x,
                                      [](const Step& s, double value) { return s.x < value; });
  auto last = first;
  while (last != steps_.end() && last->y >= step.y) ++last;
  if (first == last) {
    steps_.insert(first, step);
  } else {
    *first = step;
    steps_.erase(first + 1, last);
  }
}

bool DominatedRegion::covers_below(std::int32_t node, const double* point) const {
  const Node& at = nodes_[node];
  if (at.leaf >= 0) {
    const double* row = &leaves_[std::size_t(at.leaf) * kLeaf * objectives_];
    for (std::int32_t i = 0; i < at.size; ++i, row += objectives_) {
      if (nowhere_above(row, point, objectives_)) return true;
    }
    return false;
  }
  for (const std::int32_t child : {at.left, at.right}) {
    const double* corner = &corners_[std::size_t(child) * objectives_];
    if (nowhere_above(corner, point, objectives_) && covers_below(child, point)) return true;
  }
  return false;
}

double* DominatedRegion::place(const Node& leaf, std::int32_t i) {
  return &leaves_[(std::size_t(leaf.leaf) * kLeaf + std::size_t(i)) * objectives_];
}

void DominatedRegion::insert_in_tree(const double* point) {
  if (nodes_.empty()) {
    build(new_node(), Rows(&point, 1), 0);
    return;
  }
  std::int32_t at = 0, crooked = -1;  // the highest one-sided node: those below are made anew too
  for (; nodes_[at].leaf < 0;
       at = point[nodes_[at].axis] < nodes_[at].split ? nodes_[at].left : nodes_[at].right) {
    Node& node = nodes_[at];
    if (crooked < 0 &&
        one_sided(node.size + 1, node.built, nodes_[node.left].size, nodes_[node.right].size)) {
      crooked = at;
      break;
    }
    ++node.size;
    for (std::size_t k = 0; k < objectives_; ++k) corner(at)[k] = std::min(corner(at)[k], point[k]);
  }
  Node& leaf = nodes_[at];
  if (crooked >= 0 || leaf.size == std::int32_t{kLeaf}) {
    rebuild(at, point);
    return;
  }
  for (std::size_t k = 0; k < objectives_; ++k) corner(at)[k] = std::min(corner(at)[k], point[k]);
  std::copy(point, point + objectives_, place(leaf, leaf.size++));
}

void DominatedRegion::rebuild(std::int32_t node, const double* more) {
  std::vector<double> values(more, more + objectives_);
  const std::size_t axis = std::size_t(nodes_[node].axis);
  release(node, values);
  std::vector<const double*> rows;
  for (std::size_t i = 0; i < values.size(); i += objectives_) rows.push_back(&values[i]);
  build(node, rows, axis);
}

void DominatedRegion::build(std::int32_t node, Rows rows, std::size_t axis) {
  std::copy(rows[0], rows[0] + objectives_, corner(node));
  for (const double* row : rows) {
    for (std::size_t k = 0; k < objectives_; ++k)
      corner(node)[k] = std::min(corner(node)[k], row[k]);
  }
  const std::int32_t size = static_cast<std::int32_t>(rows.size());
  nodes_[node] = {.axis = static_cast<std::int32_t>(axis), .size = size, .built = size};
  if (rows.size() <= kLeaf) {
    nodes_[node].leaf = new_leaf();
    for (std::int32_t i = 0; i < size; ++i) {
      std::copy(rows[i], rows[i] + objectives_, place(nodes_[node], i));
    }
    return;
  }
  const Cut at = cut(rows, axis, objectives_);
  const std::int32_t left = new_node(), right = new_node();
  nodes_[node].axis = static_cast<std::int32_t>(at.axis);
  nodes_[node].split = at.split;
  nodes_[node].left = left;
  nodes_[node].right = right;
  build(left, rows.first(at.left), (at.axis + 1) % objectives_);
  build(right, rows.subspan(at.left), (at.axis + 1) % objectives_);
}

void DominatedRegion::release(std::int32_t node, std::vector<double>& values) {
  const Node at = nodes_[node];
  if (at.leaf >= 0) {
    values.insert(values.end(), place(at, 0), place(at, 0) + std::size_t(at.size) * objectives_);
    free_leaves_.push_back(at.leaf);
    return;
  }
  for (const std::int32_t child : {at.left, at.right}) {
    release(child, values);
    free_nodes_.push_back(child);
  }
}

std::int32_t DominatedRegion::new_node() {
  if (free_nodes_.empty()) {
    free_nodes_.push_back(static_cast<std::int32_t>(nodes_.size()));
    nodes_.emplace_back();
    corners_.resize(corners_.size() + objectives_);
  }
  const std::int32_t node = free_nodes_.back();
  free_nodes_.pop_back();
  return node;
}

std::int32_t DominatedRegion::new_leaf() {
  if (free_leaves_.empty()) {
    free_leaves_.push_back(static_cast<std::int32_t>(leaves_.size() / (kLeaf * objectives_)));
    leaves_.resize(leaves_.size() + kLeaf * objectives_);
  }
  const std::int32_t leaf = free_leaves_.back();
  free_leaves_.pop_back();
  return leaf;
}

std::vector<int> non_dominated(const FlatPoints& points) {
  DominatedRegion region(points.objectives());
  std::vector<int> front;
  for (const int i : dense_ranks(points).order) {
    if (region.covers(points[i])) continue;
    region.insert(points[i]);
    front.push_back(i);
  }
  std::sort(front.begin(), front.end());
  return front;
}

}  // namespace edgefront
