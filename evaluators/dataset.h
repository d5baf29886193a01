// Labelled images in memory, read from untrusted files.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace edgefront {

/// 8-bit images, NHWC, all of one size.
struct ImageSet {
  int height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;
  int count() const { return static_cast<int>(labels.size()); }
  std::span<const std::uint8_t> image(int i) const {
    const std::size_t n = std::size_t(height) * width * channels;
    return {pixels.data() + n * i, n};
  }
};

struct Dataset {
  std::string name;
  ImageSet train, test;
  std::vector<std::string> class_names;
  std::vector<float> mean, stddev;  ///< per channel, of train pixels / 255
  std::string digest;               ///< XXH3-128 of pixels and labels, both sets
};

/// The accepted names, for messages and help.
constexpr const char* kDatasetNames =
    "fashion-mnist[:DIR], idx:DIR, cifar10:DIR, cifar100:DIR, images:DIR";

/// "fashion-mnist[:DIR]" (default: Debian's /usr/share/datasets/fashion-mnist… as the package lays
/// it), "idx:DIR" (train-images-idx3-ubyte[.gz] …), "cifar10:DIR", "cifar100:DIR" (binary version),
/// "images:DIR" (DIR/train/CLASS/IMAGE, DIR/test/CLASS/IMAGE; image_folder.h).
/// Throws InputError (file, byte, what came, what is accepted); sizes are checked before they are
/// used.
Dataset load_dataset(const std::string& spec);

/// The last `count` training images after a fixed shuffle by `seed` are held out from training:
/// indices of both parts. Test images are never touched.
struct TrainSplit {
  std::vector<int> train, held_out;
};
TrainSplit split_train(const Dataset& dataset, int held_out, std::uint64_t seed);

}  // namespace edgefront
