// Any bytes as a CSV table whose first column divides into decisions and whose second is an
// objective: an InputError or a problem with as many networks as it says, never a crash.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "experiments/pipeline/table_source.h"
#include "space/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const edgefront::DataTable table =
        edgefront::parse_csv({reinterpret_cast<const char*>(data), size}, "table");
    const std::string first = table.header.front(), last = table.header.back();
    for (const char* divided : {"", "[]", "[ ]"}) {
      try {
        const auto problem = edgefront::make_table_problem(
            table, {.decisions = {first + divided},
                    .metrics = {{.name = "objective", .column = last}},
                    .objectives = {"objective"},
                    .features = {last}});
        const edgefront::TableSpace& networks = problem->networks;
        if (static_cast<std::size_t>(networks.space.listed->size()) != networks.rows.size()) {
          std::abort();
        }
        for (int i = 0; i < networks.space.listed->size(); ++i) {
          const auto& genotype = networks.space.listed->at(i);
          const std::string text = edgefront::to_text(networks.space, genotype);
          if (edgefront::parse_genotype(networks.space, text) != genotype) std::abort();
        }
      } catch (const edgefront::InputError&) {
      }
    }
  } catch (const edgefront::InputError&) {
  }
  return 0;
}
