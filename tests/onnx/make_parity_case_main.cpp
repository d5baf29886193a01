// onnx_parity_case FOLDER [MODEL.efm [DATASET]]: writes ONNX files, 1,000 test images and the
// outputs of our interpreter for them, for parity.mjs to compare with another runtime.
//
// Without a model it makes one in seconds and without libtorch: random convolutions as features and
// a classifier fitted on them by ridge regression, so that logits have real margins (the class of
// an untrained network hangs on near-ties). It is written in float32 and in int8.
#include <Eigen/Dense>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>

#include "evaluators/dataset.h"
#include "runtime/export/onnx_writer.h"
#include "runtime/export/quantize.h"
#include "runtime/file.h"
#include "runtime/interpreter.h"
#include "runtime/model_file.h"
#include "space/error.h"
#include "tests/runtime/export/sample_networks.h"

namespace edgefront {
namespace {

constexpr int kTestImages = 1000, kRidgeImages = 3000, kCalibrationImages = 500, kNormImages = 32;
constexpr int kWidth = 16, kFeatures = 256;
constexpr std::uint64_t kSeed = 7;

void require(const Status& status) {
  if (!status.ok()) throw InputError(status.message());
}

/// Real outputs of `model`, one row per image.
Eigen::MatrixXf outputs(const Model& model, const ImageSet& images, int count) {
  std::unique_ptr<Interpreter> interpreter;
  require(Interpreter::load(model, {}, &interpreter));
  const std::int32_t output = model.graph.outputs[0];
  const TensorQuantization q = model.quantization[output];
  const bool int8 = model.graph.tensors[output].precision == Precision::kInt8;
  Eigen::MatrixXf result(count, model.graph.tensors[output].shape.elements());
  for (int i = 0; i < count; ++i) {
    const std::vector<std::uint8_t> input = input_bytes_of_pixels(model, images.image(i));
    std::memcpy(interpreter->input_data(), input.data(), input.size());
    interpreter->invoke();
    for (int c = 0; c < result.cols(); ++c) {
      const void* data = interpreter->output_data();
      result(i, c) = int8 ? q.scale * static_cast<float>(static_cast<const std::int8_t*>(data)[c] -
                                                         q.zero_point)
                          : static_cast<const float*>(data)[c];
    }
  }
  return result;
}

/// Random weights, batch norm by the statistics of some training images. The same
/// for any number of classes, but for the classifier.
FloatModel random_network(const Dataset& data, int classes) {
  const Shape shape{data.train.height, data.train.width, data.train.channels};
  FloatModel model = samples::small_network(shape, kWidth, kFeatures, classes, kSeed);
  model.normalization = {data.mean, data.stddev};
  const Model folded = fold_batch_norm(model);
  std::vector<std::vector<float>> images;
  for (int i = 0; i < kNormImages; ++i) {
    const std::vector<std::uint8_t> bytes = input_bytes_of_pixels(folded, data.train.image(i));
    images.emplace_back(bytes.size() / sizeof(float));
    std::memcpy(images.back().data(), bytes.data(), bytes.size());
  }
  samples::normalize_by(images, &model);
  return model;
}

/// One-hot targets by (XᵀX + λI)W = XᵀY, with a column of ones for the bias.
FloatModel fitted_network(const Dataset& data) {
  const int classes = static_cast<int>(data.class_names.size());
  const Model features = fold_batch_norm(random_network(data, 0));
  Eigen::MatrixXd x(kRidgeImages, kFeatures + 1);
  x << outputs(features, data.train, kRidgeImages).cast<double>(),
      Eigen::VectorXd::Ones(kRidgeImages);
  Eigen::MatrixXd y = Eigen::MatrixXd::Zero(kRidgeImages, classes);
  for (int i = 0; i < kRidgeImages; ++i) y(i, data.train.labels[i]) = 1;
  Eigen::MatrixXd gram = x.transpose() * x;
  gram.diagonal().array() += 1e-3 * gram.trace() / static_cast<double>(gram.rows());
  const Eigen::MatrixXd w = gram.ldlt().solve(x.transpose() * y);
  FloatModel model = random_network(data, classes);
  FloatLayer& classifier = model.layers.at("head.classifier");
  for (int c = 0; c < classes; ++c) {
    for (int f = 0; f < kFeatures; ++f) {
      classifier.weights[c * kFeatures + f] = static_cast<float>(w(f, c));
    }
    classifier.bias[c] = static_cast<float>(w(kFeatures, c));
  }
  return model;
}

CalibrationSet calibration_of(const Model& model, const ImageSet& images) {
  CalibrationSet set;
  set.count = kCalibrationImages;
  for (int i = 0; i < set.count; ++i) {
    const std::vector<std::uint8_t> bytes = input_bytes_of_pixels(model, images.image(i));
    const std::size_t at = set.images.size();
    set.images.resize(at + bytes.size() / sizeof(float));
    std::memcpy(set.images.data() + at, bytes.data(), bytes.size());
  }
  return set;
}

void write(const std::string& path, const void* bytes, std::size_t size) {
  require(write_file_atomic(path, bytes, size));
}

/// NAME.onnx, NAME.inputs.bin, NAME.expected.bin, NAME.json: see parity.mjs.
void write_case(const Model& model, const Dataset& data, const std::string& prefix) {
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> expected =
      outputs(model, data.test, kTestImages);
  const Tensor& input = model.graph.tensors[model.graph.inputs[0]];
  std::vector<float> real;
  int correct = 0;
  for (int i = 0; i < kTestImages; ++i) {
    const std::span<const std::uint8_t> pixels = data.test.image(i);
    for (std::size_t p = 0; p < pixels.size(); ++p) {
      const std::size_t c = p % input.shape.channels;
      real.push_back((static_cast<float>(pixels[p]) / 255.0f - model.normalization.mean[c]) /
                     model.normalization.stddev[c]);
    }
    Eigen::Index best = 0;
    expected.row(i).maxCoeff(&best);
    correct += best == data.test.labels[i];
  }
  const float scale = model.quantization[model.graph.outputs[0]].scale;
  const std::string json = "{\"shape\": [" + std::to_string(input.shape.height) + ", " +
                           std::to_string(input.shape.width) + ", " +
                           std::to_string(input.shape.channels) +
                           "], \"classes\": " + std::to_string(expected.cols()) +
                           ", \"step\": " + std::to_string(scale > 0 ? scale : 1.0f) + "}\n";
  write_onnx(model, prefix + ".onnx");
  write(prefix + ".inputs.bin", real.data(), real.size() * sizeof(float));
  write(prefix + ".expected.bin", expected.data(), expected.size() * sizeof(float));
  write(prefix + ".json", json.data(), json.size());
  std::printf("%s: %d of %d test images are classified correctly\n", prefix.c_str(), correct,
              kTestImages);
}

void run(int argc, char** argv) {
  const std::string folder = argv[1];
  const Dataset data = load_dataset(argc > 3 ? argv[3] : "fashion-mnist");
  std::filesystem::create_directories(folder);
  if (argc > 2) {
    Model model;
    require(read_model_file(argv[2], &model));
    write_case(model, data, folder + "/" + std::filesystem::path(argv[2]).stem().string());
    return;
  }
  const Model real = fold_batch_norm(fitted_network(data));
  write_case(real, data, folder + "/fp32");
  write_case(quantize(real, calibration_of(real, data.train), {}), data, folder + "/int8");
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: onnx_parity_case FOLDER [MODEL.efm [DATASET]]\n");
    return 2;
  }
  try {
    edgefront::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "onnx_parity_case: %s\n", error.what());
    return 1;
  }
  return 0;
}
