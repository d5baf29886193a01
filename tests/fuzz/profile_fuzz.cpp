// Any bytes as a device profile, and any text as a device description: an InputError or a value,
// never a crash. Bytes that pass the digest were written by this program, so the HDF5 library never
// sees what the fuzzer makes up; what it could get wrong is the user block.
#include <cstddef>
#include <cstdint>
#include <string>

#include "hwprofiles/device_profile.h"
#include "hwprofiles/profile_store.h"
#include "space/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    edgefront::decode_profile({data, size}, "fuzz.h5");
  } catch (const edgefront::InputError&) {
  }
  try {
    edgefront::parse_device_description(std::string(data, data + size), "fuzz.toml");
  } catch (const edgefront::InputError&) {
  }
  return 0;
}
