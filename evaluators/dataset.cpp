#include "evaluators/dataset.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <sstream>

#include "evaluators/dataset_formats.h"
#include "evaluators/image_folder.h"
#include "runtime/file.h"
#include "space/error.h"
#include "space/random.h"

namespace edgefront {

namespace {

constexpr char kFashionMnistFolder[] = "/usr/share/datasets/fashion-mnist";
constexpr std::int64_t kMaxBytes = std::int64_t{1} << 31;
constexpr std::uint64_t kSplitStream = 0x73706c6974;  // "split"

/// The file, or its .gz unpacked; `name` becomes the one that was read.
std::vector<std::uint8_t> read_idx_file(const std::string& folder, const std::string& stem,
                                        std::string* name) {
  *name = folder + "/" + stem;
  if (std::filesystem::exists(*name)) return read_whole(*name);
  if (!std::filesystem::exists(*name + ".gz"))
    throw InputError(*name + "[.gz]: not found" +
                     (folder == kFashionMnistFolder
                          ? "; install the package dataset-fashion-mnist, or say where it is "
                            "(fashion-mnist:DIR)"
                          : ", accepted is a folder with the four IDX files of MNIST's layout"));
  *name += ".gz";
  const std::vector<std::uint8_t> packed = read_whole(*name);
  return gunzip({*name, packed}, kMaxBytes);
}

ImageSet read_idx_pair(const std::string& folder, const std::string& prefix) {
  std::string images_name, labels_name;
  const auto images = read_idx_file(folder, prefix + "-images-idx3-ubyte", &images_name);
  const auto labels = read_idx_file(folder, prefix + "-labels-idx1-ubyte", &labels_name);
  return parse_idx({images_name, images}, {labels_name, labels});
}

Dataset load_idx(const std::string& folder, std::vector<std::string> class_names) {
  Dataset data;
  data.train = read_idx_pair(folder, "train");
  data.test = read_idx_pair(folder, "t10k");
  int largest = 0;
  for (const ImageSet* set : {&data.train, &data.test})
    for (std::uint8_t label : set->labels) largest = std::max<int>(largest, label);
  if (class_names.empty())
    for (int label = 0; label <= largest; ++label) class_names.push_back(std::to_string(label));
  if (largest >= static_cast<int>(class_names.size()))
    throw InputError(folder + ": came label " + std::to_string(largest) + ", accepted is 0 to " +
                     std::to_string(class_names.size() - 1));
  data.class_names = std::move(class_names);
  return data;
}

void append_cifar_file(const std::string& path, const CifarFormat& format, ImageSet& set) {
  const std::vector<std::uint8_t> rows = read_whole(path);
  append_cifar({path, rows}, format, set);
}

Dataset load_cifar10(const std::string& folder) {
  Dataset data;
  for (int batch = 1; batch <= 5; ++batch)
    append_cifar_file(folder + "/data_batch_" + std::to_string(batch) + ".bin", {1, 10},
                      data.train);
  append_cifar_file(folder + "/test_batch.bin", {1, 10}, data.test);
  data.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                      "dog",      "frog",       "horse", "ship", "truck"};
  return data;
}

Dataset load_cifar100(const std::string& folder) {
  Dataset data;
  append_cifar_file(folder + "/train.bin", {2, 100}, data.train);
  append_cifar_file(folder + "/test.bin", {2, 100}, data.test);
  const std::string names = folder + "/fine_label_names.txt";
  const std::vector<std::uint8_t> text = read_whole(names);
  std::istringstream lines(std::string(text.begin(), text.end()));
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) data.class_names.push_back(line);
  if (data.class_names.size() != 100)
    throw InputError(names + ": came " + std::to_string(data.class_names.size()) +
                     " names, accepted are 100, one a line");
  return data;
}

/// Sums are exact integers, so the result does not depend on their order.
void measure_channels(const std::string& spec, Dataset& data) {
  const int channels = data.train.channels;
  const auto n = static_cast<double>(data.train.pixels.size() / channels);
  for (int channel = 0; channel < channels; ++channel) {
    std::uint64_t sum = 0, squares = 0;
    for (std::size_t i = channel; i < data.train.pixels.size(); i += channels) {
      const std::uint64_t pixel = data.train.pixels[i];
      sum += pixel;
      squares += pixel * pixel;
    }
    const double mean = static_cast<double>(sum) / n;
    const double variance = static_cast<double>(squares) / n - mean * mean;
    if (!(variance > 0))
      throw InputError(spec + ": channel " + std::to_string(channel) +
                       " has one value in all training images, accepted are images that differ");
    data.mean.push_back(static_cast<float>(mean / 255));
    data.stddev.push_back(static_cast<float>(std::sqrt(variance) / 255));
  }
}

std::string digest_of(const Dataset& data) {
  std::vector<std::uint8_t> all;
  for (const ImageSet* set : {&data.train, &data.test}) {
    all.insert(all.end(), set->pixels.begin(), set->pixels.end());
    all.insert(all.end(), set->labels.begin(), set->labels.end());
  }
  return digest_hex(all.data(), all.size());
}

}  // namespace

Dataset load_dataset(const std::string& spec) {
  const auto colon = spec.find(':');
  const std::string kind = spec.substr(0, colon);
  std::string folder = colon == std::string::npos ? "" : spec.substr(colon + 1);
  if (kind != "fashion-mnist" && kind != "idx" && kind != "cifar10" && kind != "cifar100" &&
      kind != "images")
    throw InputError("data set \"" + spec + "\": accepted are " + kDatasetNames);
  if (folder.empty() && (kind != "fashion-mnist" || colon != std::string::npos))
    throw InputError("data set \"" + spec + "\": came no folder, accepted is " + kind + ":DIR");
  if (folder.empty()) folder = kFashionMnistFolder;
  Dataset data;
  if (kind == "fashion-mnist")
    data = load_idx(folder, {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal",
                             "Shirt", "Sneaker", "Bag", "Ankle boot"});
  else if (kind == "idx")
    data = load_idx(folder, {});
  else if (kind == "cifar10")
    data = load_cifar10(folder);
  else if (kind == "cifar100")
    data = load_cifar100(folder);
  else
    data = load_image_folder(folder);
  if (data.train.height != data.test.height || data.train.width != data.test.width)
    throw InputError(folder + ": training and test images differ in size");
  data.name = kind;
  measure_channels(spec, data);
  data.digest = digest_of(data);
  return data;
}

TrainSplit split_train(const Dataset& dataset, int held_out, std::uint64_t seed) {
  const int count = dataset.train.count();
  if (held_out < 0 || held_out >= count)
    throw InputError("held_out: came " + std::to_string(held_out) + ", accepted is 0 to " +
                     std::to_string(count - 1) + " (at least one image is trained on)");
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  RandomStream random(seed, kSplitStream);
  for (int i = count - 1; i > 0; --i) std::swap(order[i], order[random.below(i + 1)]);
  TrainSplit split;
  split.train.assign(order.begin(), order.end() - held_out);
  split.held_out.assign(order.end() - held_out, order.end());
  return split;
}

}  // namespace edgefront
