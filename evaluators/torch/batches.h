// Batches of normalised images for training and judging, made from 8-bit images.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluators/dataset.h"
#include "evaluators/torch/network.h"
#include "space/random.h"

namespace edgefront {

struct Augmentation {
  int shift_pixels = 0;  ///< up to this far in each direction; black moves in
  bool flip = false;     ///< half of the images, left to right
};

/// Keeps references: `images` must outlive it. Const members may be called side by side.
class BatchMaker {
 public:
  /// (p/255 − mean)/stddev per channel.
  BatchMaker(const ImageSet& images, std::span<const float> mean, std::span<const float> stddev);

  /// The images of these indices as they are, into `out` (resized).
  ImageBatch plain(std::span<const int> indices, std::vector<float>& out) const;

  /// The same, each shifted and flipped at random.
  ImageBatch augmented(std::span<const int> indices, const Augmentation& augmentation,
                       RandomStream& random, std::vector<float>& out) const;

  int label(int index) const { return images_.labels[index]; }
  int count() const { return images_.count(); }

 private:
  void copy_image(int index, int dx, int dy, bool flip, float* out) const;
  ImageBatch view(std::span<const int> indices, std::vector<float>& out) const;

  const ImageSet& images_;
  std::vector<float> real_of_;  ///< [channel][pixel value]
};

/// Probabilities of the labels: 1 − smoothing (1 − 1/classes) for the right one, else
/// smoothing/classes.
std::vector<float> smoothed_targets(const BatchMaker& batches, std::span<const int> indices,
                                    int classes, double smoothing);

/// The images of a training, epoch after epoch, each epoch in another order.
class ImageOrder {
 public:
  ImageOrder(std::vector<int> images, std::uint64_t seed);
  /// The next `count` images (fewer images than that: some twice).
  std::vector<int> next(int count);

 private:
  void shuffle();
  std::vector<int> images_;
  std::uint64_t seed_, epoch_ = 0;
  std::size_t position_ = 0;
};

}  // namespace edgefront
