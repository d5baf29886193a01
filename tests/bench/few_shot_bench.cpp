// How well do ten networks of a new device and the tables of other devices tell how all networks
// order on it? Leave one device out, on the latencies of 5,000 networks of the FBNet space that the
// HELP benchmark published (Lee et al. 2021, "HELP: Hardware-adaptive efficient latency prediction
// for NAS via meta-learning"). For every measured setting: a block-additive fit of each other
// device on 4,000 networks is its table; of the setting itself only `--networks` of those 4,000 are
// known; Spearman's rho and the interval's coverage are on the other 1,000. Beside it stands what a
// block-additive fit of the setting itself to all 4,000 networks reaches. Settings of one device at
// other batch sizes are never its sources. Four columns (raspi4, pixel3, eyeriss, fpga) are sums of
// a published table and no measurements: neither targets nor sources.
//
//   few_shot_bench FILE.csv [--networks 10] [--random] [--seed 1]
//   FILE.csv: id,ops,DEVICE_BATCH_ms,…; ops are 22 numbers 0 to 8 with blanks between
//   --random: the first networks that come instead of the chosen ones
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "costmodels/cost_model.h"
#include "costmodels/measurement_choice.h"
#include "costmodels/transfer.h"
#include "space/error.h"
#include "space/random.h"
#include "space/rank_correlation.h"

namespace edgefront {
namespace {

constexpr int kBlocks = 22, kOps = 9, kTraining = 4000;
const std::set<std::string> kTableSums{"raspi4", "pixel3", "eyeriss", "fpga"};

struct Setting {
  std::string name, device;
  std::vector<double> latency;  ///< of every network
};
struct Data {
  std::vector<std::vector<int>> ops;  ///< of every network
  std::vector<Setting> settings;
};

/// "titanx_32" → "titanx"; the phone essential_ph_1 has no batch size in its name.
std::string device_of(const std::string& name) {
  if (name == "essential_ph_1") return name;
  for (const std::string batch : {"_1", "_32", "_64"}) {
    if (name.ends_with(batch)) return name.substr(0, name.size() - batch.size());
  }
  return name;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

struct Row {
  std::vector<int> ops;
  std::vector<double> latencies;  ///< as many as the header names
};

std::vector<int> ops_of(const std::string& cell, const std::string& where) {
  std::istringstream in(cell);
  std::vector<int> ops;
  for (int op; in >> op && op >= 0 && op < kOps;) ops.push_back(op);
  if (ops.size() != kBlocks || !in.eof()) {
    throw InputError(where + ": ops: came \"" + cell + "\", accepted are 22 numbers 0 to 8");
  }
  return ops;
}

double latency_of(const std::string& cell, const std::string& where) {
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || !(value > 0) ||
      !std::isfinite(value)) {
    throw InputError(where + ": came \"" + cell + "\", accepted is a latency above 0");
  }
  return value;
}

/// The rows in the file's order; `header` becomes the first line.
std::vector<Row> read_rows(const std::string& path, std::vector<std::string>& header) {
  std::ifstream in(path);
  std::string line;
  if (!std::getline(in, line)) throw InputError(path + ": cannot be read, or is empty");
  if (!line.starts_with("id,ops,")) {
    throw InputError(path +
                     ": line 1: does not begin with \"id,ops,\"; accepted is a CSV file, "
                     "not packed");
  }
  header = cells_of(line);
  std::vector<Row> rows;
  for (int number = 2; std::getline(in, line); ++number) {
    const std::string where = path + ": line " + std::to_string(number);
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() != header.size()) {
      throw InputError(where + ": came " + std::to_string(cells.size()) + " cells, accepted are " +
                       std::to_string(header.size()));
    }
    rows.push_back({ops_of(cells[1], where), {}});
    for (std::size_t c = 2; c < cells.size(); ++c) {
      rows.back().latencies.push_back(latency_of(cells[c], where));
    }
  }
  if (rows.size() <= kTraining) {
    throw InputError(path + ": came " + std::to_string(rows.size()) +
                     " networks, accepted are more than " + std::to_string(kTraining));
  }
  return rows;
}

/// Networks in an order that is shuffled from `seed`: the first 4,000 are for training.
Data read(const std::string& path, std::uint64_t seed) {
  std::vector<std::string> header;
  std::vector<Row> rows = read_rows(path, header);
  RandomStream random(seed, 0);
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random.below(i)]);
  Data data;
  for (const Row& row : rows) data.ops.push_back(row.ops);
  for (std::size_t column = 2; column < header.size(); ++column) {
    const std::string name = header[column].substr(0, header[column].rfind("_ms"));
    if (kTableSums.count(name) > 0) continue;
    Setting setting{name, device_of(name), {}};
    for (const Row& row : rows) setting.latency.push_back(row.latencies[column - 2]);
    data.settings.push_back(std::move(setting));
  }
  return data;
}

PartSum parts_of(const std::vector<int>& ops) {
  PartSum parts;
  for (int b = 0; b < kBlocks; ++b) parts.push_back({b * kOps + ops[b], 1});
  return parts;
}

double sum_of(const std::vector<double>& table, const PartSum& parts) {
  double sum = 0;
  for (const PartCount& p : parts) sum += p.count * table[p.part];
  return sum;
}

/// Solves a·x = b for a positive definite `a` in place, by elimination.
void solve(std::vector<std::vector<double>>& a, std::vector<double>& b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      const double factor = a[j][i] / a[i][i];
      if (factor == 0) continue;
      for (std::size_t k = i; k < n; ++k) a[j][k] -= factor * a[i][k];
      b[j] -= factor * b[i];
    }
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
}

/// Ridge regression of a setting on one-hot blocks; the mean is spread over the blocks evenly.
std::vector<double> additive_table(const Data& data, const std::vector<double>& latency) {
  constexpr int kParts = kBlocks * kOps;
  double mean = 0;
  for (int i = 0; i < kTraining; ++i) mean += latency[i] / kTraining;
  std::vector<std::vector<double>> normal(kParts, std::vector<double>(kParts, 0));
  std::vector<double> effects(kParts, 0);
  for (int i = 0; i < kTraining; ++i) {
    const PartSum parts = parts_of(data.ops[i]);
    for (const PartCount& p : parts) {
      for (const PartCount& q : parts) normal[p.part][q.part] += 1;
      effects[p.part] += latency[i] - mean;
    }
  }
  for (int p = 0; p < kParts; ++p) normal[p][p] += 1;
  solve(normal, effects);
  for (double& effect : effects) effect += mean / kBlocks;
  return effects;
}

struct Options {
  const char* file = nullptr;
  int networks = 10;
  bool random = false;
  std::uint64_t seed = 1;
};

struct Result {
  double additive = 0, few_shot = 0, coverage = 0, half_width = 0;
};

Result leave_out(const Data& data, const std::vector<std::vector<double>>& tables,
                 std::size_t target, const Options& options) {
  const Setting& setting = data.settings[target];
  TransferSources sources;
  for (int p = 0; p < kBlocks * kOps; ++p) sources.groups.push_back(p % kOps);
  for (std::size_t s = 0; s < data.settings.size(); ++s) {
    if (data.settings[s].device != setting.device) sources.costs.push_back(tables[s]);
  }
  std::vector<PartSum> pool;
  for (int i = 0; i < kTraining; ++i) pool.push_back(parts_of(data.ops[i]));
  std::vector<int> chosen(options.networks);
  std::iota(chosen.begin(), chosen.end(), 0);
  if (!options.random) chosen = choose_measurements(sources, pool, options.networks);
  std::vector<TransferObservation> observations;
  for (const int i : chosen) observations.push_back({pool[i], setting.latency[i]});
  const TransferModel model(sources, observations);
  Result result;
  std::vector<double> additive, predicted, measured;
  const int held_out = static_cast<int>(data.ops.size()) - kTraining;
  for (std::size_t i = kTraining; i < data.ops.size(); ++i) {
    const TransferPrediction p = model.predict(parts_of(data.ops[i]));
    additive.push_back(sum_of(tables[target], parts_of(data.ops[i])));
    predicted.push_back(p.cost);
    measured.push_back(setting.latency[i]);
    result.coverage += p.low <= measured.back() && measured.back() <= p.high;
    result.half_width += (p.high - p.low) / (2 * p.cost);
  }
  result.coverage *= 100.0 / held_out;
  result.half_width *= 100.0 / held_out;
  result.additive = spearman(additive, measured);
  result.few_shot = spearman(predicted, measured);
  return result;
}

int run(const Options& options) {
  const Data data = read(options.file, options.seed);
  std::vector<std::vector<double>> tables;
  for (const Setting& s : data.settings) tables.push_back(additive_table(data, s.latency));
  std::printf("%-16s %10s %10s %7s %10s %12s\n", "setting", "additive", "few-shot", "ratio",
              "covered %", "half-width %");
  Result total;
  const auto count = static_cast<double>(data.settings.size());
  for (std::size_t s = 0; s < data.settings.size(); ++s) {
    const Result r = leave_out(data, tables, s, options);
    std::printf("%-16s %10.4f %10.4f %7.4f %10.1f %12.1f\n", data.settings[s].name.c_str(),
                r.additive, r.few_shot, r.few_shot / r.additive, r.coverage, r.half_width);
    total.additive += r.additive / count;
    total.few_shot += r.few_shot / count;
    total.coverage += r.coverage / count;
    total.half_width += r.half_width / count;
  }
  std::printf("%-16s %10.4f %10.4f %7.4f %10.1f %12.1f\n", "mean", total.additive, total.few_shot,
              total.few_shot / total.additive, total.coverage, total.half_width);
  return 0;
}

}  // namespace
}  // namespace edgefront

int main(int argc, char** argv) {
  edgefront::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--random") {
      options.random = true;
    } else if (word == "--networks" && i + 1 < argc) {
      options.networks = std::atoi(argv[++i]);
    } else if (word == "--seed" && i + 1 < argc) {
      options.seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      options.file = argv[i];
    }
  }
  if (options.file == nullptr || options.networks < 3 || options.networks > 1000) {
    std::fprintf(stderr, "few_shot_bench FILE.csv [--networks 10] [--random] [--seed 1]\n");
    return 2;
  }
  try {
    return edgefront::run(options);
  } catch (const edgefront::InputError& error) {
    std::fprintf(stderr, "few_shot_bench: %s\n", error.what());
    return 2;
  }
}
