// edgefront evaluate: accuracy of a model file on real data.
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "experiments/commands/command_line.h"
#include "experiments/commands/commands.h"
#include "experiments/host.h"
#include "experiments/pipeline/int8_accuracy.h"
#include "runtime/model_file.h"
#include "space/error.h"

namespace edgefront {

int evaluate_command(const CommandArguments& args) {
  CommandLine line("evaluate MODEL.efm --data DATASET [options]",
                   "Runs a model on the test images of a data set and prints its top-1 accuracy.");
  line.positional("MODEL.efm", "model file")
      .option("data", "DATASET", "", kDatasetNames)
      .option("split", "WHICH", "test", "test or train")
      .option("kernels", "SET", "",
              "kernel set (default: EDGEFRONT_KERNELS, the model's, the best)")
      .option("threads", "N", "0", "images side by side; 0 = all cores")
      .flag("json", "one JSON object on standard output");
  if (!line.parse(args)) return 0;
  if (!line.given("data")) throw InputError("evaluate: --data is missing, e.g. fashion-mnist");
  const std::string split = line.text("split");
  if (split != "test" && split != "train") {
    throw InputError("--split is '" + split + "'; accepted are test and train");
  }
  int threads = int(line.integer("threads", 0, 1024));
  if (threads == 0) threads = int(std::max(1u, std::thread::hardware_concurrency()));
  Model model;
  require(read_model_file(line.text("MODEL.efm"), &model));
  const Dataset data = load_dataset(line.text("data"));
  const ModelAccuracy accuracy = measure_accuracy(model, split == "test" ? data.test : data.train,
                                                  line.text("kernels"), threads);
  if (line.given("json")) {
    const nlohmann::json out = {{"top1", accuracy.top1_percent},
                                {"images", accuracy.images},
                                {"data", data.name},
                                {"split", split}};
    std::cout << out.dump(2) << "\n";
  } else {
    std::cout << "top-1 " << fixed(accuracy.top1_percent, 2) << " % of " << accuracy.images << " "
              << split << " images of " << data.name << "\n";
  }
  return 0;
}

}  // namespace edgefront
