#include "search/covered_space.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace edgefront {
namespace {

/// Written out, not as a function that std::sort would call by its address.
struct ByZ {
  bool operator()(const SpacePoint& a, const SpacePoint& b) const {
    if (a.z != b.z) return a.z < b.z;
    return a.x != b.x ? a.x < b.x : a.y < b.y;
  }
};

bool covers(const SpacePoint& a, const SpacePoint& b) {
  return a.x <= b.x && a.y <= b.y && a.z <= b.z;
}

}  // namespace

CoveredSpace::CoveredSpace(const SpacePoint& lowest, const SpacePoint& reference)
    : lowest_(lowest), reference_(reference) {
  const auto scale = [](double low, double high) { return (kLargest - 1) / (high - low); };
  scale_ = {scale(lowest.x, reference.x), scale(lowest.y, reference.y),
            scale(lowest.z, reference.z)};
}

/// Subtraction, product and truncation of floating-point numbers never change an order.
CoveredSpace::Keys CoveredSpace::keys_of(const SpacePoint& point) const {
  const auto key = [](double value, double low, double scale) {
    const double wide = (value - low) * scale;
    if (!(value > low)) return Key{0};
    return static_cast<Key>(wide > 0 ? 1 + std::min<double>(wide, kLargest - 1) : 1);  // NaN: 1
  };
  return {key(point.x, lowest_.x, scale_.x), key(point.y, lowest_.y, scale_.y),
          key(point.z, lowest_.z, scale_.z)};
}

/// The upper corner of the box above a point that single points leave uncovered: the least x of
/// those that are surely not above it in y and z, whose keys are below `end`, and so on. What a
/// point covers outside of the box another does.
CoveredSpace::Keys CoveredSpace::box_above(Keys end) const {
  Lanes x, y, z;
  x.fill(kLargest);
  y.fill(kLargest);
  z.fill(kLargest);
  for (const Block& block : blocks_) {
    for (int i = 0; i < kLanes; ++i) {
      // All ones where the key is not below, which makes it one that no minimum takes.
      const Key not_x = static_cast<Key>(-(block.x[i] >= end.x));
      const Key not_y = static_cast<Key>(-(block.y[i] >= end.y));
      const Key not_z = static_cast<Key>(-(block.z[i] >= end.z));
      x[i] = std::min(x[i], static_cast<Key>(block.x[i] | (kEmpty & (not_y | not_z))));
      y[i] = std::min(y[i], static_cast<Key>(block.y[i] | (kEmpty & (not_x | not_z))));
      z[i] = std::min(z[i], static_cast<Key>(block.z[i] | (kEmpty & (not_x | not_y))));
    }
  }
  const auto least = [](Lanes& lanes) {
    for (int half = kLanes / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) lanes[i] = std::min(lanes[i], lanes[i + half]);
    }
    return lanes[0];
  };
  return {least(x), least(y), least(z)};
}

/// A bit for each lane that is 0, where the others are all ones.
unsigned CoveredSpace::zeros(Lanes lanes) {
  constexpr Lanes kBit{1,      1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
                       1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, kLastBit};
  Lanes bits;
  for (int i = 0; i < kLanes; ++i) bits[i] = static_cast<Key>(kBit[i] & ~lanes[i]);
  for (int i = 0; i < 8; ++i) bits[i] = static_cast<Key>(bits[i] | bits[i + 8]);
  std::uint64_t low = 0, high = 0;
  std::memcpy(&low, &bits[0], sizeof low);
  std::memcpy(&high, &bits[4], sizeof high);
  low |= high;
  low |= low >> 32;
  return static_cast<std::uint16_t>(low | low >> 16);
}

/// Fills `near_` with the points that reach below `corner`.
void CoveredSpace::find_near(Keys corner) {
  near_.clear();
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const Block& block = blocks_[b];
    Lanes above;
    for (int i = 0; i < kLanes; ++i) {
      const Key above_x = static_cast<Key>(-(block.x[i] > corner.x));
      const Key above_y = static_cast<Key>(-(block.y[i] > corner.y));
      const Key above_z = static_cast<Key>(-(block.z[i] > corner.z));
      above[i] = static_cast<Key>(above_x | above_y | above_z);
    }
    unsigned reaching = zeros(above);
    for (; reaching != 0; reaching &= reaching - 1) {
      near_.push_back(points_[b * kLanes + std::size_t(std::countr_zero(reaching))]);
    }
  }
  std::sort(near_.begin(), near_.end(), ByZ());
}

/// Closes what lies right of x and above y; returns its area. `floor` is the least y.
double CoveredSpace::cover(double x, double y, double floor) {
  if (x >= open_.back().x || y >= open_.front().y) return 0;
  std::size_t first = open_.size() - 2;  // the column of x
  while (open_[first].x > x) --first;
  if (open_[first].y <= y) return 0;
  double area = 0, left = x;
  std::size_t last = first;  // behind the columns that reach above y
  for (; last + 1 < open_.size() && open_[last].y > y; ++last) {
    area += (open_[last + 1].x - left) * (open_[last].y - y);
    left = open_[last + 1].x;
  }
  // Columns first … last − 1 give way to at most two: what is left of x, and a lower one. Where y
  // is the floor nothing is open right of x, and the closing column moves there.
  if (y <= floor) last = open_.size();
  const std::size_t keep = open_[first].x < x ? first + 1 : first;
  if (keep == last) {
    open_.insert(open_.begin() + static_cast<std::ptrdiff_t>(keep), {x, y});
  } else {
    open_[keep] = {x, y};
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(keep) + 1,
                open_.begin() + static_cast<std::ptrdiff_t>(last));
  }
  return area;
}

double CoveredSpace::uncovered(const SpacePoint& point) {
  const Keys keys = keys_of(point);
  const Keys end{std::max(keys.x, Key{1}), std::max(keys.y, Key{1}), std::max(keys.z, Key{1})};
  const Keys corner = box_above(end);
  if (corner.x < end.x || corner.y < end.y || corner.z < end.z) return 0;  // it is dominated
  find_near(corner);
  open_.assign({{point.x, reference_.y}, {reference_.x, point.y}});
  const auto close = [&](const SpacePoint& other) {
    return cover(std::max(other.x, point.x), std::max(other.y, point.y), point.y);
  };
  auto other = near_.begin();
  for (; other != near_.end() && other->z <= point.z; ++other) close(*other);
  double area = 0, volume = 0, z = point.z;
  for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
    area += (open_[i + 1].x - open_[i].x) * (open_[i].y - point.y);
  }
  for (; other != near_.end() && open_.size() > 1; ++other) {
    const double closed = close(*other);
    if (closed == 0) continue;
    volume += area * (other->z - z);
    z = other->z;
    area -= closed;
  }
  return open_.size() > 1 ? volume + area * (reference_.z - z) : volume;
}

double CoveredSpace::contribution(std::size_t i) {
  const Keys keys = keys_of(points_[i]);
  set_keys(i, {kEmpty, kEmpty, kEmpty});
  const double volume = uncovered(points_[i]);
  set_keys(i, keys);
  return volume;
}

void CoveredSpace::insert(const SpacePoint& point) {
  const Keys keys = keys_of(point);
  for (std::size_t b = blocks_.size(); b-- > 0;) {  // backwards: who fills a gap was looked at
    const Block& block = blocks_[b];
    Lanes outside;
    for (int i = 0; i < kLanes; ++i) {
      const Key below_x = static_cast<Key>(-(block.x[i] < keys.x));
      const Key below_y = static_cast<Key>(-(block.y[i] < keys.y));
      const Key below_z = static_cast<Key>(-(block.z[i] < keys.z));
      const Key empty = static_cast<Key>(-(block.z[i] == kEmpty));
      outside[i] = static_cast<Key>(below_x | below_y | below_z | empty);
    }
    unsigned above = zeros(outside);
    while (above != 0) {
      const int i = std::bit_width(above) - 1;
      above ^= 1u << i;
      const std::size_t at = b * kLanes + std::size_t(i);
      if (covers(point, points_[at])) remove(at);
    }
  }
  append(point);
}

void CoveredSpace::append(const SpacePoint& point) {
  const std::size_t at = points_.size();
  if (at == blocks_.size() * kLanes) {
    Block& block = blocks_.emplace_back();
    block.x.fill(kEmpty);
    block.y.fill(kEmpty);
    block.z.fill(kEmpty);
  }
  points_.push_back(point);
  set_keys(at, keys_of(point));
}

void CoveredSpace::set_keys(std::size_t i, const Keys& keys) {
  Block& block = blocks_[i / kLanes];
  block.x[i % kLanes] = keys.x;
  block.y[i % kLanes] = keys.y;
  block.z[i % kLanes] = keys.z;
}

/// The last point takes its place.
void CoveredSpace::remove(std::size_t i) {
  const Block& block = blocks_[(points_.size() - 1) / kLanes];
  const std::size_t lane = (points_.size() - 1) % kLanes;
  points_[i] = points_.back();
  set_keys(i, {block.x[lane], block.y[lane], block.z[lane]});
  set_keys(points_.size() - 1, {kEmpty, kEmpty, kEmpty});
  points_.pop_back();
  if (points_.size() == (blocks_.size() - 1) * kLanes) blocks_.pop_back();
}

}  // namespace edgefront
