#include "evaluators/torch/supernet_evaluator.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "evaluators/torch/train_evaluator.h"
#include "evaluators/torch/training.h"
#include "space/error.h"
#include "space/lower.h"
#include "tests/evaluators/torch/tiny.h"

using namespace edgefront;

namespace {

SupernetOptions tiny_options() {
  SupernetOptions options;
  options.steps = 60;
  options.batch_size = 32;
  options.held_out = 100;
  options.recalibration_images = 100;
  return options;
}

/// An empty folder that is removed again.
struct Folder {
  std::filesystem::path path;
  explicit Folder(const std::string& name) : path(std::filesystem::temp_directory_path() / name) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

std::vector<double> errors_of(AccuracyEvaluator& evaluator, const SearchSpace& space, int threads) {
  constexpr int kNetworks = 8;
  std::vector<double> out(kNetworks);
  std::vector<std::thread> pool;
  for (int t = 0; t < threads; ++t) {
    pool.emplace_back([&, t] {
      for (int i = t; i < kNetworks; i += threads) {
        const Accuracy a = evaluator.evaluate({tiny::any_genotype(space, i), 0, 1});
        out[i] = a.ok ? a.error_percent : -1;
      }
    });
  }
  for (std::thread& t : pool) t.join();
  return out;
}

}  // namespace

TEST_CASE("a supernet is trained once, then loaded, and judges the same in any number of threads") {
  const Folder folder("edgefront_supernet_test");
  const SearchSpace space = tiny::space();
  const auto data = tiny::data(600);
  const auto first = make_torch_supernet_evaluator(space, data, tiny_options(), 1);
  const std::string digest = first->prepare(folder.path.string(), nullptr);
  CHECK(digest.size() == 32);
  const std::vector<double> errors = errors_of(*first, space, 1);
  for (double e : errors) CHECK(e >= 0);
  CHECK(errors_of(*first, space, 3) == errors);

  const auto second = make_torch_supernet_evaluator(space, data, tiny_options(), 99);
  CHECK(second->prepare(folder.path.string(), nullptr) == digest);
  CHECK(errors_of(*second, space, 2) == errors);

  std::fstream file(folder.path / "supernet.bin", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(500);
  file.put('x').put('y');
  file.close();
  const auto third = make_torch_supernet_evaluator(space, data, tiny_options(), 1);
  CHECK_THROWS_WITH_AS(third->prepare(folder.path.string(), nullptr), doctest::Contains("corrupt"),
                       InputError);
}

TEST_CASE("networks know more with the weights of a trained supernet than with new ones") {
  const Folder folder("edgefront_inherit_test");
  const SearchSpace space = tiny::space();
  const auto data = tiny::data(600);
  SupernetOptions options = tiny_options();
  options.steps = 250;
  options.shift_pixels = 0;
  const auto untrained = make_torch_supernet_evaluator(space, data, options, 1);
  const auto trained = make_torch_supernet_evaluator(space, data, options, 1);
  trained->prepare(folder.path.string(), nullptr);
  double before = 0, after = 0;
  for (double e : errors_of(*untrained, space, 1)) before += e / 8;
  for (double e : errors_of(*trained, space, 1)) after += e / 8;
  CHECK(before > 50);
  CHECK(after < before - 20);
  const Genotype genotype = tiny::any_genotype(space, 2);
  const LayerGraph graph = lower(decode(space, genotype));
  const WeightMap inherited = inherited_weights(*trained, genotype);
  CHECK(inherited.at("stem.conv").weights != initial_weights(graph, 1).at("stem.conv").weights);
}

TEST_CASE("only a supernet has weights to inherit") {
  const SearchSpace space = tiny::space();
  TrainEvaluatorOptions options;
  options.held_out = 10;
  const auto evaluator = make_torch_train_evaluator(space, tiny::data(50), options);
  CHECK_THROWS_WITH_AS(inherited_weights(*evaluator, tiny::any_genotype(space, 1)),
                       "weights can be inherited from a supernet evaluator only", InputError);
}

TEST_CASE("the train evaluator learns, and gives the same answer to the same request") {
  const SearchSpace space = tiny::space();
  TrainEvaluatorOptions options;
  options.held_out = 100;
  options.train = {.epochs = 4, .batch_size = 32, .shift_pixels = 0, .flip = false};
  const auto evaluator = make_torch_train_evaluator(space, tiny::data(600), options);
  const AccuracyRequest request{tiny::any_genotype(space, 3), 0, 7};
  const Accuracy a = evaluator->evaluate(request), b = evaluator->evaluate(request);
  REQUIRE(a.ok);
  CHECK(a.error_percent < 10);
  CHECK(a.error_percent == b.error_percent);
  options.train.learning_rate = 1e30;
  options.train.warm_up_epochs = 0;
  const auto wild = make_torch_train_evaluator(space, tiny::data(600), options);
  const Accuracy failed = wild->evaluate(request);
  CHECK(!failed.ok);
  CHECK(failed.failure.rfind("diverged at step ", 0) == 0);
}

TEST_CASE("options that make no sense are refused with what is accepted") {
  const SearchSpace space = tiny::space();
  SupernetOptions options = tiny_options();
  options.batch_size = 1;
  CHECK_THROWS_WITH_AS(make_torch_supernet_evaluator(space, tiny::data(200), options, 1),
                       "supernet: batch_size is 1, accepted is 2 or more", InputError);
  TrainEvaluatorOptions train;
  train.held_out = 100;
  train.train_images = 500;
  CHECK_THROWS_WITH_AS(make_torch_train_evaluator(space, tiny::data(200), train),
                       "train_images is 500, accepted is 0 (all) to 100", InputError);
}
