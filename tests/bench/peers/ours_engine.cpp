// Our own runtime, as any program would use it.
#include <cstring>
#include <map>

#include "experiments/host.h"
#include "runtime/export/quantize.h"
#include "runtime/interpreter.h"
#include "runtime/probe/clock.h"
#include "tests/bench/peers/engine.h"

namespace edgefront::peers {
namespace {

class OursEngine : public Engine {
 public:
  OursEngine(const Network& network, const EngineOptions& options)
      : model_(network.model(options.precision)) {
    static const std::map<std::string, std::string> kSets = {{"avx2", "avx2"},
                                                             {"avx2_vnni", "avx2_vnni"},
                                                             {"avx512_core", "avx512"},
                                                             {"avx512_core_vnni", "avx512_vnni"}};
    InterpreterOptions load;
    load.threads = options.threads;
    if (options.layer_by_layer) load.path = BlockPath::kLayers;
    if (!options.isa.empty()) load.kernel_set = kSets.at(options.isa);
    require(Interpreter::load(model_, load, &interpreter_));
    input_.resize(std::size_t(interpreter_->input_bytes()));
    if (options.precision == Precision::kInt8) {
      quantize_input(model_, network.input,
                     {reinterpret_cast<std::int8_t*>(input_.data()), input_.size()});
    } else {
      std::memcpy(input_.data(), network.input.data(), input_.size());
    }
    ticks_.resize(interpreter_->steps().size());
  }

  void write_input() override {
    std::memcpy(interpreter_->input_data(), input_.data(), input_.size());
  }
  void run() override { interpreter_->invoke(); }

  std::vector<float> output() override {
    const std::int32_t id = model_.graph.outputs[0];
    const Tensor& tensor = model_.graph.tensors[id];
    std::vector<float> real(std::size_t(tensor.shape.elements()));
    if (tensor.precision == Precision::kFloat32) {
      std::memcpy(real.data(), interpreter_->output_data(), real.size() * sizeof(float));
      return real;
    }
    const auto* q = static_cast<const std::int8_t*>(interpreter_->output_data());
    const TensorQuantization& how = model_.quantization[id];
    for (std::size_t i = 0; i < real.size(); ++i) {
      real[i] = how.scale * static_cast<float>(q[i] - how.zero_point);
    }
    return real;
  }

  std::vector<double> run_timed() override {
    interpreter_->invoke_timed(ticks_.data());
    std::vector<double> us;
    for (const std::uint64_t ticks : ticks_) us.push_back(elapsed_us(ticks));
    return us;
  }
  std::vector<std::int32_t> step_layers() const override {
    std::vector<std::int32_t> layers;
    for (const Step& step : interpreter_->steps()) layers.push_back(step.layer);
    return layers;
  }
  std::string step_name(int step) const override { return interpreter_->key(step).text(); }
  std::string notes() const override { return interpreter_->kernel_set().name; }

 private:
  const Model& model_;
  std::unique_ptr<Interpreter> interpreter_;
  std::vector<std::uint8_t> input_;
  std::vector<std::uint64_t> ticks_;
};

}  // namespace

EngineOrReason make_ours(const Network& network, const EngineOptions& options) {
  return {std::make_unique<OursEngine>(network, options), ""};
}

}  // namespace edgefront::peers
