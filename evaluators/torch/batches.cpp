#include "evaluators/torch/batches.h"

#include <algorithm>

namespace edgefront {

BatchMaker::BatchMaker(const ImageSet& images, std::span<const float> mean,
                       std::span<const float> stddev)
    : images_(images), real_of_(std::size_t(images.channels) * 256) {
  for (int c = 0; c < images.channels; ++c) {
    for (int p = 0; p < 256; ++p) real_of_[c * 256 + p] = (p / 255.0f - mean[c]) / stddev[c];
  }
}

void BatchMaker::copy_image(int index, int dx, int dy, bool flip, float* out) const {
  const std::uint8_t* pixels = images_.image(index).data();
  const int height = images_.height, width = images_.width, channels = images_.channels;
  for (int y = 0; y < height; ++y) {
    const int from_y = y + dy;
    const bool inside_y = from_y >= 0 && from_y < height;
    for (int x = 0; x < width; ++x) {
      const int from_x = (flip ? width - 1 - x : x) + dx;
      const bool inside = inside_y && from_x >= 0 && from_x < width;
      const std::uint8_t* from = inside ? pixels + (from_y * width + from_x) * channels : nullptr;
      for (int c = 0; c < channels; ++c) *out++ = real_of_[c * 256 + (inside ? from[c] : 0)];
    }
  }
}

ImageBatch BatchMaker::view(std::span<const int> indices, std::vector<float>& out) const {
  const std::size_t size = std::size_t(images_.height) * images_.width * images_.channels;
  out.resize(size * indices.size());
  return {.images = out,
          .count = static_cast<int>(indices.size()),
          .height = images_.height,
          .width = images_.width,
          .channels = images_.channels};
}

ImageBatch BatchMaker::plain(std::span<const int> indices, std::vector<float>& out) const {
  const ImageBatch batch = view(indices, out);
  const std::size_t size = out.size() / std::max<std::size_t>(1, indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    copy_image(indices[i], 0, 0, false, out.data() + i * size);
  }
  return batch;
}

ImageBatch BatchMaker::augmented(std::span<const int> indices, const Augmentation& augmentation,
                                 RandomStream& random, std::vector<float>& out) const {
  const ImageBatch batch = view(indices, out);
  const std::size_t size = out.size() / std::max<std::size_t>(1, indices.size());
  const int reach = augmentation.shift_pixels;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const int dx = static_cast<int>(random.below(2 * reach + 1)) - reach;
    const int dy = static_cast<int>(random.below(2 * reach + 1)) - reach;
    const bool flip = augmentation.flip && random.below(2) == 1;
    copy_image(indices[i], dx, dy, flip, out.data() + i * size);
  }
  return batch;
}

std::vector<float> smoothed_targets(const BatchMaker& batches, std::span<const int> indices,
                                    int classes, double smoothing) {
  std::vector<float> out(indices.size() * classes, static_cast<float>(smoothing / classes));
  for (std::size_t i = 0; i < indices.size(); ++i) {
    out[i * classes + batches.label(indices[i])] += static_cast<float>(1 - smoothing);
  }
  return out;
}

ImageOrder::ImageOrder(std::vector<int> images, std::uint64_t seed)
    : images_(std::move(images)), seed_(seed) {
  shuffle();
}

void ImageOrder::shuffle() {
  RandomStream random(seed_, epoch_++);
  for (std::size_t i = images_.size(); i > 1; --i)
    std::swap(images_[i - 1], images_[random.below(i)]);
  position_ = 0;
}

std::vector<int> ImageOrder::next(int count) {
  std::vector<int> out;
  out.reserve(count);
  while (static_cast<int>(out.size()) < count) {
    if (position_ == images_.size()) shuffle();
    out.push_back(images_[position_++]);
  }
  return out;
}

}  // namespace edgefront
