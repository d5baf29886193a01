#include "runtime/model_file.h"

#include <algorithm>
#include <cstring>

#include "model_generated.h"
#include "runtime/file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace edgefront {
namespace {

// The header; docs/efm_format.md. All numbers little-endian.
constexpr std::size_t kHeaderBytes = 64;
constexpr char kMagic[4] = {'E', 'F', 'M', '1'};
constexpr std::size_t kVersionAt = 4, kLengthAt = 8, kDigestAt = 16, kPayloadLengthAt = 32,
                      kSignatureLengthAt = 40, kReservedAt = 48;
constexpr std::size_t kDigestBytes = 16;
constexpr std::uint64_t kMaxSignatureBytes = 65536;

// Counts that a reader accepts before it reserves memory for them.
constexpr std::size_t kMaxLayers = 65536, kMaxTensors = 2 * kMaxLayers, kMaxNames = 65536,
                      kMaxProbes = 4096, kMaxText = 256;

void put(std::uint8_t* at, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t get(const std::uint8_t* at, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= std::uint64_t{at[i]} << (8 * i);
  return value;
}

/// XXH3-128 of all bytes of the file but the digest's own.
XXH128_canonical_t digest_of(const std::uint8_t* bytes, std::size_t size) {
  XXH3_state_t state;
  XXH3_INITSTATE(&state);
  XXH3_128bits_reset(&state);
  XXH3_128bits_update(&state, bytes, kDigestAt);
  XXH3_128bits_update(&state, bytes + kDigestAt + kDigestBytes, size - kDigestAt - kDigestBytes);
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state));
  return canonical;
}

// ---- writing ------------------------------------------------------------------------------------

using Builder = flatbuffers::FlatBufferBuilder;

/// An empty vector is written as an absent field, so that there is one spelling.
template <typename T>
flatbuffers::Offset<flatbuffers::Vector<T>> pack_vector(Builder& b, const std::vector<T>& values) {
  return values.empty() ? flatbuffers::Offset<flatbuffers::Vector<T>>() : b.CreateVector(values);
}

flatbuffers::Offset<flatbuffers::String> pack_text(Builder& b, const std::string& text) {
  return text.empty() ? flatbuffers::Offset<flatbuffers::String>() : b.CreateString(text);
}

flatbuffers::Offset<efm::Layer> pack_layer(Builder& b, const Layer& layer,
                                           const LayerParameters& p) {
  const int operands = layer.inputs[1] < 0 ? 1 : 2;
  const auto inputs = b.CreateVector(layer.inputs.data(), static_cast<std::size_t>(operands));
  const auto name = pack_text(b, layer.name);
  const auto weights_f32 = pack_vector(b, p.weights_f32);
  const auto bias_f32 = pack_vector(b, p.bias_f32);
  const auto weights_s8 = pack_vector(b, p.weights_s8);
  const auto bias_s32 = pack_vector(b, p.bias_s32);
  const auto weight_scales = pack_vector(b, p.weight_scales);
  const auto table = pack_vector(b, p.table);
  return efm::CreateLayer(b, static_cast<std::uint8_t>(layer.op), inputs, layer.output,
                          layer.kernel_size, layer.stride, layer.block,
                          static_cast<std::uint8_t>(layer.precision), name, weights_f32, bias_f32,
                          weights_s8, bias_s32, weight_scales, table);
}

flatbuffers::Offset<efm::Model> pack_model(Builder& b, const Model& model) {
  std::vector<flatbuffers::Offset<efm::Tensor>> tensors;
  for (std::size_t i = 0; i < model.graph.tensors.size(); ++i) {
    const Tensor& t = model.graph.tensors[i];
    const TensorQuantization& q = model.quantization[i];
    tensors.push_back(efm::CreateTensor(b, t.shape.height, t.shape.width, t.shape.channels,
                                        static_cast<std::uint8_t>(t.precision), q.scale,
                                        q.zero_point));
  }
  std::vector<flatbuffers::Offset<efm::Layer>> layers;
  for (std::size_t i = 0; i < model.graph.layers.size(); ++i) {
    layers.push_back(pack_layer(b, model.graph.layers[i], model.parameters[i]));
  }
  std::vector<flatbuffers::Offset<flatbuffers::String>> class_names;
  for (const std::string& name : model.class_names) class_names.push_back(b.CreateString(name));
  std::vector<flatbuffers::Offset<efm::Probe>> probes;
  for (const ProbeSample& probe : model.probes) {
    const auto input = pack_vector(b, probe.input);
    probes.push_back(efm::CreateProbe(b, input, pack_vector(b, probe.expected)));
  }
  std::vector<flatbuffers::Offset<efm::Pair>> metadata;
  for (const auto& [name, value] : model.metadata) {
    const auto packed_name = pack_text(b, name);
    metadata.push_back(efm::CreatePair(b, packed_name, pack_text(b, value)));
  }
  // One statement each: the order of evaluation of arguments is the compiler's, and would be that
  // of the bytes.
  const auto tensors_at = pack_vector(b, tensors);
  const auto layers_at = pack_vector(b, layers);
  const auto inputs_at = pack_vector(b, model.graph.inputs);
  const auto outputs_at = pack_vector(b, model.graph.outputs);
  const auto mean_at = pack_vector(b, model.normalization.mean);
  const auto stddev_at = pack_vector(b, model.normalization.stddev);
  const auto class_names_at = pack_vector(b, class_names);
  const auto probes_at = pack_vector(b, probes);
  const auto metadata_at = pack_vector(b, metadata);
  const auto kernel_set_at = pack_text(b, model.kernel_set);
  std::vector<flatbuffers::Offset<efm::BlockChoice>> choices;
  for (const PathChoice& choice : model.block_choices) {
    const auto name = b.CreateString("path");
    const auto value = b.CreateString(choice.path == BlockPath::kBanded ? "bands" : "layers");
    choices.push_back(efm::CreateBlockChoice(b, choice.block, name, value));
  }
  const auto choices_at = pack_vector(b, choices);
  return efm::CreateModel(b, tensors_at, layers_at, inputs_at, outputs_at, mean_at, stddev_at,
                          class_names_at, probes_at, metadata_at, kernel_set_at, choices_at,
                          model.patch_layers);
}

// ---- reading ------------------------------------------------------------------------------------

/// Copies fields out of a verified buffer. FlatBuffers lets several fields share one vector, so a
/// small file could ask for any amount of memory; what is copied is charged against the payload's
/// size, which a file without sharing never exceeds.
class Unpacker {
 public:
  explicit Unpacker(std::size_t budget) : budget_(static_cast<std::int64_t>(budget)) {}

  template <typename T>
  void vector(const flatbuffers::Vector<T>* from, std::vector<T>* to) {
    if (from == nullptr || !charge(from->size() * sizeof(T))) return;
    to->assign(from->begin(), from->end());
  }
  /// A name or label: at most 256 bytes, no control characters (it ends up in one-line messages).
  void label(const flatbuffers::String* from, const char* field, std::string* to) {
    text(from, to);
    const bool plain = std::none_of(to->begin(), to->end(), [](char c) {
      return static_cast<unsigned char>(c) < 32 || c == 127;
    });
    if (!plain || to->size() > kMaxText) {
      fail(std::string(field) + " is longer than 256 bytes or has control characters");
    }
  }
  void text(const flatbuffers::String* from, std::string* to) {
    if (from == nullptr || !charge(from->size())) return;
    to->assign(from->data(), from->size());
  }
  /// Number of tables in a vector, 0 where it is absent or too long.
  template <typename T>
  std::size_t count(const flatbuffers::Vector<T>* from, std::size_t most, const char* field) {
    if (from == nullptr || !charge(4 * std::size_t{from->size()})) return 0;
    if (from->size() > most) {
      fail(std::to_string(from->size()) + " " + field + ", accepted are at most " +
           std::to_string(most));
      return 0;
    }
    return from->size();
  }
  void fail(std::string message) {
    if (status_.ok()) status_ = Status::invalid(std::move(message));
  }
  bool ok() const { return status_.ok(); }
  const Status& status() const { return status_; }

 private:
  bool charge(std::size_t bytes) {
    budget_ -= static_cast<std::int64_t>(bytes);
    if (budget_ < 0) fail("fields overlap: together they are larger than the file");
    return budget_ >= 0;
  }
  std::int64_t budget_;
  Status status_;
};

Precision precision_of(std::uint8_t value, Unpacker& u) {
  if (value > 1) u.fail("precision " + std::to_string(value) + ", accepted are 0 and 1");
  return value == 1 ? Precision::kInt8 : Precision::kFloat32;
}

void unpack_layer(const efm::Layer& from, Unpacker& u, Layer* layer, LayerParameters* p) {
  u.label(from.name(), "a layer's name", &layer->name);
  if (from.op() > static_cast<std::uint8_t>(OpKind::kDequantize)) {
    u.fail("layer '" + layer->name + "': operator " + std::to_string(from.op()) +
           ", accepted are 0 to 11");
    return;
  }
  layer->op = static_cast<OpKind>(from.op());
  std::vector<std::int32_t> inputs;
  u.vector(from.inputs(), &inputs);
  if (inputs.empty() || inputs.size() > 2) {
    u.fail("layer '" + layer->name + "' has " + std::to_string(inputs.size()) +
           " inputs, accepted are 1 and 2");
    return;
  }
  std::copy(inputs.begin(), inputs.end(), layer->inputs.begin());
  layer->output = from.output();
  layer->kernel_size = from.kernel_size();
  layer->stride = from.stride();
  layer->block = from.block();
  layer->precision = precision_of(from.precision(), u);
  u.vector(from.weights_f32(), &p->weights_f32);
  u.vector(from.bias_f32(), &p->bias_f32);
  u.vector(from.weights_s8(), &p->weights_s8);
  u.vector(from.bias_s32(), &p->bias_s32);
  u.vector(from.weight_scales(), &p->weight_scales);
  u.vector(from.table(), &p->table);
}

void unpack_graph(const efm::Model& from, Unpacker& u, Model* model) {
  const std::size_t tensors = u.count(from.tensors(), kMaxTensors, "tensors");
  for (std::size_t i = 0; i < tensors && u.ok(); ++i) {
    const efm::Tensor& t = *from.tensors()->Get(static_cast<flatbuffers::uoffset_t>(i));
    model->graph.tensors.push_back(
        {{t.height(), t.width(), t.channels()}, precision_of(t.precision(), u)});
    model->quantization.push_back({t.scale(), t.zero_point()});
  }
  const std::size_t layers = u.count(from.layers(), kMaxLayers, "layers");
  model->graph.layers.resize(layers);
  model->parameters.resize(layers);
  for (std::size_t i = 0; i < layers && u.ok(); ++i) {
    unpack_layer(*from.layers()->Get(static_cast<flatbuffers::uoffset_t>(i)), u,
                 &model->graph.layers[i], &model->parameters[i]);
  }
  u.vector(from.inputs(), &model->graph.inputs);
  u.vector(from.outputs(), &model->graph.outputs);
}

void unpack_paths(const efm::Model& from, Unpacker& u, Model* model) {
  const std::size_t choices = u.count(from.block_choices(), kMaxLayers, "block choices");
  for (std::size_t i = 0; i < choices && u.ok(); ++i) {
    const auto& choice = *from.block_choices()->Get(static_cast<flatbuffers::uoffset_t>(i));
    std::string name, value;
    u.label(choice.name(), "a block choice's name", &name);
    u.label(choice.value(), "a block choice's value", &value);
    if (name != "path" || (value != "layers" && value != "bands")) {
      u.fail("block choice '" + name + "' is '" + value + "', accepted is path: layers or bands");
    }
    const BlockPath path = value == "bands" ? BlockPath::kBanded : BlockPath::kLayers;
    model->block_choices.push_back({choice.block(), path});
  }
  model->patch_layers = from.patch_layers();
}

void unpack_attachments(const efm::Model& from, Unpacker& u, Model* model) {
  u.vector(from.mean(), &model->normalization.mean);
  u.vector(from.stddev(), &model->normalization.stddev);
  model->class_names.resize(u.count(from.class_names(), kMaxNames, "class names"));
  for (std::size_t i = 0; i < model->class_names.size() && u.ok(); ++i) {
    u.label(from.class_names()->Get(static_cast<flatbuffers::uoffset_t>(i)), "a class name",
            &model->class_names[i]);
  }
  model->probes.resize(u.count(from.probes(), kMaxProbes, "probes"));
  for (std::size_t i = 0; i < model->probes.size() && u.ok(); ++i) {
    const efm::Probe& probe = *from.probes()->Get(static_cast<flatbuffers::uoffset_t>(i));
    u.vector(probe.input(), &model->probes[i].input);
    u.vector(probe.expected(), &model->probes[i].expected);
  }
  model->metadata.resize(u.count(from.metadata(), kMaxNames, "metadata entries"));
  for (std::size_t i = 0; i < model->metadata.size() && u.ok(); ++i) {
    const efm::Pair& pair = *from.metadata()->Get(static_cast<flatbuffers::uoffset_t>(i));
    u.label(pair.name(), "a metadata name", &model->metadata[i].first);
    u.text(pair.value(), &model->metadata[i].second);
  }
  u.label(from.kernel_set(), "the kernel set's name", &model->kernel_set);
}

Status check_header(const std::uint8_t* bytes, std::size_t size) {
  if (size < kHeaderBytes) {
    return Status::invalid("truncated: " + std::to_string(size) + " bytes, the header alone has " +
                           std::to_string(kHeaderBytes));
  }
  if (std::memcmp(bytes, kMagic, sizeof kMagic) != 0) {
    return Status::invalid("not an .efm file (it does not begin with EFM1)");
  }
  const std::uint64_t version = get(bytes + kVersionAt, 4);
  if (version != kModelFileVersion) {
    return Status::invalid(".efm version " + std::to_string(version) + ", accepted is " +
                           std::to_string(kModelFileVersion));
  }
  const std::uint64_t length = get(bytes + kLengthAt, 8);
  if (length != size) {
    return Status::invalid(std::string(length > size ? "truncated" : "too long") +
                           ": its header says " + std::to_string(length) + " bytes, there are " +
                           std::to_string(size));
  }
  if (std::memcmp(digest_of(bytes, size).digest, bytes + kDigestAt, kDigestBytes) != 0) {
    return Status::invalid("corrupt: the digest in its header is not that of its bytes");
  }
  const std::uint64_t payload = get(bytes + kPayloadLengthAt, 8);
  const std::uint64_t signature = get(bytes + kSignatureLengthAt, 8);
  if (signature > kMaxSignatureBytes || payload != size - kHeaderBytes - signature ||
      size - kHeaderBytes < signature || payload >= FLATBUFFERS_MAX_BUFFER_SIZE) {
    return Status::invalid("its header says " + std::to_string(payload) + " bytes of payload and " +
                           std::to_string(signature) +
                           " of signature, which do not fit its length");
  }
  return {};
}

Status decode_payload(const std::uint8_t* bytes, std::size_t size, Model* out) {
  // A copy, because the reader needs aligned numbers and `bytes` may lie anywhere.
  const std::vector<std::uint8_t> payload(bytes, bytes + size);
  flatbuffers::Verifier verifier(payload.data(), payload.size());
  if (!efm::VerifyModelBuffer(verifier)) {
    return Status::invalid("its payload is no valid FlatBuffers message");
  }
  Unpacker u(payload.size());
  Model model;
  const efm::Model& root = *efm::GetModel(payload.data());
  unpack_graph(root, u, &model);
  if (u.ok()) unpack_attachments(root, u, &model);
  if (u.ok()) unpack_paths(root, u, &model);
  if (!u.ok()) return u.status();
  if (Status s = validate(model); !s.ok()) return s;
  *out = std::move(model);
  return {};
}

}  // namespace

std::vector<std::uint8_t> encode_model(const Model& model) {
  Builder builder;
  builder.Finish(pack_model(builder, model));
  const std::size_t payload = builder.GetSize();
  std::vector<std::uint8_t> file(kHeaderBytes + payload);
  std::memcpy(file.data(), kMagic, sizeof kMagic);
  put(&file[kVersionAt], kModelFileVersion, 4);
  put(&file[kLengthAt], file.size(), 8);
  put(&file[kPayloadLengthAt], payload, 8);
  put(&file[kSignatureLengthAt], 0, 8);
  put(&file[kReservedAt], 0, 8);
  std::memcpy(file.data() + kHeaderBytes, builder.GetBufferPointer(), payload);
  const XXH128_canonical_t digest = digest_of(file.data(), file.size());
  std::memcpy(&file[kDigestAt], digest.digest, kDigestBytes);
  return file;
}

Status decode_model(const std::uint8_t* bytes, std::size_t size, const std::string& name,
                    Model* out) {
  Status status = check_header(bytes, size);
  if (status.ok()) {
    const std::size_t payload = static_cast<std::size_t>(get(bytes + kPayloadLengthAt, 8));
    status = decode_payload(bytes + kHeaderBytes, payload, out);
  }
  return status.ok() ? status : Status::invalid(name + ": " + status.message());
}

Status write_model_file(const Model& model, const std::string& path) {
  // FlatBuffers offsets have 31 bits; a quarter of that leaves room for everything else.
  const std::int64_t most = std::int64_t{1} << 29;
  Status status = validate(model);
  if (status.ok() && weights_bytes(model) > most) {
    status = Status::invalid(std::to_string(weights_bytes(model)) +
                             " bytes of weights, accepted are at most " + std::to_string(most));
  }
  if (!status.ok()) return Status::invalid(path + ": " + status.message());
  const std::vector<std::uint8_t> file = encode_model(model);
  // What is written can be read: labels and counts have bounds that only the reader knows.
  Model read_back;
  if (Status s = decode_model(file.data(), file.size(), path, &read_back); !s.ok()) return s;
  return write_file_atomic(path, file.data(), file.size());
}

Status read_model_file(const std::string& path, Model* out) {
  std::vector<std::uint8_t> file;
  if (Status s = read_file(path, &file); !s.ok()) return s;
  return decode_model(file.data(), file.size(), path, out);
}

}  // namespace edgefront
