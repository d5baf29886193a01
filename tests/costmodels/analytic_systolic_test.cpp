#include "costmodels/analytic_systolic.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

namespace edgefront {
namespace {

using Matrix = std::vector<std::vector<std::int64_t>>;

/// A grid of cells, each with a weight, an input that moves right and a sum that moves down, and
/// nothing else: stepped cycle by cycle. Knows no formula.
class Grid {
 public:
  Grid(int rows, int columns)
      : rows_(rows), columns_(columns), weight_(cells()), input_(cells()), sum_(cells()) {}

  /// Adds inputs · weights to `out` and returns the cycles until its last value has left.
  std::int64_t multiply(const Matrix& inputs, const Matrix& weights, Matrix& out) {
    std::fill(weight_.begin(), weight_.end(), 0);
    std::fill(input_.begin(), input_.end(), 0);
    std::fill(sum_.begin(), sum_.end(), 0);
    const int used_rows = int(weights.size()), used_columns = int(weights[0].size());
    std::int64_t cycles = 0;
    // The last row enters first and is pushed down by those that follow.
    for (int k = used_rows - 1; k >= 0; --k, ++cycles) {
      for (int i = rows_ - 1; i > 0; --i) {
        for (int j = 0; j < columns_; ++j) weight_[at(i, j)] = weight_[at(i - 1, j)];
      }
      for (int j = 0; j < used_columns; ++j) weight_[at(0, j)] = weights[k][j];
    }
    const int vectors = int(inputs.size());
    std::vector<int> left(std::size_t(used_columns), 0);  // results that column j has given
    int missing = vectors * used_columns;
    for (int t = 0; missing > 0; ++t, ++cycles) {
      // From the last cell to the first, so that each reads what its neighbours held before.
      for (int i = rows_ - 1; i >= 0; --i) {
        for (int j = columns_ - 1; j >= 0; --j) {
          const bool enters = i < used_rows && t - i >= 0 && t - i < vectors;
          const std::int64_t from_left =
              j > 0 ? input_[at(i, j - 1)] : (enters ? inputs[t - i][i] : 0);
          const std::int64_t from_above = i > 0 ? sum_[at(i - 1, j)] : 0;
          input_[at(i, j)] = from_left;
          sum_[at(i, j)] = from_above + weight_[at(i, j)] * from_left;
        }
      }
      for (int j = 0; j < used_columns; ++j) {
        const int vector = t - (rows_ - 1) - j;
        if (vector < 0 || vector >= vectors) continue;
        out[vector][j] += sum_[at(rows_ - 1, j)];
        ++left[j];
        --missing;
      }
    }
    for (const int count : left) REQUIRE(count == vectors);
    return cycles;
  }

 private:
  std::size_t cells() const { return std::size_t(rows_) * std::size_t(columns_); }
  std::size_t at(int i, int j) const { return std::size_t(i) * std::size_t(columns_) + j; }

  int rows_, columns_;
  std::vector<std::int64_t> weight_, input_, sum_;
};

struct Simulated {
  std::int64_t cycles = 0;
  bool right = true;  ///< the sums are those of a plain product
};

/// inputs · weights in folds of the grid's size.
Simulated simulate_product(Grid& grid, int rows, int columns, const Matrix& inputs,
                           const Matrix& weights) {
  Simulated result;
  const int depth = int(weights.size()), width = int(weights[0].size());
  for (int j0 = 0; j0 < width; j0 += columns) {
    const int j1 = std::min(j0 + columns, width);
    Matrix out(inputs.size(), std::vector<std::int64_t>(std::size_t(j1 - j0), 0));
    for (int k0 = 0; k0 < depth; k0 += rows) {
      const int k1 = std::min(k0 + rows, depth);
      Matrix part_inputs, part_weights;
      for (const auto& row : inputs) part_inputs.emplace_back(row.begin() + k0, row.begin() + k1);
      for (int k = k0; k < k1; ++k) {
        part_weights.emplace_back(weights[k].begin() + j0, weights[k].begin() + j1);
      }
      result.cycles += grid.multiply(part_inputs, part_weights, out);
    }
    for (std::size_t p = 0; p < inputs.size(); ++p) {
      for (int j = j0; j < j1; ++j) {
        std::int64_t sum = 0;
        for (int k = 0; k < depth; ++k) sum += inputs[p][k] * weights[k][j];
        result.right = result.right && sum == out[p][j - j0];
      }
    }
  }
  return result;
}

Matrix random_matrix(std::mt19937_64& random, int rows, int columns) {
  Matrix m;
  m.resize(std::size_t(rows));
  for (auto& row : m) {
    row.resize(std::size_t(columns));
    for (auto& value : row) value = std::int64_t(random() % 255) - 127;
  }
  return m;
}

/// Depthwise: channels with their own input patches, as many at once as the diagonal holds.
Simulated simulate_depthwise(Grid& grid, std::mt19937_64& random, int rows, int columns,
                             int channels, int taps, int pixels) {
  Simulated result;
  const int diagonal = std::max(1, std::min(rows / taps, columns));
  for (int first = 0; first < channels; first += diagonal) {
    const int count = std::min(diagonal, channels - first);
    const Matrix inputs = random_matrix(random, pixels, count * taps);
    Matrix weights(std::size_t(count * taps), std::vector<std::int64_t>(std::size_t(count), 0));
    for (int c = 0; c < count; ++c) {
      for (int k = 0; k < taps; ++k) weights[c * taps + k][c] = std::int64_t(random() % 255) - 127;
    }
    const Simulated fold = simulate_product(grid, rows, columns, inputs, weights);
    result.cycles += fold.cycles;
    result.right = result.right && fold.right;
  }
  return result;
}

SystolicArray array_of(int rows, int columns) {
  SystolicArray array;
  array.rows = rows;
  array.columns = columns;
  array.clock_mhz = 100;
  array.sram_bytes = 4096;
  array.dma_gb_s = 1;
  return array;
}

TEST_CASE("utilisation is within 2 % of stepping the array cycle by cycle, on 200 layers") {
  std::mt19937_64 random(1);
  const auto draw = [&](int low, int high) {
    return low + int(random() % unsigned(high - low + 1));
  };
  double worst = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const int rows = draw(2, 16), columns = draw(1, 16);
    Grid grid(rows, columns);
    LoopNest nest;
    nest.depthwise = trial % 3 == 0;
    nest.kernel_size = 1 + 2 * draw(0, nest.depthwise ? 2 : 1);
    nest.rows = draw(1, 7);
    nest.columns = draw(1, 7);
    nest.output_channels = draw(1, 24);
    nest.input_channels = nest.depthwise ? 1 : draw(1, 24);
    const int taps = int(nest.kernel_size * nest.kernel_size);
    const int depth = taps * int(nest.input_channels), pixels = int(nest.pixels());
    const Simulated simulated =
        nest.depthwise ? simulate_depthwise(grid, random, rows, columns, int(nest.output_channels),
                                            taps, pixels)
                       : simulate_product(grid, rows, columns, random_matrix(random, pixels, depth),
                                          random_matrix(random, depth, int(nest.output_channels)));
    REQUIRE(simulated.right);
    const double utilisation =
        double(nest.macs()) / (double(simulated.cycles) * double(rows) * double(columns));
    const SystolicCount count = systolic_count(array_of(rows, columns), nest);
    worst = std::max(worst, std::abs(count.utilisation / utilisation - 1));
  }
  CHECK(worst <= 0.02);
  CHECK(worst == doctest::Approx(0));  // the same cycles, in fact
}

TEST_CASE("a full fold takes 2R + C + T - 2 cycles, as SCALE-Sim counts") {
  LoopNest nest;
  nest.output_channels = 32;
  nest.input_channels = 32;
  nest.rows = nest.columns = 14;
  CHECK(systolic_count(array_of(32, 32), nest).cycles == 2 * 32 + 32 + 14 * 14 - 2);
  nest.output_channels = 96;
  nest.input_channels = 64;
  CHECK(systolic_count(array_of(32, 32), nest).cycles == 6 * (2 * 32 + 32 + 14 * 14 - 2));
}

LayerGraph pointwise(int side, int inputs, int outputs) {
  LayerGraph graph;
  graph.tensors = {{{side, side, inputs}, Precision::kInt8},
                   {{side, side, outputs}, Precision::kInt8}};
  graph.inputs = {0};
  graph.outputs = {1};
  Layer conv;
  conv.inputs = {{0, -1}};
  conv.output = 1;
  conv.precision = Precision::kInt8;
  conv.name = "conv";
  graph.layers = {conv};
  return graph;
}

TEST_CASE("activations leave the chip only where they are larger than half of its memory") {
  SystolicArray array = array_of(8, 8);  // 2,048 bytes are half
  const LayerGraph small = pointwise(8, 16, 16), large = pointwise(16, 16, 16);
  const double weights = 16 * 16 + 16 * 8;  // and a bias and a scale per channel
  CHECK(systolic_time(array, small, fuse(small)[0]).memory_us == doctest::Approx(weights * 1e-3));
  // 4,096 bytes of input come twice, for two folds of columns; the output goes once.
  CHECK(systolic_time(array, large, fuse(large)[0]).memory_us ==
        doctest::Approx((weights + 2 * 4096 + 4096) * 1e-3));
  array.weights_resident = true;
  CHECK(systolic_time(array, small, fuse(small)[0]).memory_us == 0);
}

}  // namespace
}  // namespace edgefront
