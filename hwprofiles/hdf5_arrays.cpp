#include "hwprofiles/hdf5_arrays.h"

#include <hdf5.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::int64_t kMaxValues = std::int64_t{1} << 28;

/// Closes what it holds; negative: could not be opened.
struct Held {
  hid_t id;
  herr_t (*close)(hid_t);
  Held(hid_t opened, herr_t (*closer)(hid_t)) : id(opened), close(closer) {}
  ~Held() {
    if (id >= 0) close(id);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  operator hid_t() const { return id; }
};

struct Reader {
  std::string path;
  std::vector<Hdf5Array> arrays;
  std::int64_t values = 0;
  std::string failure;
};

std::vector<std::string> read_texts(hid_t data, hid_t type, hid_t space, std::size_t count) {
  std::vector<std::string> texts(count);
  if (H5Tis_variable_str(type) > 0) {
    Held memory(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    std::vector<char*> rows(count, nullptr);
    if (H5Dread(data, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()) < 0) return {};
    for (std::size_t i = 0; i < count; ++i) texts[i] = rows[i] ? rows[i] : "";
    H5Dvlen_reclaim(memory, space, H5P_DEFAULT, rows.data());
    return texts;
  }
  const std::size_t length = H5Tget_size(type);
  std::vector<char> rows(count * length);
  if (H5Dread(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data()) < 0) return {};
  for (std::size_t i = 0; i < count; ++i) {
    texts[i].assign(rows.data() + i * length, strnlen(rows.data() + i * length, length));
  }
  return texts;
}

/// "" or what is wrong. Types without numbers or texts are passed over.
std::string read_array(hid_t root, const char* name, Reader& reader) {
  Held data(H5Dopen2(root, name, H5P_DEFAULT), H5Dclose);
  if (data < 0) return "cannot be opened";
  Held type(H5Dget_type(data), H5Tclose);
  Held space(H5Dget_space(data), H5Sclose);
  const H5T_class_t kind = H5Tget_class(type);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_STRING) return "";
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0 || rank > 8) return "has no plain shape";
  hsize_t shape[8] = {};
  H5Sget_simple_extent_dims(space, shape, nullptr);
  Hdf5Array array;
  array.name = name;
  std::int64_t count = 1;
  for (int d = 0; d < rank; ++d) {
    if (shape[d] > static_cast<hsize_t>(kMaxValues)) return "is too large";
    count *= static_cast<std::int64_t>(shape[d]);
    if (count > kMaxValues) return "is too large";
    array.shape.push_back(static_cast<std::int64_t>(shape[d]));
  }
  const std::int64_t weight =
      kind == H5T_STRING ? static_cast<std::int64_t>(H5Tget_size(type)) / 8 + 1 : 1;
  if (weight > kMaxValues || count * weight > kMaxValues - reader.values) return "is too large";
  reader.values += count * weight;
  if (count == 0) return "";
  if (kind == H5T_STRING) {
    array.texts = read_texts(data, type, space, static_cast<std::size_t>(count));
    if (array.texts.empty()) return "cannot be read";
  } else {
    array.numbers.resize(static_cast<std::size_t>(count));
    if (H5Dread(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.numbers.data()) < 0) {
      return "cannot be read";
    }
  }
  reader.arrays.push_back(std::move(array));
  return "";
}

/// For H5Ovisit: no exception may pass through the library.
herr_t visit(hid_t root, const char* name, const H5O_info_t* info, void* context) {
  Reader& reader = *static_cast<Reader*>(context);
  if (info->type != H5O_TYPE_DATASET) return 0;
  try {
    const std::string wrong = read_array(root, name, reader);
    if (wrong.empty()) return 0;
    reader.failure = "dataset " + std::string(name) + " " + wrong;
  } catch (const std::exception& error) {
    reader.failure = "dataset " + std::string(name) + ": " + error.what();
  }
  return -1;
}

}  // namespace

std::vector<Hdf5Array> load_hdf5_arrays(const std::string& path) {
  if (!std::filesystem::is_regular_file(path)) throw InputError(path + ": no such file");
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // the library prints unless told not to
  Held file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (file < 0) throw InputError(path + ": is not a readable HDF5 file");
  Reader reader;
  reader.path = path;
  const herr_t status = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, visit, &reader, H5O_INFO_BASIC);
  if (!reader.failure.empty()) throw InputError(path + ": " + reader.failure);
  if (status < 0) throw InputError(path + ": cannot be walked through");
  std::sort(reader.arrays.begin(), reader.arrays.end(),
            [](const Hdf5Array& a, const Hdf5Array& b) { return a.name < b.name; });
  return reader.arrays;
}

const Hdf5Array& array_named(const std::vector<Hdf5Array>& arrays, const std::string& name,
                             const std::string& file) {
  std::string names;
  for (const Hdf5Array& array : arrays) {
    if (array.name == name) return array;
    names += (names.empty() ? "" : ", ") + array.name;
  }
  throw InputError(file + ": has no dataset " + name + "; it has: " + names);
}

}  // namespace edgefront
