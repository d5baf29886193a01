#include "evaluators/dataset.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "evaluators/dataset_formats.h"
#include "runtime/file.h"
#include "tests/space/message.h"
#include "tests/temporary_folder.h"

using namespace edgefront;

namespace {

using Bytes = std::vector<std::uint8_t>;

void write(const TemporaryFolder& folder, const std::string& name, const Bytes& bytes) {
  folder.write(name, {bytes.begin(), bytes.end()});
}

Bytes gzip(const Bytes& bytes) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  Bytes out(bytes.size() + 1000);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void append_word(Bytes& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

Bytes idx_images(int count, int height, int width) {
  Bytes bytes;
  for (std::uint32_t word : {0x803, count, height, width}) append_word(bytes, word);
  for (int i = 0; i < count * height * width; ++i)
    bytes.push_back(static_cast<std::uint8_t>(i * 7));
  return bytes;
}

Bytes idx_labels(int count, int classes) {
  Bytes bytes;
  append_word(bytes, 0x801);
  append_word(bytes, static_cast<std::uint32_t>(count));
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(i % classes));
  return bytes;
}

void write_idx(const TemporaryFolder& folder, int train, int test) {
  write(folder, "train-images-idx3-ubyte", idx_images(train, 3, 2));
  write(folder, "train-labels-idx1-ubyte.gz", gzip(idx_labels(train, 4)));
  write(folder, "t10k-images-idx3-ubyte.gz", gzip(idx_images(test, 3, 2)));
  write(folder, "t10k-labels-idx1-ubyte", idx_labels(test, 4));
}

std::string idx_error(const Bytes& images, const Bytes& labels) {
  return input_error_of([&] { parse_idx({"i", images}, {"l", labels}); });
}

}  // namespace

TEST_CASE("IDX files are read plain and packed alike") {
  const TemporaryFolder folder;
  write_idx(folder, 9, 5);
  const Dataset data = load_dataset("idx:" + folder.path());
  CHECK(data.name == "idx");
  CHECK(data.train.count() == 9);
  CHECK(data.test.count() == 5);
  CHECK(data.train.height == 3);
  CHECK(data.train.width == 2);
  CHECK(data.train.image(1)[2] == 8 * 7);
  CHECK(data.train.labels == Bytes{0, 1, 2, 3, 0, 1, 2, 3, 0});
  CHECK(data.class_names == std::vector<std::string>{"0", "1", "2", "3"});
  // two-pass formulas as oracle
  double mean = 0, variance = 0;
  for (std::uint8_t pixel : data.train.pixels) mean += pixel / 255.0 / data.train.pixels.size();
  for (std::uint8_t pixel : data.train.pixels)
    variance += (pixel / 255.0 - mean) * (pixel / 255.0 - mean) / data.train.pixels.size();
  CHECK(data.mean[0] == doctest::Approx(mean).epsilon(1e-6));
  CHECK(data.stddev[0] == doctest::Approx(std::sqrt(variance)).epsilon(1e-6));
  Bytes all;
  for (const ImageSet* set : {&data.train, &data.test}) {
    all.insert(all.end(), set->pixels.begin(), set->pixels.end());
    all.insert(all.end(), set->labels.begin(), set->labels.end());
  }
  CHECK(data.digest == digest_hex(all.data(), all.size()));
}

TEST_CASE("Fashion-MNIST is the published data set") {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    MESSAGE("skipped: the package dataset-fashion-mnist is not installed");
    return;
  }
  const Dataset data = load_dataset("fashion-mnist");
  CHECK(data.train.count() == 60000);
  CHECK(data.test.count() == 10000);
  CHECK(data.train.pixels.size() == 60000u * 28 * 28);
  // mean and deviation as every tutorial quotes them; 6,000 and 1,000 images a class
  CHECK(data.mean[0] == doctest::Approx(0.2860).epsilon(0.001));
  CHECK(data.stddev[0] == doctest::Approx(0.3530).epsilon(0.001));
  for (int label = 0; label < 10; ++label) {
    CHECK(std::count(data.train.labels.begin(), data.train.labels.end(), label) == 6000);
    CHECK(std::count(data.test.labels.begin(), data.test.labels.end(), label) == 1000);
  }
  CHECK(data.class_names[data.train.labels[0]] == "Ankle boot");  // figure 1 of the paper
}

TEST_CASE("CIFAR-10 planes become interleaved pixels, batch after batch") {
  const TemporaryFolder folder;
  for (int batch = 1; batch <= 6; ++batch) {
    Bytes rows;
    for (int i = 0; i < 2; ++i) {
      rows.push_back(static_cast<std::uint8_t>(batch));
      for (int p = 0; p < 3072; ++p) rows.push_back(static_cast<std::uint8_t>(p / 1024 * 50 + i));
    }
    write(folder, batch == 6 ? "test_batch.bin" : "data_batch_" + std::to_string(batch) + ".bin",
          rows);
  }
  const Dataset data = load_dataset("cifar10:" + folder.path());
  CHECK(data.train.count() == 10);
  CHECK(data.test.count() == 2);
  CHECK(data.train.labels == Bytes{1, 1, 2, 2, 3, 3, 4, 4, 5, 5});
  const auto image = data.train.image(1);
  CHECK(image.size() == 3072);
  CHECK(image[0] == 1);
  CHECK(image[1] == 51);
  CHECK(image[2] == 101);
  CHECK(data.mean.size() == 3);
  CHECK(data.mean[1] == doctest::Approx(50.5 / 255));
  CHECK(data.stddev[1] == doctest::Approx(0.5 / 255));
  CHECK(data.class_names[3] == "cat");
}

TEST_CASE("CIFAR-100 takes the fine label and its names from the file beside it") {
  const TemporaryFolder folder;
  Bytes rows;
  for (int i = 0; i < 2; ++i) {
    rows.push_back(3);
    rows.push_back(static_cast<std::uint8_t>(98 + i));
    rows.insert(rows.end(), 3072, static_cast<std::uint8_t>(i));
  }
  write(folder, "train.bin", rows);
  write(folder, "test.bin", rows);
  const std::string spec = "cifar100:" + folder.path();
  const std::string names = folder.path() + "/fine_label_names.txt";
  CHECK(input_error_of([&] { load_dataset(spec); }).find("fine_label_names.txt") !=
        std::string::npos);
  write(folder, "fine_label_names.txt", Bytes{'a', '\n', 'b', '\n'});
  CHECK(input_error_of([&] { load_dataset(spec); }) ==
        names + ": came 2 names, accepted are 100, one a line");
  Bytes text;
  for (int i = 0; i < 100; ++i)
    for (char c : "n" + std::to_string(i) + "\n") text.push_back(static_cast<std::uint8_t>(c));
  write(folder, "fine_label_names.txt", text);
  const Dataset data = load_dataset(spec);
  CHECK(data.train.labels == Bytes{98, 99});
  CHECK(data.class_names[99] == "n99");
}

TEST_CASE("wrong names, folders and files say what is accepted") {
  CHECK(input_error_of([] { load_dataset("imagenet"); }) ==
        "data set \"imagenet\": accepted are fashion-mnist[:DIR], idx:DIR, cifar10:DIR, "
        "cifar100:DIR, images:DIR");
  CHECK(input_error_of([] { load_dataset("idx"); }) ==
        "data set \"idx\": came no folder, accepted is idx:DIR");
  CHECK(input_error_of([] { load_dataset("idx:/no/such"); }) ==
        "/no/such/train-images-idx3-ubyte[.gz]: not found, accepted is a folder with the four IDX "
        "files of MNIST's layout");
  CHECK(input_error_of([] { load_dataset("cifar10:/no/such"); }).find("data_batch_1.bin") !=
        std::string::npos);
}

TEST_CASE("labels beyond the classes and constant images are refused") {
  const TemporaryFolder folder;
  write_idx(folder, 9, 5);
  write(folder, "train-labels-idx1-ubyte.gz", gzip(idx_labels(9, 12)));
  Bytes labels = idx_labels(5, 4);
  labels.back() = 10;
  write(folder, "t10k-labels-idx1-ubyte", labels);
  const std::string path = folder.path();
  CHECK(input_error_of([&] { load_dataset("fashion-mnist:" + path); }) ==
        path + ": came label 10, accepted is 0 to 9");
  Bytes flat = idx_images(9, 3, 2);
  std::fill(flat.begin() + 16, flat.end(), 5);
  write(folder, "train-images-idx3-ubyte", flat);
  CHECK(input_error_of([&] { load_dataset("idx:" + path); }) ==
        "idx:" + path +
            ": channel 0 has one value in all training images, accepted are images that differ");
  write(folder, "t10k-images-idx3-ubyte.gz", gzip(idx_images(5, 2, 3)));
  CHECK(input_error_of([&] { load_dataset("idx:" + path); }) ==
        path + ": training and test images differ in size");
}

TEST_CASE("IDX bytes are checked before they are used") {
  const Bytes images = idx_images(4, 3, 2), labels = idx_labels(4, 4);
  CHECK(idx_error(images, labels) == "");
  CHECK(idx_error(labels, labels) ==
        "i: byte 0: came magic number 2049, accepted is 2051 (IDX, unsigned bytes, three "
        "dimensions)");
  CHECK(idx_error({0, 0}, labels) ==
        "i: byte 2: came the end of the file, accepted is an IDX header");
  Bytes broken = images;
  broken.pop_back();
  CHECK(idx_error(broken, labels) == "i: came 39 bytes, accepted are 40 (4 images of 3x2)");
  broken = images;
  broken[4] = 0xff;  // a count of four thousand million
  CHECK(idx_error(broken, labels).find("i: came 40 bytes, accepted are 25669140520") == 0);
  broken = images;
  broken[11] = 0;
  CHECK(idx_error(broken, labels) == "i: byte 8: came height 0, accepted is 1 to 4096");
  CHECK(idx_error(images, idx_labels(5, 4)) ==
        "l: byte 4: came 5 labels for 4 images, accepted is one label for each of at least one "
        "image");
}

TEST_CASE("a truncated or damaged gzip stream never gives data") {
  const Bytes plain = idx_images(50, 6, 6);
  const Bytes packed = gzip(plain);
  CHECK(gunzip({"f", packed}, 1 << 20) == plain);
  int accepted = 0;
  for (std::size_t size = 0; size < packed.size(); ++size)
    accepted += input_error_of([&] { gunzip({"f", {packed.data(), size}}, 1 << 20); }).empty();
  CHECK(accepted == 0);
  Bytes longer = packed;
  longer.push_back(0);
  CHECK(input_error_of([&] {
          gunzip({"f", longer}, 1 << 20);
        }).find("bytes after the gzip") != std::string::npos);
  CHECK(input_error_of([&] {
          gunzip({"f", packed}, 100);
        }).find("more than 100 unpacked bytes") != std::string::npos);
  Bytes flipped = packed;
  flipped[flipped.size() - 6] ^= 1;  // its checksum
  CHECK(input_error_of([&] {
          gunzip({"f", flipped}, 1 << 20);
        }).find("corrupt data") != std::string::npos);
}

TEST_CASE("CIFAR rows of the wrong size or with a wrong label are refused") {
  ImageSet set;
  Bytes rows(3073);
  rows[0] = 10;
  CHECK(input_error_of([&] {
          append_cifar({"c", rows}, {1, 10}, set);
        }) == "c: byte 0: came label 10, accepted is 0 to 9");
  rows.pop_back();
  CHECK(input_error_of([&] {
          append_cifar({"c", rows}, {1, 10}, set);
        }) ==
        "c: came 3072 bytes, accepted is a positive multiple of 3073 (one image of the binary "
        "version)");
}

TEST_CASE("the split holds out the wished number, without overlap, and depends on the seed only") {
  Dataset data;
  data.train.labels.resize(1000);
  const TrainSplit split = split_train(data, 200, 7);
  CHECK(split.train.size() == 800);
  CHECK(split.held_out.size() == 200);
  std::set<int> all(split.train.begin(), split.train.end());
  all.insert(split.held_out.begin(), split.held_out.end());
  CHECK(all.size() == 1000);
  CHECK(*all.begin() == 0);
  CHECK(*all.rbegin() == 999);
  CHECK(split_train(data, 200, 7).held_out == split.held_out);
  CHECK(split_train(data, 200, 8).held_out != split.held_out);
  // the shuffle does not depend on the number: a smaller part is the end of a larger one
  const TrainSplit smaller = split_train(data, 50, 7);
  CHECK(std::equal(smaller.held_out.begin(), smaller.held_out.end(), split.held_out.end() - 50));
  CHECK(input_error_of([&] { split_train(data, 1000, 7); }) ==
        "held_out: came 1000, accepted is 0 to 999 (at least one image is trained on)");
}
