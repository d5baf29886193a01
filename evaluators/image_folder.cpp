#include "evaluators/image_folder.h"

#include <algorithm>
#include <filesystem>

#include "evaluators/image_formats.h"
#include "space/error.h"

namespace edgefront {

namespace {

constexpr std::size_t kMaxPixelBytes = std::size_t{1} << 31;
constexpr std::size_t kMaxClasses = 256;  // labels are bytes

enum class EntryKind { kFolder, kFile };

/// The names in a folder, sorted; all must be of one kind.
std::vector<std::string> entries(const std::string& folder, EntryKind kind) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.front() == '.') continue;
    std::error_code ignored;
    if (at->is_directory(ignored) != (kind == EntryKind::kFolder))
      throw InputError(at->path().string() + (kind == EntryKind::kFolder
                                                  ? ": is a file, accepted are folders, one a class"
                                                  : ": is a folder, accepted are images"));
    names.push_back(name);
  }
  if (error)
    throw InputError(folder + ": " + error.message() +
                     ", accepted is a folder with train/CLASS/IMAGE and test/CLASS/IMAGE");
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> read_classes(const std::string& folder) {
  std::vector<std::string> classes = entries(folder, EntryKind::kFolder);
  if (classes.size() < 2 || classes.size() > kMaxClasses)
    throw InputError(folder + ": came " + std::to_string(classes.size()) +
                     " classes, accepted are 2 to " + std::to_string(kMaxClasses) + " folders");
  for (const std::string& name : classes) {
    const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
      return static_cast<unsigned char>(c) < 32 || c == 127;
    });
    if (!plain)
      throw InputError(folder + ": a class has control characters in its name, accepted are none");
  }
  return classes;
}

/// Throws where test has another class than train, or lacks one.
void require_same_classes(const std::vector<std::string>& train, const std::string& folder) {
  const std::vector<std::string> test = entries(folder, EntryKind::kFolder);
  const auto [one, other] = std::mismatch(train.begin(), train.end(), test.begin(), test.end());
  if (one == train.end() && other == test.end()) return;
  const bool missing = other == test.end() || (one != train.end() && *one < *other);
  throw InputError(folder + "/" + (missing ? *one : *other) + ": " +
                   (missing ? "is missing" : "is no class of train") +
                   ", accepted are the same classes in train and test");
}

std::string size_text(int height, int width, int channels) {
  return std::to_string(height) + "x" + std::to_string(width) + "x" + std::to_string(channels);
}

/// What the images of both parts have to agree with.
struct FirstImage {
  std::string path;
  int height = 0, width = 0, channels = 0;
};

void append_image(const std::string& path, FirstImage& first, ImageSet& set) {
  const std::vector<std::uint8_t> bytes = read_whole(path);
  const DecodedImage image = parse_image({path, bytes});
  if (first.path.empty()) first = {path, image.height, image.width, image.channels};
  if (image.height != first.height || image.width != first.width ||
      image.channels != first.channels)
    throw InputError(path + ": came " + size_text(image.height, image.width, image.channels) +
                     " (height, width, channels), accepted is " +
                     size_text(first.height, first.width, first.channels) + ", as " + first.path);
  if (set.pixels.size() + image.pixels.size() > kMaxPixelBytes)
    throw InputError(path + ": with this image the set has more than 2 GiB of pixels");
  set.pixels.insert(set.pixels.end(), image.pixels.begin(), image.pixels.end());
}

ImageSet read_part(const std::string& folder, const std::vector<std::string>& classes,
                   FirstImage& first) {
  ImageSet set;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    const std::string of_class = folder + "/" + classes[label];
    const std::vector<std::string> images = entries(of_class, EntryKind::kFile);
    if (images.empty()) throw InputError(of_class + ": came no image, accepted is one at least");
    for (const std::string& name : images) {
      append_image(of_class + "/" + name, first, set);
      set.labels.push_back(static_cast<std::uint8_t>(label));
    }
  }
  set.height = first.height;
  set.width = first.width;
  set.channels = first.channels;
  return set;
}

}  // namespace

Dataset load_image_folder(const std::string& folder) {
  Dataset data;
  data.class_names = read_classes(folder + "/train");
  require_same_classes(data.class_names, folder + "/test");
  FirstImage first;
  data.train = read_part(folder + "/train", data.class_names, first);
  data.test = read_part(folder + "/test", data.class_names, first);
  return data;
}

}  // namespace edgefront
