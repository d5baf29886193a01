// Whatever numbers and texts an HDF5 file of somebody else holds: tables of benchmarks, weights of
// published predictors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace edgefront {

/// One dataset, row-major. Either `numbers` or `texts` has as many values as the shape says.
struct Hdf5Array {
  std::string name;  ///< path in the file without the first slash, "layer0/weight"
  std::vector<std::int64_t> shape;
  std::vector<double> numbers;
  std::vector<std::string> texts;

  std::size_t size() const { return numbers.empty() ? texts.size() : numbers.size(); }
};

/// All datasets of integers, floats or strings with at most 2^28 values together, in the order of
/// their names; others are left out. Throws InputError for a file that is missing or no HDF5, and
/// for an array that claims more. The HDF5 library may crash on a corrupt file: it is for files
/// that their user trusts.
std::vector<Hdf5Array> load_hdf5_arrays(const std::string& path);

/// The array of this name; throws InputError that lists what `file` has.
const Hdf5Array& array_named(const std::vector<Hdf5Array>& arrays, const std::string& name,
                             const std::string& file);

}  // namespace edgefront
