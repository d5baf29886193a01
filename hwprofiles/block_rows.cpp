#include "hwprofiles/block_rows.h"

#include "hwprofiles/profile_rows.h"
#include "space/error.h"

namespace edgefront {

void add_block_schema(Hdf5Tables& tables) {
  tables["blocks"].columns = {{"key", Texts{}},
                              {"latency_us", Reals{}},
                              {"deviation_us", Reals{}},
                              {"samples", Integers{}}};
}

void write_blocks(const DeviceProfile& profile, Hdf5Table& table) {
  for (const auto& [key, block] : profile.blocks) {
    append(table, "key", key);
    append(table, "latency_us", block.latency_us);
    append(table, "deviation_us", block.deviation_us);
    append(table, "samples", block.samples);
  }
}

void read_blocks(const Hdf5Table& table, const std::string& file, DeviceProfile& profile) {
  for (std::size_t i = 0; i < rows_of(table, "key"); ++i) {
    const TableRow row{table, file, "blocks", i};
    try {
      BlockKey::parse(row.text("key"));
    } catch (const InputError& error) {
      row.fail(error.what());
    }
    PublishedBlock block;
    block.latency_us = row.non_negative("latency_us");
    block.deviation_us = row.at_least_zero_or_unknown("deviation_us");
    block.samples = std::get<Integers>(table.columns.at("samples"))[i];
    if (block.samples < -1) row.fail("samples is out of range");
    if (!profile.blocks.emplace(row.text("key"), block).second) {
      row.fail("key stands twice: " + row.text("key"));
    }
  }
}

}  // namespace edgefront
