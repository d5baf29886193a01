#include "evaluators/image_folder.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "evaluators/dataset.h"
#include "tests/space/message.h"
#include "tests/temporary_folder.h"

using namespace edgefront;

namespace {

/// A folder with images of 2x1, each of two values.
class ImageFolder {
 public:
  void image(const std::string& path, const std::string& pixels) {
    write(path, "P5 1 2 255 " + pixels);
  }
  std::string write(const std::string& path, const std::string& bytes) {
    std::filesystem::create_directories(std::filesystem::path(folder_.path(path)).parent_path());
    return folder_.write(path, bytes);
  }
  void remove(const std::string& path) { std::filesystem::remove_all(folder_.path(path)); }
  std::string path(const std::string& name = "") const { return folder_.path(name); }
  std::string error() const {
    return input_error_of([&] { load_dataset("images:" + folder_.path()); });
  }

 private:
  TemporaryFolder folder_;
};

void fill(ImageFolder& folder) {
  folder.image("train/dog/10.pgm", "AB");
  folder.image("train/dog/2.pgm", "CD");
  folder.image("train/Cat/a", "EF");
  folder.image("train/ber\xc3\xa9t/x.PGM", "GH");
  folder.image("test/dog/z.pgm", "IJ");
  folder.image("test/Cat/z.pgm", "KL");
  folder.image("test/ber\xc3\xa9t/z.pgm", "MN");
}

}  // namespace

TEST_CASE("classes are the folders in the order of their bytes, images in that of their names") {
  ImageFolder folder;
  fill(folder);
  folder.write("train/.DS_Store", "passed over");
  folder.write("train/dog/.hidden", "passed over");
  const Dataset data = load_dataset("images:" + folder.path());
  CHECK(data.name == "images");
  CHECK(data.class_names == std::vector<std::string>{"Cat", "ber\xc3\xa9t", "dog"});
  CHECK(data.train.height == 2);
  CHECK(data.train.width == 1);
  CHECK(data.train.channels == 1);
  CHECK(std::string(data.train.pixels.begin(), data.train.pixels.end()) == "EFGHABCD");
  CHECK(data.train.labels == std::vector<std::uint8_t>{0, 1, 2, 2});
  CHECK(std::string(data.test.pixels.begin(), data.test.pixels.end()) == "KLMNIJ");
  CHECK(data.test.labels == std::vector<std::uint8_t>{0, 1, 2});
  CHECK(data.mean[0] == doctest::Approx(('A' + 'H') / 2.0 / 255));
}

TEST_CASE("links to images and folders are followed") {
  ImageFolder folder;
  fill(folder);
  namespace fs = std::filesystem;
  folder.remove("test");
  fs::create_directory_symlink(folder.path("train"), folder.path("test"));
  fs::create_symlink(folder.path("train/dog/2.pgm"), folder.path("train/Cat/b"));
  const Dataset data = load_dataset("images:" + folder.path());
  CHECK(data.train.labels == std::vector<std::uint8_t>{0, 0, 1, 2, 2});
  CHECK(data.test.labels == data.train.labels);
}

TEST_CASE("the image that differs in size or channels is named, and the one it differs from") {
  ImageFolder folder;
  fill(folder);
  const std::string first = folder.path("train/Cat/a"), odd = folder.path("test/dog/z.pgm");
  folder.write("test/dog/z.pgm", "P5 2 1 255 IJ");
  CHECK(folder.error() ==
        odd + ": came 1x2x1 (height, width, channels), accepted is 2x1x1, as " + first);
  folder.write("test/dog/z.pgm", "P6 1 2 255 IJKLMN");
  CHECK(folder.error() ==
        odd + ": came 2x1x3 (height, width, channels), accepted is 2x1x1, as " + first);
}

TEST_CASE("folders that are no data set say what is accepted") {
  CHECK(
      input_error_of([] { load_dataset("images:/no/such"); }) ==
      "/no/such/train: No such file or directory, accepted is a folder with train/CLASS/IMAGE and "
      "test/CLASS/IMAGE");
  CHECK(input_error_of([] { load_dataset("images"); }) ==
        "data set \"images\": came no folder, accepted is images:DIR");
  ImageFolder folder;
  fill(folder);
  folder.remove("test/dog");
  CHECK(folder.error() ==
        folder.path("test/dog") + ": is missing, accepted are the same classes in train and test");
  folder.image("test/ant/z.pgm", "IJ");
  CHECK(folder.error() ==
        folder.path("test/ant") +
            ": is no class of train, accepted are the same classes in train and test");
  folder.remove("test/ant");
  std::filesystem::create_directory(folder.path("test/dog"));
  CHECK(folder.error() == folder.path("test/dog") + ": came no image, accepted is one at least");
  std::filesystem::create_directory(folder.path("train/dog/more"));
  CHECK(folder.error() == folder.path("train/dog/more") + ": is a folder, accepted are images");
  folder.write("train/README.txt", "about");
  CHECK(folder.error() ==
        folder.path("train/README.txt") + ": is a file, accepted are folders, one a class");
}

TEST_CASE("a broken image, a class too many and a name that no model file takes are refused") {
  ImageFolder folder;
  fill(folder);
  folder.write("train/dog/2.pgm", "P5 1 2 255 C");
  CHECK(folder.error() == folder.path("train/dog/2.pgm") +
                              ": came 1 bytes of pixels, accepted are 2 (one image of 2x1x1)");
  folder.write("train/dog/2.pgm", "about dogs");
  CHECK(folder.error().find("2.pgm: came no image that is known") != std::string::npos);
  folder.image("train/a\nb/x", "AB");
  CHECK(folder.error() ==
        folder.path("train") + ": a class has control characters in its name, accepted are none");
  for (int i = 0; i < 256; ++i) {
    std::filesystem::create_directory(folder.path("train/" + std::to_string(i)));
  }
  CHECK(folder.error() ==
        folder.path("train") + ": came 260 classes, accepted are 2 to 256 folders");
}
