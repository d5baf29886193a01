// A network as a list of oneDNN primitives: one per fused step of ours, with activation and
// residual add as post-ops, weights reordered once, and reorders between steps where layouts
// differ.
#pragma once

#include <dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/fuse.h"
#include "tests/bench/peers/engine.h"

namespace edgefront::peers {

/// Choices that oneDNN leaves to its user; the engine takes the fastest combination.
struct OneDnnVariant {
  bool any_layout = true;            ///< activations in format_tag::any, else NHWC throughout
  bool unsigned_activations = true;  ///< int8: u8 where values are not negative, else s8 everywhere
  bool fully_connected_as_conv = false;
  std::string text(Precision precision) const;
};

/// A tensor as oneDNN holds it.
struct OneDnnValue {
  dnnl::memory::desc desc;
  float scale = 1;          ///< int8: real = scale·q; fp32: 1
  int first = 0, last = 0;  ///< primitives that touch it, for sharing buffers
  int alias = -1;           ///< the value whose memory this is (a sum post-op adds in place)
};

/// A value as the argument of a primitive; `memory` gets its address when all values have one.
struct OneDnnArgument {
  int argument = 0, value = 0;
  dnnl::memory memory;
};

struct OneDnnPrimitive {
  dnnl::primitive primitive;
  std::unordered_map<int, dnnl::memory> arguments;
  /// The same for the C interface: building it at every call would cost small networks a lot.
  std::vector<dnnl_exec_arg_t> plain_arguments;
  std::vector<OneDnnArgument> values;
  std::int64_t scratch_bytes = 0;
  int step = 0;  ///< of ours; reorders count to the step that needs them
  std::string name;
};

/// Builds everything in its constructor; throws dnnl::error where a primitive cannot be had.
class OneDnnNetwork {
 public:
  OneDnnNetwork(const Model& model, const OneDnnVariant& variant);

  void write_input(const std::vector<float>& real);
  void run();
  /// Times per step of ours, µs.
  std::vector<double> run_timed();
  std::vector<float> output();
  /// The implementations that oneDNN chose for a step.
  std::string step_name(int step) const;

 private:
  using Desc = dnnl::memory::desc;
  using Type = dnnl::memory::data_type;

  void add_step(int index, const Step& step);
  void add_convolution(const Step& step);
  void add_inner_product(const Step& step);
  void add_pool(const Step& step);
  void add_binary(const Step& step, dnnl::algorithm algorithm);

  int new_value(const Desc& desc, float scale);
  /// Index of a value with this layout that holds what tensor `id` holds; adds a reorder if needed.
  int value_as(std::int32_t id, const Desc& desc);
  const OneDnnValue& value_of(std::int32_t tensor) const {
    return values_[value_of_tensor_[tensor]];
  }
  OneDnnArgument argument(int argument, int value, const Desc& desc);
  void add_primitive(const dnnl::primitive& primitive, const char* name, const Desc& scratchpad,
                     std::vector<OneDnnArgument> values,
                     std::unordered_map<int, dnnl::memory> constants);
  dnnl::memory constant(const Desc& desc, const void* data);
  dnnl::memory weights_in(const Desc& wanted, const Step& step);
  dnnl::memory bias_of(const Step& step);
  Desc activation_desc(std::int32_t tensor, Type type) const;
  Type type_of(std::int32_t tensor) const;
  float scale_of(std::int32_t tensor, Type type) const;
  /// Scales and post-ops between the accumulators of `step` and its output of this type.
  dnnl::primitive_attr attributes(const Step& step, Type out_type);
  void append_activation(const Step& step, Type out_type, float out_scale,
                         dnnl::post_ops* ops) const;
  std::int64_t place_values(std::vector<std::int64_t>* offset);
  void share_buffers();
  void execute(const OneDnnPrimitive& p);

  const Model& model_;
  OneDnnVariant variant_;
  bool int8_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<OneDnnValue> values_;
  std::vector<int> value_of_tensor_;
  std::vector<OneDnnPrimitive> primitives_;
  std::vector<char> arena_;
  std::vector<char*> addresses_;  ///< per value
  int step_ = 0, steps_ = 0;
};

}  // namespace edgefront::peers
