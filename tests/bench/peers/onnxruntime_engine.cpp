// ONNX Runtime through its C interface, on the ONNX file that our exporter writes (int8: QDQ, the
// float input is quantized in it). The library
// comes without its header, so the functions are called by their place in the table OrtApi, which
// the project appends to and never reorders (onnxruntime_c_api.h; version 1 ended with entry 101).
#include <dlfcn.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "runtime/export/onnx_writer.h"
#include "tests/bench/peers/engine.h"

namespace edgefront::peers {
namespace {

constexpr int kApiVersion = 1;
constexpr int kErrorMessage = 2, kCreateEnv = 3, kCreateSession = 7, kRun = 9,
              kCreateSessionOptions = 10, kSetLogSeverity = 22, kSetOptimization = 23,
              kSetIntraOpThreads = 24, kCreateTensorWithData = 49, kCreateCpuMemoryInfo = 69,
              kReleaseStatus = 93, kReleaseMemoryInfo = 94, kReleaseSession = 95,
              kReleaseValue = 96, kReleaseSessionOptions = 100;
constexpr int kLogErrors = 3, kOptimizeAll = 99, kFloat = 1, kDeviceAllocator = 0,
              kDefaultMemory = 0;

struct ApiBase {
  const void* const* (*get_api)(std::uint32_t version);
  const char* (*version)();
};

/// The loaded library; objects of it are void*.
class Library {
 public:
  explicit Library(const std::string& path) {
    void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw std::runtime_error(::dlerror());
    const auto base = reinterpret_cast<const ApiBase* (*)()>(::dlsym(handle, "OrtGetApiBase"));
    if (base == nullptr) throw std::runtime_error(path + " has no OrtGetApiBase");
    table_ = base()->get_api(kApiVersion);
    version_ = base()->version();
    call(kCreateEnv, kLogErrors, "peers", &environment_);
  }

  /// Calls an entry that returns a status; throws its message.
  template <typename... Arguments>
  void call(int entry, Arguments... arguments) const {
    void* status = reinterpret_cast<void* (*)(Arguments...)>(table_[entry])(arguments...);
    if (status == nullptr) return;
    const std::string message =
        reinterpret_cast<const char* (*)(const void*)>(table_[kErrorMessage])(status);
    release(kReleaseStatus, status);
    throw std::runtime_error(message);
  }
  void release(int entry, void* object) const {
    reinterpret_cast<void (*)(void*)>(table_[entry])(object);
  }
  void* environment() const { return environment_; }
  const std::string& version() const { return version_; }

 private:
  const void* const* table_ = nullptr;
  void* environment_ = nullptr;
  std::string version_;
};

/// Loaded once; never unloaded, as its threads may outlive main.
const Library& library(const std::string& path) {
  static const Library* loaded = new Library(path);
  return *loaded;
}

class OnnxRuntimeEngine : public Engine {
 public:
  OnnxRuntimeEngine(const Network& network, const EngineOptions& options)
      : ort_(library(options.onnxruntime)) {
    const Model& model = network.model(options.precision);
    const Shape& in = model.graph.tensors[model.graph.inputs[0]].shape;
    const Shape& out = model.graph.tensors[model.graph.outputs[0]].shape;
    for (int c = 0; c < in.channels; ++c) {
      for (std::int64_t p = 0; p < std::int64_t{in.height} * in.width; ++p) {
        real_.push_back(network.input[std::size_t(p * in.channels + c)]);
      }
    }
    input_ = real_;
    output_.resize(std::size_t(out.elements()));
    open_session(model, options.threads);
    void* memory = nullptr;
    ort_.call(kCreateCpuMemoryInfo, kDeviceAllocator, kDefaultMemory, &memory);
    const std::int64_t in_dims[] = {1, in.channels, in.height, in.width};
    const std::int64_t out_dims[] = {1, out.channels};
    input_value_ = tensor(memory, &input_, in_dims, 4);
    output_value_ = tensor(memory, &output_, out_dims, 2);
    ort_.release(kReleaseMemoryInfo, memory);
  }
  ~OnnxRuntimeEngine() override {
    if (input_value_ != nullptr) ort_.release(kReleaseValue, input_value_);
    if (output_value_ != nullptr) ort_.release(kReleaseValue, output_value_);
    if (session_ != nullptr) ort_.release(kReleaseSession, session_);
  }

  void write_input() override { input_ = real_; }
  void run() override {
    const char* in = "input";
    const char* out = "logits";
    const void* input = input_value_;
    ort_.call(kRun, session_, static_cast<const void*>(nullptr), &in, &input, std::size_t{1}, &out,
              std::size_t{1}, &output_value_);
  }
  std::vector<float> output() override { return output_; }
  std::string notes() const override { return ort_.version(); }

 private:
  void open_session(const Model& model, int threads) {
    char path[] = "/tmp/peers-XXXXXX";
    if (::mkdtemp(path) == nullptr) throw std::runtime_error("no temporary folder can be made");
    const std::string file = std::string(path) + "/model.onnx";
    write_onnx(model, file);
    void* how = nullptr;
    ort_.call(kCreateSessionOptions, &how);
    ort_.call(kSetLogSeverity, how, kLogErrors);
    ort_.call(kSetOptimization, how, kOptimizeAll);
    ort_.call(kSetIntraOpThreads, how, threads);
    ort_.call(kCreateSession, ort_.environment(), file.c_str(), static_cast<const void*>(how),
              &session_);
    ort_.release(kReleaseSessionOptions, how);
    std::filesystem::remove_all(path);
  }

  void* tensor(const void* memory, std::vector<float>* data, const std::int64_t* dims,
               std::size_t rank) {
    void* value = nullptr;
    ort_.call(kCreateTensorWithData, memory, static_cast<void*>(data->data()),
              data->size() * sizeof(float), dims, rank, kFloat, &value);
    return value;
  }

  const Library& ort_;
  std::vector<float> real_, input_, output_;
  void* session_ = nullptr;
  void* input_value_ = nullptr;
  void* output_value_ = nullptr;
};

}  // namespace

EngineOrReason make_onnxruntime(const Network& network, const EngineOptions& options) {
  if (!options.isa.empty()) return {nullptr, "it cannot be limited to an instruction set"};
  if (options.onnxruntime.empty()) {
    return {nullptr, "its library is not there; bash tests/bench/peers/peers.sh installs it"};
  }
  try {
    return {std::make_unique<OnnxRuntimeEngine>(network, options), ""};
  } catch (const std::exception& error) {
    return {nullptr, error.what()};
  }
}

}  // namespace edgefront::peers
