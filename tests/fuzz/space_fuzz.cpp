// Any bytes as a space file: refused with an InputError, or a space that samples and lowers.
#include <cstddef>
#include <cstdint>
#include <string>

#include "space/error.h"
#include "space/lower.h"
#include "space/random.h"
#include "space/uniform_sampler.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace edgefront;
  try {
    const SearchSpace space =
        parse_space(std::string(reinterpret_cast<const char*>(bytes), size), "fuzz.toml");
    RandomStream random(1, 0);
    const Genotype genotype = sample_uniform(space, random);
    if (parse_genotype(space, to_text(space, genotype)) != genotype) __builtin_trap();
    lower(decode(space, genotype));
  } catch (const InputError&) {
  }
  return 0;
}
