#include "runtime/image_input.h"

#include <cmath>
#include <cstring>

#include "runtime/kernels/elementwise.h"
#include "runtime/netpbm.h"

namespace edgefront {
namespace {

enum class ValueKind { kPixels, kReal, kQuantized };

/// An array within the file: `bytes` hold its values in NHWC order.
struct ArrayView {
  ValueKind kind = ValueKind::kPixels;
  const std::uint8_t* bytes = nullptr;
};

std::string shape_text(const std::vector<std::int64_t>& sides) {
  std::string text;
  for (const std::int64_t side : sides) text += (text.empty() ? "" : "x") + std::to_string(side);
  return text.empty() ? "1" : text;
}

std::vector<std::int64_t> sides_of(const Shape& s) { return {s.height, s.width, s.channels}; }

/// Shapes are equal but for sides of 1, wherever they stand.
bool same_shape(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  std::vector<std::int64_t> kept[2];
  for (const std::int64_t side : a) {
    if (side != 1) kept[0].push_back(side);
  }
  for (const std::int64_t side : b) {
    if (side != 1) kept[1].push_back(side);
  }
  return kept[0] == kept[1];
}

Status check_shape(const std::vector<std::int64_t>& have, const Shape& want) {
  if (same_shape(have, sides_of(want))) return {};
  return Status::invalid("shape " + shape_text(have) + ", the model's input is " +
                         shape_text(sides_of(want)));
}

Status read_netpbm(const std::vector<std::uint8_t>& file, const Shape& want, ArrayView* out) {
  NetpbmImage image;
  if (Status s = read_netpbm_header(file.data(), file.size(), &image); !s.ok()) return s;
  if (Status s = check_shape({image.height, image.width, image.channels}, want); !s.ok()) return s;
  const auto have = static_cast<std::int64_t>(file.size() - image.pixels_at);
  if (have < want.elements()) {
    return Status::invalid("truncated: " + std::to_string(have) + " pixel bytes, " +
                           std::to_string(want.elements()) + " are needed");
  }
  *out = {ValueKind::kPixels, file.data() + image.pixels_at};
  return {};
}

// ---- .npy (NEP 1) -------------------------------------------------------------------------------

/// The text after 'key': in the header's dictionary; empty where the key is missing.
std::string npy_value(const std::string& header, const std::string& key) {
  const std::size_t at = header.find("'" + key + "':");
  if (at == std::string::npos) return "";
  const std::size_t begin = header.find_first_not_of(' ', at + key.size() + 3);
  if (begin == std::string::npos) return "";
  const std::size_t end = header.find(header[begin] == '(' ? ')' : ',', begin);
  return header.substr(begin, end == std::string::npos ? end : end - begin);
}

std::vector<std::int64_t> npy_shape(const std::string& value) {
  std::vector<std::int64_t> sides;
  std::size_t digits = 0;
  for (const char c : value) {
    const bool digit = c >= '0' && c <= '9';
    if (digit && digits == 0) sides.push_back(0);
    if (digit && ++digits < 10) sides.back() = sides.back() * 10 + (c - '0');
    if (!digit) digits = 0;
  }
  return sides;
}

Status read_npy(const std::vector<std::uint8_t>& file, const Shape& want, ArrayView* out) {
  // Version 1 has a header length of two bytes, versions 2 and 3 of four.
  const std::size_t length_bytes = file.size() > 6 && file[6] == 1 ? 2 : 4;
  const std::size_t begin = 8 + length_bytes;
  if (file.size() < begin) return Status::invalid("truncated .npy header");
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length |= std::size_t{file[8 + i]} << (8 * i);
  if (length > file.size() - begin) return Status::invalid("truncated .npy header");
  const std::string header(file.begin() + static_cast<std::ptrdiff_t>(begin),
                           file.begin() + static_cast<std::ptrdiff_t>(begin + length));
  const std::string type = npy_value(header, "descr");
  std::int64_t value_bytes = 1;
  if (type == "'|u1'") {
    out->kind = ValueKind::kPixels;
  } else if (type == "'|i1'") {
    out->kind = ValueKind::kQuantized;
  } else if (type == "'<f4'") {
    out->kind = ValueKind::kReal;
    value_bytes = 4;
  } else {
    return Status::invalid(".npy of type " + (type.empty() ? "unknown" : type) +
                           ", accepted are '|u1', '|i1' and '<f4'");
  }
  if (npy_value(header, "fortran_order") != "False") {
    return Status::invalid(".npy in Fortran order, accepted is C order");
  }
  if (Status s = check_shape(npy_shape(npy_value(header, "shape")), want); !s.ok()) return s;
  const auto have = static_cast<std::int64_t>(file.size() - begin - length);
  if (have != want.elements() * value_bytes) {
    return Status::invalid(std::to_string(have) + " bytes of values, expected " +
                           std::to_string(want.elements() * value_bytes));
  }
  out->bytes = file.data() + begin + length;
  return {};
}

Status read_raw(const std::vector<std::uint8_t>& file, const Shape& want, ArrayView* out) {
  const auto size = static_cast<std::int64_t>(file.size());
  if (size != want.elements() && size != 4 * want.elements()) {
    return Status::invalid(std::to_string(size) + " bytes; accepted are PGM, PPM, .npy, or raw " +
                           shape_text(sides_of(want)) + ": " + std::to_string(want.elements()) +
                           " bytes of pixels or " + std::to_string(4 * want.elements()) +
                           " of float32");
  }
  *out = {size == want.elements() ? ValueKind::kPixels : ValueKind::kReal, file.data()};
  return {};
}

// ---- to the tensor ------------------------------------------------------------------------------

std::vector<float> real_values(const ArrayView& array, const Model& model) {
  const Shape& shape = model.graph.tensors[model.graph.inputs[0]].shape;
  std::vector<float> real(static_cast<std::size_t>(shape.elements()));
  if (array.kind == ValueKind::kReal) {
    std::memcpy(real.data(), array.bytes, real.size() * sizeof(float));
    return real;
  }
  const InputNormalization& n = model.normalization;
  for (std::size_t i = 0; i < real.size(); ++i) {
    real[i] = static_cast<float>(array.bytes[i]) / 255.0f;
    if (n.mean.empty()) continue;
    const std::size_t channel = i % static_cast<std::size_t>(shape.channels);
    real[i] = (real[i] - n.mean[channel]) / n.stddev[channel];
  }
  return real;
}

Status to_tensor(const ArrayView& array, const Model& model, std::vector<std::uint8_t>* out) {
  const std::int32_t id = model.graph.inputs[0];
  const Tensor& tensor = model.graph.tensors[id];
  out->resize(static_cast<std::size_t>(tensor.bytes()));
  if (array.kind == ValueKind::kQuantized) {
    if (tensor.precision != Precision::kInt8) {
      return Status::invalid("int8 values for a model whose input is fp32");
    }
    std::memcpy(out->data(), array.bytes, out->size());
    return {};
  }
  const std::vector<float> real = real_values(array, model);
  for (const float value : real) {
    if (!std::isfinite(value)) return Status::invalid("a value is not finite");
  }
  if (tensor.precision == Precision::kFloat32) {
    std::memcpy(out->data(), real.data(), out->size());
    return {};
  }
  const TensorQuantization& q = model.quantization[id];
  quantize_s8(real.data(), reinterpret_cast<std::int8_t*>(out->data()), tensor.shape.elements(),
              q.scale, q.zero_point);
  return {};
}

}  // namespace

Status read_input(const std::vector<std::uint8_t>& file, const std::string& name,
                  const Model& model, std::vector<std::uint8_t>* out) {
  if (model.graph.inputs.size() != 1) {
    return Status::invalid(name + ": the model has " + std::to_string(model.graph.inputs.size()) +
                           " inputs, accepted is one");
  }
  const Shape& want = model.graph.tensors[model.graph.inputs[0]].shape;
  const bool netpbm = is_netpbm(file.data(), file.size());
  const bool npy = file.size() > 6 && std::memcmp(file.data(), "\x93NUMPY", 6) == 0;
  ArrayView array;
  Status status = npy      ? read_npy(file, want, &array)
                  : netpbm ? read_netpbm(file, want, &array)
                           : read_raw(file, want, &array);
  if (status.ok()) status = to_tensor(array, model, out);
  return status.ok() ? status : Status::invalid(name + ": " + status.message());
}

}  // namespace edgefront
