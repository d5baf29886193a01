#include "hwprofiles/hdf5_tables.h"

#include <hdf5.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kAttributeLimit = 32 * 1024;  // compact attributes end at 64 KiB

/// Closes an HDF5 identifier; a negative one is our bug or no memory, not the user's mistake.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t), const std::string& what) : id_(id), close_(close) {
    if (id < 0) throw InputError("HDF5: cannot open or make " + what);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// The library prints its error stack to stderr unless told not to.
class Quiet {
 public:
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

void check(herr_t status, const std::string& what) {
  if (status < 0) throw InputError("HDF5: cannot read or write " + what);
}

Handle string_type(std::size_t length) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "a string type");
  check(H5Tset_size(type, std::max<std::size_t>(length, 1)), "a string type");
  check(H5Tset_strpad(type, H5T_STR_NULLPAD), "a string type");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "a string type");
  return type;
}

std::size_t checked_length(const std::string& text, const std::string& where) {
  if (text.find('\0') != std::string::npos) {
    throw InputError("HDF5: " + where + " holds a zero byte");
  }
  return text.size();
}

/// Fixed-length rows, zero-padded.
std::vector<char> padded(const std::vector<std::string>& texts, std::size_t length) {
  std::vector<char> rows(texts.size() * length, '\0');
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::memcpy(rows.data() + i * length, texts[i].data(), texts[i].size());
  }
  return rows;
}

std::size_t longest(const std::vector<std::string>& texts, const std::string& where) {
  std::size_t length = 1;
  for (const auto& text : texts) length = std::max(length, checked_length(text, where));
  return length;
}

// ---- writing --------------------------------------------------------------------------------

void write_attribute(hid_t object, const std::string& name, hid_t file_type, hid_t memory_type,
                     const void* value) {
  Handle space(H5Screate(H5S_SCALAR), H5Sclose, name);
  Handle attribute(H5Acreate2(object, name.c_str(), file_type, space, H5P_DEFAULT, H5P_DEFAULT),
                   H5Aclose, name);
  check(H5Awrite(attribute, memory_type, value), name);
}

void write_attribute(hid_t object, const std::string& name, const Hdf5Value& value) {
  if (const auto* real = std::get_if<double>(&value)) {
    write_attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, real);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    write_attribute(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, integer);
  } else {
    const auto& text = std::get<std::string>(value);
    if (checked_length(text, name) > kAttributeLimit) {
      throw InputError("HDF5: attribute " + name + " is longer than 32 KiB");
    }
    const Handle type = string_type(text.size());
    const std::vector<char> row = padded({text}, std::max<std::size_t>(text.size(), 1));
    write_attribute(object, name, type, type, row.data());
  }
}

void write_column(hid_t group, const std::string& name, hid_t file_type, hid_t memory_type,
                  std::size_t rows, const void* values) {
  const hsize_t extent = rows;
  Handle space(H5Screate_simple(1, &extent, nullptr), H5Sclose, name);
  Handle options(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, name);
  check(H5Pset_obj_track_times(options, false), name);
  Handle data(H5Dcreate2(group, name.c_str(), file_type, space, H5P_DEFAULT, options, H5P_DEFAULT),
              H5Dclose, name);
  if (rows > 0) check(H5Dwrite(data, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
}

void write_column(hid_t group, const std::string& name, const Hdf5Column& column) {
  if (const auto* reals = std::get_if<std::vector<double>>(&column)) {
    write_column(group, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, reals->size(), reals->data());
  } else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&column)) {
    write_column(group, name, H5T_STD_I64LE, H5T_NATIVE_INT64, integers->size(), integers->data());
  } else {
    const auto& texts = std::get<std::vector<std::string>>(column);
    const std::size_t length = longest(texts, name);
    const Handle type = string_type(length);
    write_column(group, name, type, type, texts.size(), padded(texts, length).data());
  }
}

void write_table(hid_t object, const Hdf5Table& table) {
  for (const auto& [name, value] : table.attributes) write_attribute(object, name, value);
  for (const auto& [name, column] : table.columns) write_column(object, name, column);
}

/// The library leaves the user block out of the image; it is put before it again, as zeros.
std::vector<std::uint8_t> image_of(hid_t file, std::size_t user_block_bytes) {
  check(H5Fflush(file, H5F_SCOPE_GLOBAL), "the file image");
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  if (size <= 0) throw InputError("HDF5: cannot read or write the file image");
  std::vector<std::uint8_t> bytes(user_block_bytes + static_cast<std::size_t>(size));
  if (H5Fget_file_image(file, bytes.data() + user_block_bytes, static_cast<std::size_t>(size)) !=
      size) {
    throw InputError("HDF5: cannot read or write the file image");
  }
  return bytes;
}

// ---- reading --------------------------------------------------------------------------------

/// The file type must be of the schema's class; numbers convert losslessly from their file form.
void expect_class(hid_t type, H5T_class_t wanted, std::size_t size, const std::string& name) {
  const bool fits = H5Tget_class(type) == wanted && (size == 0 || H5Tget_size(type) == size) &&
                    (wanted != H5T_STRING || H5Tis_variable_str(type) == 0);
  if (!fits) throw InputError("HDF5: " + name + " has another type than the schema says");
}

std::vector<std::string> split_rows(const std::vector<char>& rows, std::size_t length,
                                    std::size_t count) {
  std::vector<std::string> texts(count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* row = rows.data() + i * length;
    texts[i].assign(row, strnlen(row, length));
  }
  return texts;
}

Hdf5Value read_attribute(hid_t object, const std::string& name, const Hdf5Value& kind) {
  Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "attribute " + name);
  Handle space(H5Aget_space(attribute), H5Sclose, name);
  if (H5Sget_simple_extent_npoints(space) != 1) {
    throw InputError("HDF5: attribute " + name + " is not a single value");
  }
  Handle type(H5Aget_type(attribute), H5Tclose, name);
  if (std::holds_alternative<double>(kind)) {
    expect_class(type, H5T_FLOAT, 8, name);
    double value = 0;
    check(H5Aread(attribute, H5T_NATIVE_DOUBLE, &value), name);
    return value;
  }
  if (std::holds_alternative<std::int64_t>(kind)) {
    expect_class(type, H5T_INTEGER, 8, name);
    std::int64_t value = 0;
    check(H5Aread(attribute, H5T_NATIVE_INT64, &value), name);
    return value;
  }
  expect_class(type, H5T_STRING, 0, name);
  const std::size_t length = H5Tget_size(type);
  std::vector<char> row(length);
  check(H5Aread(attribute, type, row.data()), name);
  return split_rows(row, length, 1)[0];
}

/// Rows of a one-dimensional data set that the file is really long enough for.
std::size_t row_count(hid_t data, hid_t type, std::size_t file_bytes, const std::string& name) {
  Handle space(H5Dget_space(data), H5Sclose, name);
  hsize_t rows = 0;
  if (H5Sget_simple_extent_ndims(space) != 1 ||
      H5Sget_simple_extent_dims(space, &rows, nullptr) != 1) {
    throw InputError("HDF5: column " + name + " is not one-dimensional");
  }
  const std::size_t width = H5Tget_size(type);
  if (width == 0 || rows > file_bytes / width) {
    throw InputError("HDF5: column " + name + " claims more rows than the file has bytes");
  }
  return static_cast<std::size_t>(rows);
}

Hdf5Column read_column(hid_t group, const std::string& name, const Hdf5Column& kind,
                       std::size_t file_bytes) {
  Handle data(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose, "column " + name);
  Handle type(H5Dget_type(data), H5Tclose, name);
  const std::size_t rows = row_count(data, type, file_bytes, name);
  const auto read = [&](hid_t memory_type, void* out) {
    if (rows > 0) check(H5Dread(data, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out), name);
  };
  if (std::holds_alternative<std::vector<double>>(kind)) {
    expect_class(type, H5T_FLOAT, 8, name);
    std::vector<double> values(rows);
    read(H5T_NATIVE_DOUBLE, values.data());
    return values;
  }
  if (std::holds_alternative<std::vector<std::int64_t>>(kind)) {
    expect_class(type, H5T_INTEGER, 8, name);
    std::vector<std::int64_t> values(rows);
    read(H5T_NATIVE_INT64, values.data());
    return values;
  }
  expect_class(type, H5T_STRING, 0, name);
  const std::size_t length = H5Tget_size(type);
  std::vector<char> text(rows * length);
  read(type, text.data());
  return split_rows(text, length, rows);
}

std::size_t rows_of(const Hdf5Column& column) {
  return std::visit([](const auto& values) { return values.size(); }, column);
}

Hdf5Table read_table(hid_t object, const Hdf5Table& schema, std::size_t file_bytes,
                     const std::string& table_name) {
  Hdf5Table table;
  for (const auto& [name, kind] : schema.attributes) {
    table.attributes[name] = read_attribute(object, name, kind);
  }
  for (const auto& [name, kind] : schema.columns) {
    table.columns[name] = read_column(object, name, kind, file_bytes);
    if (rows_of(table.columns[name]) != rows_of(table.columns.begin()->second)) {
      throw InputError("HDF5: the columns of " + table_name + " differ in length");
    }
  }
  return table;
}

}  // namespace

std::vector<std::uint8_t> write_hdf5(const Hdf5Tables& tables, std::size_t user_block_bytes) {
  Quiet quiet;
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "the file image");
  check(H5Pset_fapl_core(access, 64 * 1024, false), "the file image");
  Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "the file image");
  check(H5Pset_userblock(creation, user_block_bytes), "the user block");
  check(H5Pset_obj_track_times(creation, false), "the file image");
  Handle file(H5Fcreate("profile", H5F_ACC_TRUNC, creation, access), H5Fclose, "the file image");
  Handle group_options(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "a group");
  check(H5Pset_obj_track_times(group_options, false), "a group");
  for (const auto& [name, table] : tables) {
    if (name.empty()) {
      Handle root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, "the root group");
      write_table(root, table);
      continue;
    }
    Handle group(H5Gcreate2(file, name.c_str(), H5P_DEFAULT, group_options, H5P_DEFAULT), H5Gclose,
                 "group " + name);
    write_table(group, table);
  }
  return image_of(file, user_block_bytes);
}

Hdf5Tables read_hdf5(std::span<const std::uint8_t> bytes, const Hdf5Tables& schema) {
  Quiet quiet;
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "the file image");
  check(H5Pset_fapl_core(access, 64 * 1024, false), "the file image");
  check(H5Pset_file_image(access, const_cast<std::uint8_t*>(bytes.data()), bytes.size()),
        "the file image");
  Handle file(H5Fopen("profile", H5F_ACC_RDONLY, access), H5Fclose, "the file image");
  Hdf5Tables tables;
  for (const auto& [name, table] : schema) {
    Handle group(H5Gopen2(file, name.empty() ? "/" : name.c_str(), H5P_DEFAULT), H5Gclose,
                 "group " + name);
    tables[name] = read_table(group, table, bytes.size(), name);
  }
  return tables;
}

}  // namespace edgefront
