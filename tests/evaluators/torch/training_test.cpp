#include "evaluators/torch/training.h"

#include <doctest/doctest.h>

#include "space/error.h"
#include "space/lower.h"
#include "tests/evaluators/torch/tiny.h"

using namespace edgefront;

namespace {

struct Trained {
  double error_percent = 0;
  std::string failure;
  std::vector<float> first_weights;
  std::int64_t images_reported = 0;
};

Trained train(TrainOptions options, std::uint64_t seed) {
  use_one_thread();
  const auto data = tiny::data(600);
  const SearchSpace space = tiny::space();
  const LayerGraph graph = lower(decode(space, tiny::any_genotype(space, 3)));
  Network network(graph, initial_weights(graph, seed));
  const BatchMaker batches(data->train, data->mean, data->stddev);
  std::vector<int> images, others;
  for (int i = 0; i < 600; ++i) (i < 500 ? images : others).push_back(i);
  Trained out;
  out.failure = train_network(network, batches, images, options, 4, seed, "tiny",
                              [&](const std::string&, std::int64_t done, std::int64_t, double) {
                                out.images_reported = done;
                              });
  if (!out.failure.empty()) return out;
  out.error_percent = error_percent(network, batches, others);
  out.first_weights = network.weights().at("stem.conv").weights;
  return out;
}

// Shifting would move the bright band, which is the class.
const TrainOptions kTiny{.epochs = 4, .batch_size = 32, .shift_pixels = 0, .flip = false};

}  // namespace

TEST_CASE("a training learns what is easy, alone and in two replicas") {
  for (const int threads : {1, 2}) {
    TrainOptions options = kTiny;
    options.threads = threads;
    const Trained trained = train(options, 1);
    CHECK(trained.failure == "");
    CHECK(trained.error_percent < 5);  // chance is 75
    CHECK(trained.images_reported == 63 * 32);
  }
}

TEST_CASE("the same seed trains the same weights, another seed others") {
  TrainOptions options = kTiny;
  options.epochs = 1;
  const Trained a = train(options, 1), b = train(options, 1), c = train(options, 2);
  CHECK(a.first_weights == b.first_weights);
  CHECK(a.first_weights != c.first_weights);
}

TEST_CASE("a training that diverges says at which step") {
  TrainOptions options = kTiny;
  options.learning_rate = 1e30;
  options.warm_up_epochs = 0;
  const Trained trained = train(options, 1);
  CHECK(trained.failure.rfind("diverged at step ", 0) == 0);
}

TEST_CASE("out of memory is recognised by type and by libtorch's words") {
  CHECK(failure_text(std::bad_alloc()) == "out of memory");
  CHECK(failure_text(std::runtime_error("DefaultCPUAllocator: not enough memory: you tried")) ==
        "out of memory");
  CHECK(failure_text(std::runtime_error("something\nelse")) == "training failed: something");
}

TEST_CASE("an exception of any task side by side reaches the caller after all have ended") {
  std::vector<int> ended(3);
  CHECK_THROWS_WITH(run_side_by_side(3,
                                     [&](int i) {
                                       ended[i] = 1;
                                       if (i == 2) throw std::runtime_error("task 2");
                                     }),
                    "task 2");
  CHECK(ended == std::vector<int>{1, 1, 1});
}

TEST_CASE("data that do not fit the space are refused by name") {
  const SearchSpace space = tiny::space();
  Dataset data = *tiny::data(20);
  CHECK_NOTHROW(check_data_fits(space, data, 5));
  CHECK_THROWS_WITH_AS(check_data_fits(space, data, 20),
                       doctest::Contains("held_out is 20, accepted is 1 to 19"), InputError);
  data.train.channels = 3;
  CHECK_THROWS_WITH_AS(check_data_fits(space, data, 5),
                       doctest::Contains("number of channels is 3, the space has 2"), InputError);
  data.train.channels = 2;
  data.class_names.pop_back();
  CHECK_THROWS_WITH_AS(check_data_fits(space, data, 5),
                       doctest::Contains("number of classes is 3, the space has 4"), InputError);
}
