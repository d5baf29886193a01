// How well does each accuracy evaluator order networks, and at what cost? Trains some networks of a
// space alone (the truth, judged on held-out training images), asks the evaluators about the same
// networks, and prints Kendall's tau-b and Spearman's rho with the seconds that each took. One
// line per network (genotype, error) goes to the file given, so that the truth can be read again.
//
//   rank_correlation_bench [--networks 20] [--epochs 1] [--seconds 60,120] [--train LIST]
//                          [--truth FILE] [--space FILE] [--threads 2] [--seed 1]
//                          [--largest-macs N] [--random-subnets N] [--rate R] [--batch N]
//                          [--temperature T] [--steps N] [--recalibrate N] [--judge N]
//   --steps: the supernet is trained for so many steps, whatever time they take
//   LIST: IMAGESxEPOCHS[xBATCH[xRATE]],…
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "evaluators/trainer.h"
#include "space/lower.h"
#include "space/random.h"
#include "space/search_space.h"

namespace edgefront {
namespace {

struct Settings {
  int networks = 20;
  double epochs = 1;
  std::string seconds = "60,120";
  std::string train = "5000x1";
  std::string truth, space = "experiments/spaces/fashion_small.toml", data = "fashion-mnist";
  int threads = 2;
  double largest_macs = 1e18;  ///< networks above are left out of the spread
  std::uint64_t seed = 1;
  SupernetOptions supernet;
};

struct Sample {
  Genotype genotype;
  double macs = 0, parameters = 0, error_percent = 0;
};

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> out;
  std::istringstream in(list);
  for (std::string part; std::getline(in, part, ',');) out.push_back(part);
  return out;
}

double sign(double v) { return (v > 0) - (v < 0); }

/// Kendall's tau-b: ties in either list count for neither side.
double kendall(const std::vector<double>& a, const std::vector<double>& b) {
  double both = 0, in_a = 0, in_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double x = sign(a[i] - a[j]), y = sign(b[i] - b[j]);
      both += x * y;
      in_a += x * x;
      in_b += y * y;
    }
  }
  return both / std::sqrt(in_a * in_b);
}

std::vector<double> ranks(const std::vector<double>& v) {
  std::vector<double> out;
  for (double x : v) {
    double rank = 0.5;
    for (double y : v) rank += y < x ? 1 : y == x ? 0.5 : 0;
    out.push_back(rank);
  }
  return out;
}

double spearman(const std::vector<double>& a, const std::vector<double>& b) {
  const std::vector<double> x = ranks(a), y = ranks(b);
  const double mean = (a.size() + 1) / 2.0;
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
  }
  return xy / std::sqrt(xx * yy);
}

/// Networks in equal steps of log(MACs) between the extremes of 4,000 random ones, every decision
/// drawn uniformly.
std::vector<Sample> spread_networks(const SearchSpace& space, int count, std::uint64_t seed) {
  std::vector<Sample> pool;
  for (int i = 0; i < 4000; ++i) {
    RandomStream random(seed, i);
    Sample s;
    for (const Decision& d : space.decisions) {
      s.genotype.choices.push_back(static_cast<std::uint8_t>(random.below(d.choices.size())));
    }
    s.genotype = canonical(space, s.genotype);
    const LayerGraph graph = lower(decode(space, s.genotype));
    s.macs = static_cast<double>(total_macs(graph));
    s.parameters = static_cast<double>(parameter_count(graph));
    pool.push_back(s);
  }
  std::sort(pool.begin(), pool.end(), [](const auto& a, const auto& b) { return a.macs < b.macs; });
  std::vector<Sample> out;
  const double low = std::log(pool.front().macs), high = std::log(pool.back().macs);
  for (int i = 0; i < count; ++i) {
    const double wanted = std::exp(low + (high - low) * i / std::max(1, count - 1));
    const auto found =
        std::min_element(pool.begin(), pool.end(), [&](const auto& a, const auto& b) {
          return std::abs(a.macs - wanted) < std::abs(b.macs - wanted);
        });
    out.push_back(*found);
    pool.erase(found);
  }
  return out;
}

/// Runs task(i) for all i < count on some threads, each one network at a time.
template <typename Task>
void side_by_side(int count, int threads, const Task& task) {
  std::atomic<int> next = 0;
  const auto work = [&] {
    for (int i = next++; i < count; i = next++) task(i);
  };
  std::vector<std::thread> pool;
  for (int t = 0; t < threads; ++t) pool.emplace_back(work);
  for (std::thread& t : pool) t.join();
}

class Bench {
 public:
  explicit Bench(const Settings& settings)
      : settings_(settings),
        space_(load_space(settings.space)),
        data_(std::make_shared<const Dataset>(load_dataset(settings.data))),
        trainer_(load_trainer()),
        samples_(spread_networks(space_, settings.networks, settings.seed)) {
    std::erase_if(samples_, [&](const Sample& s) { return s.macs > settings.largest_macs; });
  }

  void run() {
    find_truth();
    std::vector<double> macs, parameters;
    for (const Sample& s : samples_) {
      truth_.push_back(s.error_percent);
      macs.push_back(-s.macs);
      parameters.push_back(-s.parameters);
    }
    std::printf(
        "| evaluator | Kendall | Spearman | before, s | per network, s |\n|---|---|---|---|---|\n");
    row("MACs", macs, 0, 0);
    row("parameters", parameters, 0, 0);
    for (const std::string& schedule : parts_of(settings_.train)) try_training(schedule);
    for (const std::string& seconds : parts_of(settings_.seconds))
      try_supernet(std::atof(seconds.c_str()));
  }

 private:
  void row(const std::string& name, const std::vector<double>& errors, double before, double each) {
    std::printf("| %s | %.2f | %.2f | %.0f | %.2f |\n", name.c_str(), kendall(errors, truth_),
                spearman(errors, truth_), before, each);
    std::fflush(stdout);
  }

  void find_truth() {
    std::map<std::string, double> known;
    std::ifstream in(settings_.truth);
    std::string genotype;
    for (double error; in >> genotype >> error;) known[genotype] = error;
    std::mutex mutex;
    side_by_side(static_cast<int>(samples_.size()), settings_.threads, [&](int i) {
      Sample& s = samples_[i];
      const std::string text = to_text(space_, s.genotype);
      const auto found = known.find(text);
      const double start = now_seconds();
      if (found == known.end()) {
        const TrainedModel trained =
            trainer_->train(space_, s.genotype, data_, {.epochs = settings_.epochs}, nullptr,
                            settings_.seed + 1000 + i, nullptr);
        s.error_percent = trained.failure.empty() ? trained.held_out_error_percent : 100;
      } else {
        s.error_percent = found->second;
      }
      const std::lock_guard lock(mutex);
      std::fprintf(stderr, "%s %.0f MACs: error %.2f %% (%.0f s)\n", text.c_str(), s.macs,
                   s.error_percent, now_seconds() - start);
      if (found == known.end() && !settings_.truth.empty()) {
        std::ofstream(settings_.truth, std::ios::app) << text << ' ' << s.error_percent << '\n';
      }
    });
  }

  void judge(AccuracyEvaluator& evaluator, const std::string& name, double before) {
    std::vector<double> errors(samples_.size());
    const double start = now_seconds();
    side_by_side(static_cast<int>(samples_.size()), settings_.threads, [&](int i) {
      const Accuracy a = evaluator.evaluate({samples_[i].genotype, 0, settings_.seed + i});
      errors[i] = a.ok ? a.error_percent : 100;
    });
    row(name, errors, before, (now_seconds() - start) / static_cast<double>(samples_.size()));
    for (double e : errors) std::fprintf(stderr, "%.2f ", e);
    std::fprintf(stderr, "\n");
  }

  void try_training(const std::string& schedule) {
    TrainEvaluatorOptions options;
    options.train.epochs = 1;
    std::sscanf(schedule.c_str(), "%dx%lfx%dx%lf", &options.train_images, &options.train.epochs,
                &options.train.batch_size, &options.train.learning_rate);
    const auto evaluator = trainer_->make_train_evaluator(space_, data_, options);
    judge(*evaluator, "train " + schedule, 0);
  }

  void try_supernet(double seconds) {
    SupernetOptions options = settings_.supernet;
    options.seconds = seconds;
    options.threads = settings_.threads;
    const auto evaluator =
        trainer_->make_supernet_evaluator(space_, data_, options, settings_.seed);
    const auto folder = std::filesystem::temp_directory_path() /
                        ("rank_correlation_" + std::to_string(now_seconds()));
    std::filesystem::create_directories(folder);
    std::int64_t images = 0;
    const double start = now_seconds();
    evaluator->prepare(folder.string(), [&](const std::string&, std::int64_t done, std::int64_t,
                                            double) { images = done; });
    const double before = now_seconds() - start;
    std::fprintf(stderr, "supernet: %lld images in %.0f s\n", static_cast<long long>(images),
                 before);
    judge(*evaluator, "supernet", before);
    std::filesystem::remove_all(folder);
  }

  Settings settings_;
  SearchSpace space_;
  std::shared_ptr<const Dataset> data_;
  std::unique_ptr<Trainer> trainer_;
  std::vector<Sample> samples_;
  std::vector<double> truth_;
};

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  edgefront::Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i], value = argv[i + 1];
    if (key == "--networks") settings.networks = std::atoi(value.c_str());
    if (key == "--epochs") settings.epochs = std::atof(value.c_str());
    if (key == "--seconds") settings.seconds = value;
    if (key == "--train") settings.train = value;
    if (key == "--truth") settings.truth = value;
    if (key == "--space") settings.space = value;
    if (key == "--threads") settings.threads = std::atoi(value.c_str());
    if (key == "--seed") settings.seed = std::strtoull(value.c_str(), nullptr, 10);
    if (key == "--largest-macs") settings.largest_macs = std::atof(value.c_str());
    if (key == "--random-subnets") settings.supernet.random_subnets = std::atoi(value.c_str());
    if (key == "--rate") settings.supernet.learning_rate = std::atof(value.c_str());
    if (key == "--batch") settings.supernet.batch_size = std::atoi(value.c_str());
    if (key == "--steps") settings.supernet.steps = std::atoll(value.c_str());
    if (key == "--recalibrate") settings.supernet.recalibration_images = std::atoi(value.c_str());
    if (key == "--judge") settings.supernet.judge_images = std::atoi(value.c_str());
    if (key == "--temperature")
      settings.supernet.distillation_temperature = std::atof(value.c_str());
  }
  try {
    edgefront::Bench(settings).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
