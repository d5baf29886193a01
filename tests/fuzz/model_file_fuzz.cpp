// Feeds bytes to the .efm reader as a file, and as a payload behind a header whose digest is right:
// mutations of the second kind get past the digest to the verifier, the unpacking, validate() and,
// for small models, the interpreter. Good seeds: tests/runtime/fixtures/*.efm.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "runtime/file.h"
#include "runtime/interpreter.h"
#include "runtime/model_file.h"

namespace {

using namespace edgefront;

constexpr std::size_t kHeaderBytes = 64;

void put(std::uint8_t* at, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/// The header of docs/efm_format.md around any payload.
std::vector<std::uint8_t> file_of(const std::uint8_t* payload, std::size_t size) {
  std::vector<std::uint8_t> file(kHeaderBytes + size, 0);
  std::memcpy(file.data(), "EFM1", 4);
  put(&file[4], kModelFileVersion, 4);
  put(&file[8], file.size(), 8);
  put(&file[32], size, 8);
  if (size > 0) std::memcpy(file.data() + kHeaderBytes, payload, size);
  std::vector<std::uint8_t> others(file.begin(), file.begin() + 16);
  others.insert(others.end(), file.begin() + 32, file.end());
  const std::string hex = digest_hex(others.data(), others.size());
  for (int i = 0; i < 16; ++i) {
    const std::string byte = hex.substr(static_cast<std::size_t>(2 * i), 2);
    file[static_cast<std::size_t>(16 + i)] =
        static_cast<std::uint8_t>(std::strtoul(byte.c_str(), nullptr, 16));
  }
  return file;
}

void decode_and_run(const std::uint8_t* bytes, std::size_t size) {
  Model model;
  if (!decode_model(bytes, size, "fuzz", &model).ok()) return;
  // What was accepted can be written, and read again.
  const std::vector<std::uint8_t> again = encode_model(model);
  Model copy;
  if (!decode_model(again.data(), again.size(), "again", &copy).ok()) std::abort();
  if (encode_model(copy) != again) std::abort();
  if (live_set_bound(model.graph, unfused(model.graph)) > (1 << 20)) return;
  if (weights_bytes(model) > (1 << 20) || total_macs(model.graph) > 10'000'000) return;
  for (const bool fused : {false, true}) {
    InterpreterOptions options;
    options.fuse = fused;
    std::unique_ptr<Interpreter> interpreter;
    if (!Interpreter::load(model, options, &interpreter).ok()) std::abort();
    interpreter->invoke();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  decode_and_run(bytes, size);
  const std::vector<std::uint8_t> as_payload = file_of(bytes, size);
  decode_and_run(as_payload.data(), as_payload.size());
  // A whole file as seed: its own payload behind a fresh header.
  if (size > kHeaderBytes) {
    const std::vector<std::uint8_t> renewed = file_of(bytes + kHeaderBytes, size - kHeaderBytes);
    decode_and_run(renewed.data(), renewed.size());
  }
  return 0;
}
