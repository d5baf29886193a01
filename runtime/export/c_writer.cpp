#include "runtime/export/c_writer.h"

#include <charconv>
#include <set>
#include <type_traits>
#include <vector>

#include "runtime/export/c_fragments.h"
#include "runtime/file.h"
#include "runtime/prepared_step.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr int kColumns = 96;

std::string text_of(const Shape& s) {
  return std::to_string(s.height) + "x" + std::to_string(s.width) + "x" +
         std::to_string(s.channels);
}

/// Exact, and independent of the locale: hexadecimal floating point, as C99 has it.
std::string literal(float value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::hex).ptr;
  return "0x" + std::string(digits, end) + "f";
}
std::string literal(std::int64_t value) { return std::to_string(value); }

/// The shortest text that reads back as the same value, for comments.
std::string decimal(float value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}
std::string decimal(const std::vector<float>& values) {
  std::string text;
  for (const float value : values) text += (text.empty() ? "" : ", ") + decimal(value);
  return text;
}

/// Names come from outside: nothing of them may end a comment or continue a line.
std::string for_comment(std::string name) {
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-' || c == ' ';
    if (!plain) c = '_';
  }
  return name;
}

/// `static const TYPE NAME[N] = {...};`
template <typename T>
std::string array(const char* type, const std::string& name, const T* values, std::size_t count) {
  std::string text =
      std::string("static const ") + type + " " + name + "[" + std::to_string(count) + "] = {\n";
  std::string line;
  for (std::size_t i = 0; i < count; ++i) {
    std::string value;
    if constexpr (std::is_same_v<T, float>) {
      value = literal(values[i]);
    } else {
      value = literal(std::int64_t{values[i]});
    }
    if (line.size() + value.size() > kColumns) {
      text += line + "\n";
      line.clear();
    }
    line += value + ",";
  }
  return text + line + "};\n";
}

class CWriter {
 public:
  explicit CWriter(const Model& model)
      : model_(model),
        graph_(model.graph),
        steps_(fuse(graph_)),
        set_(kernel_sets().back()),
        plan_(plan_memory(graph_, steps_, *set_, 1)),
        arena_(static_cast<std::size_t>(plan_.arena_bytes)) {}

  std::string encode() {
    add_header();
    text_ += kCPrelude;
    add_functions();
    text_ += "\nstatic int8_t arena[" + std::to_string(plan_.arena_bytes) + "];\n";
    for (std::size_t i = 0; i < steps_.size(); ++i) add_step(i);
    add_invoke();
    return std::move(text_);
  }

 private:
  const Layer& layer_of(std::size_t step) const { return graph_.layers[steps_[step].layer]; }

  void describe_tensors(const char* kind, const std::vector<std::int32_t>& ids) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const TensorQuantization& q = model_.quantization[ids[i]];
      const Shape& shape = graph_.tensors[ids[i]].shape;
      text_ += std::string(" * ") + kind + " " + std::to_string(i) + ": " + text_of(shape) +
               " int8 (height, width, channels), " + std::to_string(shape.elements()) +
               " bytes; scale " + decimal(q.scale) + ", zero point " +
               std::to_string(q.zero_point) + "\n";
    }
  }

  void add_header() {
    text_ =
        "/* A neural network, written by edgefront export; C99, needs nothing but memcpy.\n"
        " *\n"
        " *   int edgefront_invoke(const int8_t* input, int8_t* output);\n"
        " *\n"
        " * 0: done; 1: a null pointer; 2: the compiler or the rounding mode broke the "
        "arithmetic.\n"
        " * Several inputs or outputs stand one behind the other. real = scale * (q - zero "
        "point).\n"
        " * Not reentrant: activations are in one static arena.\n"
        " *\n";
    describe_tensors("input", graph_.inputs);
    describe_tensors("output", graph_.outputs);
    if (!model_.normalization.mean.empty()) {
      text_ += " * pixels 0 to 255: real = (pixel / 255 - mean) / stddev; mean " +
               decimal(model_.normalization.mean) + "; stddev " +
               decimal(model_.normalization.stddev) + "\n";
    }
    text_ +=
        " * arena " + std::to_string(plan_.arena_bytes) + " bytes, weights " +
        std::to_string(weights_bytes(model_)) +
        " bytes\n"
        " *\n"
        " * Compile with -ffp-contract=off and without -ffast-math: outputs are then those of\n"
        " * edgefront's own kernels to the bit, with a floating point unit or without. For a\n"
        " * second network in one program, give -Dedgefront_invoke=another_name.\n"
        " */\n";
  }

  void add_functions() {
    std::set<const CFunction*> written;
    bool convolution = false;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const OpKind op = layer_of(i).op;
      if (has_weights(op) && !convolution) text_ += kCConvolution;
      convolution |= has_weights(op);
      if (written.insert(&c_function(op)).second) text_ += c_function(op).source;
    }
  }

  /// A pointer into the arena, as C.
  std::string address(const void* pointer) const {
    return "arena + " + std::to_string(static_cast<const char*>(pointer) - arena_.data());
  }
  void field(const char* name, const std::string& value) {
    text_ += std::string("    .") + name + " = " + value + ",\n";
  }
  void field(const char* name, std::int64_t value) { field(name, literal(value)); }
  void field(const char* name, float value) { field(name, literal(value)); }

  /// What the interpreter would run, as constants: there is no second way from model to numbers.
  void add_step(std::size_t index) {
    const Step& step = steps_[index];
    const Layer& layer = layer_of(index);
    std::vector<char> packed(
        static_cast<std::size_t>(step_packed_bytes(graph_, step, *set_).total()));
    const PreparedStep prepared =
        prepare_step(model_, step, *set_, {arena_.data(), &plan_, packed.data()});
    const std::string number = std::to_string(index);
    text_ += "\n/* " + for_comment(layer.name) + ": " + op_name(layer.op) + " " +
             text_of(graph_.tensors[step.input].shape) + " to " +
             text_of(graph_.tensors[step.output].shape) + " */\n";
    if (has_weights(layer.op)) add_arrays(index, prepared.conv_s8.args);
    const bool table = layer.op == OpKind::kHswish || layer.op == OpKind::kHsigmoid;
    if (table) {
      text_ += array("int8_t", "table_" + number, prepared.elementwise.table, 256);
    }
    text_ += std::string("static const struct ") + c_function(layer.op).structure + " step_" +
             number + " = {\n";
    add_arguments(index, prepared);
    text_ += "};\n";
  }

  void add_arrays(std::size_t index, const ConvArgsS8& args) {
    const LayerParameters& p = model_.parameters[steps_[index].layer];
    const std::string number = std::to_string(index);
    text_ += array("int8_t", "weights_" + number, p.weights_s8.data(), p.weights_s8.size());
    text_ += array("int32_t", "bias_" + number, p.bias_s32.data(), p.bias_s32.size());
    text_ += array("float", "multipliers_" + number, args.requantize.multipliers,
                   p.weight_scales.size());
    if (args.requantize.table != nullptr) {
      text_ += array("int8_t", "table_" + number, args.requantize.table, 256);
    }
  }

  void add_arguments(std::size_t index, const PreparedStep& prepared) {
    switch (layer_of(index).op) {
      case OpKind::kConv2d:
      case OpKind::kDepthwiseConv2d:
      case OpKind::kFullyConnected:
        return add_convolution(index, prepared.conv_s8.args);
      case OpKind::kAdd:
        return add_addition(prepared.add_s8);
      case OpKind::kMul:
        return add_product(prepared.mul_s8);
      case OpKind::kGlobalAveragePool:
        return add_pooling(prepared.pool_s8);
      case OpKind::kRelu:
      case OpKind::kRelu6:
        add_mapping(prepared.elementwise);
        field("qmin", std::int64_t{prepared.elementwise.qmin});
        field("qmax", std::int64_t{prepared.elementwise.qmax});
        return;
      case OpKind::kHswish:
      case OpKind::kHsigmoid:
        add_mapping(prepared.elementwise);
        field("table", "table_" + std::to_string(index));
        return;
      case OpKind::kQuantize:
      case OpKind::kDequantize:
        return;
    }
  }

  void add_convolution(std::size_t index, const ConvArgsS8& args) {
    const ConvGeometry& g = args.geometry;
    const RequantizeS8& r = args.requantize;
    const std::string number = std::to_string(index);
    const struct {
      const char* name;
      std::int32_t value;
    } numbers[] = {{"in_height", g.in_height},
                   {"in_width", g.in_width},
                   {"in_channels", g.in_channels},
                   {"out_height", g.out_height},
                   {"out_width", g.out_width},
                   {"out_channels", g.out_channels},
                   {"kernel", g.kernel},
                   {"stride", g.stride},
                   {"input_zero_point", args.input_zero_point},
                   {"zero_point", r.zero_point},
                   {"qmin", r.qmin},
                   {"qmax", r.qmax}};
    for (const auto& row : numbers) field(row.name, std::int64_t{row.value});
    field("input", address(args.input));
    field("output", address(args.output));
    field("weights", "weights_" + number);
    field("bias", "bias_" + number);
    field("multipliers", "multipliers_" + number);
    if (r.table != nullptr) field("table", "table_" + number);
    if (r.residual == nullptr) return;
    field("residual", address(r.residual));
    field("own_multiplier", r.conv_multiplier);
    field("residual_multiplier", r.residual_multiplier);
    field("own_zero_point", std::int64_t{r.conv_zero_point});
    field("residual_zero_point", std::int64_t{r.residual_zero_point});
    field("sum_zero_point", std::int64_t{r.sum_zero_point});
  }

  void add_addition(const AddArgsS8& args) {
    field("a", address(args.a));
    field("b", address(args.b));
    field("output", address(args.output));
    field("count", args.count);
    field("a_zero_point", std::int64_t{args.a_zero_point});
    field("b_zero_point", std::int64_t{args.b_zero_point});
    field("zero_point", std::int64_t{args.output_zero_point});
    field("a_multiplier", args.a_multiplier);
    field("b_multiplier", args.b_multiplier);
  }

  void add_product(const MulArgsS8& args) {
    field("a", address(args.a));
    field("b", address(args.b));
    field("output", address(args.output));
    field("pixels", args.pixels);
    field("channels", std::int64_t{args.channels});
    field("b_step", std::int64_t{args.b_is_full ? args.channels : 0});
    field("a_zero_point", std::int64_t{args.a_zero_point});
    field("b_zero_point", std::int64_t{args.b_zero_point});
    field("zero_point", std::int64_t{args.output_zero_point});
    field("multiplier", args.multiplier);
  }

  void add_pooling(const PoolArgsS8& args) {
    field("input", address(args.input));
    field("output", address(args.output));
    field("pixels", args.pixels);
    field("channels", std::int64_t{args.channels});
    field("input_zero_point", std::int64_t{args.input_zero_point});
    field("zero_point", std::int64_t{args.output_zero_point});
    field("multiplier", args.multiplier);
  }

  void add_mapping(const ElementwiseArgs& args) {
    field("input", address(args.a));
    field("output", address(args.output));
    field("count", args.count);
  }

  /// Lines that copy the graph's inputs into the arena, or its outputs out of it.
  std::string copies(const std::vector<std::int32_t>& ids, const char* format_in) const {
    std::string text;
    std::int64_t at = 0;
    for (const std::int32_t id : ids) {
      const std::string arena = "arena + " + std::to_string(plan_.tensor_offset[id]);
      const std::string outside = format_in + std::string(" + ") + std::to_string(at);
      const bool in = format_in[0] == 'i';
      text += "  copy(" + (in ? arena + ", " + outside : outside + ", " + arena) + ", " +
              std::to_string(graph_.tensors[id].bytes()) + ");\n";
      at += graph_.tensors[id].bytes();
    }
    return text;
  }

  void add_invoke() {
    const std::string count = std::to_string(steps_.size());
    text_ +=
        "\nstatic const struct {\n"
        "  void (*run)(const void* arguments);\n"
        "  const void* arguments;\n"
        "} steps[" +
        count + "] = {\n";
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      text_ += std::string("    {") + c_function(layer_of(i).op).run + ", &step_" +
               std::to_string(i) + "},\n";
    }
    text_ +=
        "};\n\n"
        "static void copy(int8_t* to, const int8_t* from, int32_t count) {\n"
        "  int32_t i;\n"
        "  for (i = 0; i < count; ++i) to[i] = from[i];\n"
        "}\n\n"
        "int edgefront_invoke(const int8_t* input, int8_t* output) {\n"
        "  int32_t i;\n"
        "  if (!input || !output) return 1;\n"
        "  if (!arithmetic_is_exact()) return 2;\n" +
        copies(graph_.inputs, "input") + "  for (i = 0; i < " + count +
        "; ++i) steps[i].run(steps[i].arguments);\n" + copies(graph_.outputs, "output") +
        "  return 0;\n"
        "}\n";
  }

  const Model& model_;
  const LayerGraph& graph_;
  const std::vector<Step> steps_;
  const KernelSet* set_;  ///< reference: the last of the list
  const MemoryPlan plan_;
  std::vector<char> arena_;  ///< only its addresses are used
  std::string text_;
};

/// The generated code has no float32 path, so that a microcontroller carries none.
void require_int8(const LayerGraph& graph) {
  const std::string accepted = "; accepted for C is int8 throughout";
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    if (graph.tensors[graph.inputs[i]].precision != Precision::kInt8) {
      throw InputError("input " + std::to_string(i) + " is fp32" + accepted);
    }
  }
  for (const Layer& layer : graph.layers) {
    if (layer.precision != Precision::kInt8) {
      throw InputError("layer '" + layer.name + "' (" + op_name(layer.op) + ") is fp32" + accepted);
    }
  }
}

}  // namespace

void write_c(const Model& model, const std::string& path) {
  if (const Status status = validate(model); !status.ok()) throw InputError(status.message());
  require_int8(model.graph);
  const std::string text = CWriter(model).encode();
  const Status status = write_file_atomic(path, text.data(), text.size());
  if (status.code() == StatusCode::kInvalid) throw InputError(status.message());
  if (!status.ok()) throw EnvironmentError(status.message());
}

}  // namespace edgefront
