#include "tests/bench/peers/onednn_network.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "runtime/probe/clock.h"

namespace edgefront::peers {
namespace {

using dnnl::memory;

constexpr std::int64_t kAlignment = 64;

memory::dims dims_of(const Shape& shape) { return {1, shape.channels, shape.height, shape.width}; }

std::int64_t rounded_up(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// Stored [ky][kx][channel] becomes [channel][ky][kx]; [out][ky][kx][in] becomes
/// [out][in][ky][kx]: what oneDNN's reorders with compensation accept.
template <typename T>
std::vector<T> channels_first(const std::vector<T>& stored, OpKind op, int out, int in, int k) {
  std::vector<T> result(stored.size());
  const bool depthwise = op == OpKind::kDepthwiseConv2d;
  std::size_t at = 0;
  for (int o = 0; o < out; ++o) {
    for (int i = 0; i < (depthwise ? 1 : in); ++i) {
      for (int tap = 0; tap < k * k; ++tap) {
        result[at++] = depthwise ? stored[std::size_t(tap) * out + o]
                                 : stored[(std::size_t(o) * k * k + tap) * in + i];
      }
    }
  }
  return result;
}

}  // namespace

std::string OneDnnVariant::text(Precision precision) const {
  std::string result = any_layout ? "format any" : "nhwc";
  if (precision == Precision::kInt8) result += unsigned_activations ? ", u8" : ", s8";
  return result + (fully_connected_as_conv ? ", 1x1 convolutions" : ", inner products");
}

OneDnnNetwork::OneDnnNetwork(const Model& model, const OneDnnVariant& variant)
    : model_(model),
      variant_(variant),
      int8_(model.graph.layers[0].precision == Precision::kInt8),
      engine_(dnnl::engine::kind::cpu, 0),
      stream_(engine_),
      value_of_tensor_(model.graph.tensors.size(), -1) {
  const std::int32_t input = model.graph.inputs[0];
  const Desc nhwc(dims_of(model.graph.tensors[input].shape), type_of(input),
                  memory::format_tag::nhwc);
  value_of_tensor_[input] = new_value(nhwc, scale_of(input, type_of(input)));
  const std::vector<Step> steps = fuse(model.graph);
  steps_ = int(steps.size());
  for (step_ = 0; step_ < steps_; ++step_) add_step(step_, steps[step_]);
  // The answer is read as plain NHWC.
  step_ = steps_ - 1;
  const std::int32_t output = model.graph.outputs[0];
  const Desc plain(dims_of(model.graph.tensors[output].shape), value_of(output).desc.data_type(),
                   memory::format_tag::nhwc);
  value_of_tensor_[output] = value_as(output, plain);
  share_buffers();
}

OneDnnNetwork::Type OneDnnNetwork::type_of(std::int32_t tensor) const {
  if (!int8_) return Type::f32;
  const bool negative = model_.quantization[tensor].zero_point != -128;
  return negative || !variant_.unsigned_activations ? Type::s8 : Type::u8;
}

/// oneDNN without zero points: u8 covers [0, hi], s8 covers [−m, m].
float OneDnnNetwork::scale_of(std::int32_t tensor, Type type) const {
  if (!int8_) return 1;
  const TensorQuantization& q = model_.quantization[tensor];
  const float low = q.scale * static_cast<float>(-128 - q.zero_point);
  const float high = q.scale * static_cast<float>(127 - q.zero_point);
  return type == Type::u8 ? high / 255 : std::max(std::fabs(low), high) / 127;
}

OneDnnNetwork::Desc OneDnnNetwork::activation_desc(std::int32_t tensor, Type type) const {
  return Desc(dims_of(model_.graph.tensors[tensor].shape), type,
              variant_.any_layout ? memory::format_tag::any : memory::format_tag::nhwc);
}

int OneDnnNetwork::new_value(const Desc& desc, float scale) {
  const int now = int(primitives_.size());
  values_.push_back({desc, scale, now, now, -1});
  return int(values_.size()) - 1;
}

int OneDnnNetwork::value_as(std::int32_t id, const Desc& desc) {
  const int from = value_of_tensor_[id];
  const Desc source = values_[from].desc;
  if (source == desc) return from;
  const int to = new_value(desc, values_[from].scale);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const dnnl::reorder::primitive_desc pd(engine_, source, engine_, desc, attr);
  add_primitive(dnnl::reorder(pd), pd.impl_info_str(), pd.scratchpad_desc(),
                {argument(DNNL_ARG_FROM, from, source), argument(DNNL_ARG_TO, to, desc)}, {});
  return to;
}

OneDnnArgument OneDnnNetwork::argument(int argument, int value, const Desc& desc) {
  return {argument, value, memory(desc, engine_, DNNL_MEMORY_NONE)};
}

void OneDnnNetwork::add_primitive(const dnnl::primitive& primitive, const char* name,
                                  const Desc& scratchpad, std::vector<OneDnnArgument> values,
                                  std::unordered_map<int, memory> constants) {
  for (const OneDnnArgument& a : values) {
    int owner = a.value;
    while (values_[owner].alias >= 0) owner = values_[owner].alias;
    values_[owner].last = int(primitives_.size());
    constants.insert({a.argument, a.memory});
  }
  primitives_.push_back({primitive,
                         std::move(constants),
                         {},
                         std::move(values),
                         std::int64_t(scratchpad.get_size()),
                         step_,
                         name});
}

memory OneDnnNetwork::constant(const Desc& desc, const void* data) {
  memory result(desc, engine_);
  std::memcpy(result.get_data_handle(), data, desc.get_size());
  return result;
}

memory OneDnnNetwork::weights_in(const Desc& wanted, const Step& step) {
  const Layer& layer = model_.graph.layers[step.layer];
  const LayerParameters& p = model_.parameters[step.layer];
  const int out = model_.graph.tensors[layer.output].shape.channels;
  const int in = model_.graph.tensors[layer.inputs[0]].shape.channels, k = layer.kernel_size;
  const auto rank = wanted.dims().size();
  const auto tag = rank == 2   ? memory::format_tag::ab
                   : rank == 4 ? memory::format_tag::abcd
                               : memory::format_tag::abcde;
  const Desc plain(wanted.dims(), wanted.data_type(), tag);
  memory source = int8_
                      ? constant(plain, channels_first(p.weights_s8, layer.op, out, in, k).data())
                      : constant(plain, channels_first(p.weights_f32, layer.op, out, in, k).data());
  if (plain == wanted) return source;
  memory packed(wanted, engine_);
  dnnl::reorder(source, packed).execute(stream_, source, packed);
  stream_.wait();
  return packed;
}

memory OneDnnNetwork::bias_of(const Step& step) {
  const LayerParameters& p = model_.parameters[step.layer];
  std::vector<float> bias = p.bias_f32;
  if (int8_) {  // oneDNN adds it to the accumulator, at the scale of its own input
    const float own = model_.quantization[step.input].scale;
    for (const std::int32_t b : p.bias_s32) {
      bias.push_back(static_cast<float>(b) * own / value_of(step.input).scale);
    }
  }
  return constant({{std::int64_t(bias.size())}, Type::f32, memory::format_tag::x}, bias.data());
}

/// Values that do not live at the same time share memory (greedy by size, as our planner), so that
/// a peer's caches are as warm as ours.
std::int64_t OneDnnNetwork::place_values(std::vector<std::int64_t>* offset) {
  std::vector<int> order;
  for (int v = 0; v < int(values_.size()); ++v) {
    if (values_[v].alias < 0) order.push_back(v);
  }
  const auto size = [&](int v) { return rounded_up(std::int64_t(values_[v].desc.get_size())); };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return size(a) > size(b); });
  offset->assign(values_.size(), -1);
  std::int64_t total = 0;
  for (const int v : order) {
    std::int64_t at = 0;
    for (bool moved = true; moved;) {
      moved = false;
      for (const int other : order) {
        const std::int64_t begin = (*offset)[other];
        const bool together =
            values_[other].first <= values_[v].last && values_[v].first <= values_[other].last;
        if (begin < 0 || !together || at >= begin + size(other) || begin >= at + size(v)) continue;
        at = begin + size(other);
        moved = true;
      }
    }
    (*offset)[v] = at;
    total = std::max(total, at + size(v));
  }
  return total;
}

void OneDnnNetwork::share_buffers() {
  values_[value_of_tensor_[model_.graph.outputs[0]]].last = int(primitives_.size());
  std::vector<std::int64_t> offset;
  const std::int64_t total = place_values(&offset);
  std::int64_t scratch = 1;
  for (const OneDnnPrimitive& p : primitives_) scratch = std::max(scratch, p.scratch_bytes);
  arena_.assign(std::size_t(total + rounded_up(scratch) + kAlignment), 0);
  const auto address = reinterpret_cast<std::uintptr_t>(arena_.data());
  char* base = arena_.data() + (kAlignment - address % kAlignment) % kAlignment;
  addresses_.resize(values_.size());
  for (std::size_t v = 0; v < values_.size(); ++v) {
    std::size_t owner = v;
    while (values_[owner].alias >= 0) owner = std::size_t(values_[owner].alias);
    addresses_[v] = base + offset[owner];
  }
  for (OneDnnPrimitive& p : primitives_) {
    for (OneDnnArgument& a : p.values) a.memory.set_data_handle(addresses_[a.value]);
    const Desc desc({std::max<std::int64_t>(p.scratch_bytes, 1)}, Type::u8, memory::format_tag::x);
    p.arguments.insert({DNNL_ARG_SCRATCHPAD, memory(desc, engine_, base + total)});
    for (const auto& [argument, value] : p.arguments) {
      p.plain_arguments.push_back({argument, value.get()});
    }
  }
}

void OneDnnNetwork::write_input(const std::vector<float>& real) {
  const int input = value_of_tensor_[model_.graph.inputs[0]];
  const OneDnnValue& value = values_[input];
  void* to = addresses_[input];
  if (!int8_) {
    std::memcpy(to, real.data(), real.size() * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < real.size(); ++i) {
    static_cast<std::int8_t*>(to)[i] =
        std::int8_t(std::clamp(std::nearbyint(real[i] / value.scale), -128.0f, 127.0f));
  }
}

void OneDnnNetwork::execute(const OneDnnPrimitive& p) {
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(p.primitive.get(), stream_.get(), int(p.plain_arguments.size()),
                             p.plain_arguments.data()),
      "could not execute a primitive");
}

void OneDnnNetwork::run() {
  for (const OneDnnPrimitive& p : primitives_) execute(p);
}

std::vector<double> OneDnnNetwork::run_timed() {
  std::vector<double> us(std::size_t(steps_), 0);
  for (const OneDnnPrimitive& p : primitives_) {
    const std::uint64_t before = ticks_now();
    execute(p);
    us[std::size_t(p.step)] += elapsed_us(ticks_now() - before);
  }
  return us;
}

std::vector<float> OneDnnNetwork::output() {
  const int output = value_of_tensor_[model_.graph.outputs[0]];
  const OneDnnValue& value = values_[output];
  const void* data = addresses_[output];
  const Shape& shape = model_.graph.tensors[model_.graph.outputs[0]].shape;
  std::vector<float> real(std::size_t(shape.elements()));
  for (std::size_t i = 0; i < real.size(); ++i) {
    switch (value.desc.data_type()) {
      case Type::s8:
        real[i] = value.scale * static_cast<const std::int8_t*>(data)[i];
        break;
      case Type::u8:
        real[i] = value.scale * static_cast<const std::uint8_t*>(data)[i];
        break;
      default:
        real[i] = static_cast<const float*>(data)[i];
    }
  }
  return real;
}

std::string OneDnnNetwork::step_name(int step) const {
  std::string name;
  for (const OneDnnPrimitive& p : primitives_) {
    if (p.step == step) name += (name.empty() ? "" : " + ") + p.name;
  }
  return name;
}

}  // namespace edgefront::peers
