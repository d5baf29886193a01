#include "evaluators/torch/batches.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/evaluators/torch/tiny.h"

using namespace edgefront;

TEST_CASE("plain batches are the pixels, normalised per channel") {
  const auto data = tiny::data(5);
  const BatchMaker batches(data->train, data->mean, data->stddev);
  std::vector<float> out;
  const std::vector<int> chosen{4, 1};
  const ImageBatch batch = batches.plain(chosen, out);
  REQUIRE(batch.count == 2);
  REQUIRE(batch.images.size() == 2 * 12 * 12 * 2);
  for (int i = 0; i < 2; ++i)
    for (int p = 0; p < 288; ++p) {
      const double wanted =
          (data->train.image(chosen[i])[p] / 255.0 - data->mean[p % 2]) / data->stddev[p % 2];
      CHECK(batch.images[i * 288 + p] == doctest::Approx(wanted));
    }
}

TEST_CASE("an augmented image is the original, shifted by at most the reach, flipped or not") {
  const auto data = tiny::data(40);
  const BatchMaker batches(data->train, data->mean, data->stddev);
  std::vector<int> all(40);
  for (int i = 0; i < 40; ++i) all[i] = i;
  RandomStream random(1, 2);
  std::vector<float> out;
  batches.augmented(all, {2, true}, random, out);
  std::set<std::array<int, 3>> seen;
  for (int i = 0; i < 40; ++i) {
    int fits = 0;
    for (int dy = -2; dy <= 2; ++dy)
      for (int dx = -2; dx <= 2; ++dx)
        for (int flip = 0; flip < 2; ++flip) {
          bool same = true;
          for (int y = 0; y < 12 && same; ++y)
            for (int x = 0; x < 12 && same; ++x) {
              const int sy = y + dy, sx = (flip ? 11 - x : x) + dx;
              const bool inside = sy >= 0 && sy < 12 && sx >= 0 && sx < 12;
              const int pixel = inside ? data->train.image(i)[(sy * 12 + sx) * 2] : 0;
              const double wanted = (pixel / 255.0 - data->mean[0]) / data->stddev[0];
              same = std::abs(out[((i * 12 + y) * 12 + x) * 2] - wanted) < 1e-5;
            }
          if (same) seen.insert({dy, dx, flip});
          fits += same;
        }
    CHECK(fits == 1);
  }
  CHECK(seen.size() > 15);  // 40 draws of 50 possibilities
}

TEST_CASE("every epoch shows every image once, in another order, the same for the same seed") {
  const std::vector<int> images{3, 1, 4, 15, 9, 2, 6};
  ImageOrder order(images, 8), again(images, 8);
  const std::vector<int> first = order.next(7), second = order.next(7);
  CHECK(again.next(7) == first);
  CHECK(again.next(7) == second);
  CHECK(first != second);
  std::vector<int> sorted = images;
  std::sort(sorted.begin(), sorted.end());
  for (std::vector<int> epoch : {first, second}) {
    std::sort(epoch.begin(), epoch.end());
    CHECK(epoch == sorted);
  }
}

TEST_CASE("smoothed targets are probabilities that favour the label") {
  const auto data = tiny::data(3);
  const BatchMaker batches(data->train, data->mean, data->stddev);
  const std::vector<int> chosen{0, 1, 2};
  const std::vector<float> targets = smoothed_targets(batches, chosen, 4, 0.2);
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 4; ++c) {
      CHECK(targets[i * 4 + c] == doctest::Approx(c == data->train.labels[i] ? 0.85 : 0.05));
    }
}
