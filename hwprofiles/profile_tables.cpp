#include "hwprofiles/profile_tables.h"

#include <sstream>

#include "hwprofiles/block_rows.h"
#include "hwprofiles/energy_tables.h"
#include "hwprofiles/profile_rows.h"
#include "space/error.h"

namespace edgefront {
namespace {

std::string joined(const Texts& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Texts words_of(const std::string& text) {
  std::istringstream in(text);
  Texts words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

EntryOrigin origin_of(const TableRow& row) {
  const std::string& word = row.text("origin");
  for (const EntryOrigin origin :
       {EntryOrigin::kMeasured, EntryOrigin::kInterpolated, EntryOrigin::kTransferred,
        EntryOrigin::kImported, EntryOrigin::kAnalytic}) {
    if (word == origin_name(origin)) return origin;
  }
  row.fail("origin is \"" + word +
           "\"; accepted: measured, interpolated, transferred, imported, analytic");
}

// ---- the device -------------------------------------------------------------------------------

void write_device(const DeviceProfile& profile, Hdf5Tables& tables) {
  auto& root = tables.at("").attributes;
  root["created"] = profile.created;
  auto& device = tables.at("device").attributes;
  const DeviceDescription& d = profile.description;
  const EnergyCoefficients energy = d.energy.value_or(EnergyCoefficients{});
  device["name"] = d.name;
  device["category"] = d.category;
  device["weights_in_ram"] = std::int64_t{d.weights_in_ram};
  device["has_energy"] = std::int64_t{d.energy.has_value()};
  device["e_op_fp32_pj"] = energy.e_op_fp32_pj;
  device["e_op_int8_pj"] = energy.e_op_int8_pj;
  device["e_byte_pj"] = energy.e_byte_pj;
  device["static_w"] = energy.static_w;
  device["energy_citation"] = energy.citation;
  device["fp32_gops"] = d.roofline.fp32_gops;
  device["int8_gops"] = d.roofline.int8_gops;
  device["bandwidth_gb_s"] = d.roofline.bandwidth_gb_s;
  device["overhead_us"] = d.roofline.overhead_us;
  device["roofline_citation"] = d.roofline.citation;
}

void write_machine(const DeviceProfile& profile, Hdf5Tables& tables) {
  auto& identity = tables.at("identity").attributes;
  const DeviceIdentity& i = profile.identity;
  identity["cpu_model"] = i.cpu_model;
  identity["architecture"] = i.architecture;
  identity["os"] = i.os;
  identity["features"] = joined(i.features);
  identity["kernel_sets"] = joined(i.kernel_sets);
  identity["cores"] = std::int64_t{i.cores};
  identity["memory_bytes"] = i.memory_bytes;
  identity["l1d_bytes"] = i.l1d_bytes;
  identity["l2_bytes"] = i.l2_bytes;
  identity["l3_bytes"] = i.l3_bytes;
  identity["core_kind"] = i.core_kind;
  identity["kernel_versions"] = joined(i.kernel_versions);
  auto& state = tables.at("state").attributes;
  state["governor"] = profile.state.governor;
  state["clock_mhz"] = profile.state.clock_mhz;
  state["temperature_c"] = profile.state.temperature_c;
  state["load_1min"] = profile.state.load_1min;
  state["reference_kernel_us"] = profile.state.reference_kernel_us;
  state["measured_at"] = profile.state_at;
}

DeviceDescription read_description(const TableAttributes& device) {
  DeviceDescription d;
  d.name = device.text("name");
  d.category = device.text("category");
  d.weights_in_ram = device.integer("weights_in_ram") != 0;
  EnergyCoefficients energy{device.non_negative("e_op_fp32_pj"),
                            device.non_negative("e_op_int8_pj"), device.non_negative("e_byte_pj"),
                            device.non_negative("static_w"), device.text("energy_citation")};
  if (device.integer("has_energy") != 0) d.energy = energy;
  d.roofline = {device.non_negative("fp32_gops"), device.non_negative("int8_gops"),
                device.non_negative("bandwidth_gb_s"), device.non_negative("overhead_us"),
                device.text("roofline_citation")};
  return d;
}

void read_machine(const TableAttributes& identity, const TableAttributes& state,
                  DeviceProfile& profile) {
  DeviceIdentity& i = profile.identity;
  i.cpu_model = identity.text("cpu_model");
  i.architecture = identity.text("architecture");
  i.os = identity.text("os");
  i.features = words_of(identity.text("features"));
  i.kernel_sets = words_of(identity.text("kernel_sets"));
  const std::int64_t cores = identity.integer("cores");
  if (cores < 0 || cores > 65536) throw InputError(identity.file + ": cores is out of range");
  i.cores = static_cast<int>(cores);
  i.memory_bytes = identity.integer("memory_bytes");
  i.l1d_bytes = identity.integer("l1d_bytes");
  i.l2_bytes = identity.integer("l2_bytes");
  i.l3_bytes = identity.integer("l3_bytes");
  i.core_kind = identity.text("core_kind");
  i.kernel_versions = words_of(identity.text("kernel_versions"));
  profile.state.governor = state.text("governor");
  profile.state.clock_mhz = state.real("clock_mhz");
  profile.state.temperature_c = state.real("temperature_c");
  profile.state.load_1min = state.real("load_1min");
  profile.state.reference_kernel_us = state.real("reference_kernel_us");
  profile.state_at = state.integer("measured_at");
}

// ---- the tables -------------------------------------------------------------------------------

void write_layers(const DeviceProfile& profile, Hdf5Table& table) {
  for (const auto& [key, layer] : profile.layers) {
    append(table, "key", key);
    append_statistics(table, layer.statistics);
    append(table, "origin", std::string(origin_name(layer.origin)));
    append(table, "relative_error", layer.relative_error);
    append(table, "measured_at", layer.measured_at);
    append(table, "runtime", layer.runtime);
  }
}

void read_layers(const Hdf5Table& table, const std::string& file, DeviceProfile& profile) {
  for (std::size_t i = 0; i < rows_of(table, "key"); ++i) {
    const TableRow row{table, file, "layers", i};
    LayerEntry layer;
    const Status status = LayerKey::parse(row.text("key"), &layer.key);
    if (!status.ok()) row.fail(status.message());
    if (layer.key.text() != row.text("key")) row.fail("key is not canonical");
    layer.origin = origin_of(row);
    layer.statistics = row.statistics(layer.origin == EntryOrigin::kMeasured ? 1 : 0);
    layer.relative_error = row.non_negative("relative_error");
    layer.measured_at = row.time("measured_at");
    layer.runtime = row.text("runtime");
    if (!profile.layers.emplace(row.text("key"), layer).second) {
      row.fail("key stands twice: " + row.text("key"));
    }
  }
}

void write_networks(const DeviceProfile& profile, Hdf5Table& table) {
  for (const auto& n : profile.networks) {
    append(table, "genotype", n.genotype);
    append_setting(table, n.space_digest, n.precision, n.threads, n.kernel_set);
    append(table, "predicted_sum_us", n.predicted_sum_us);
    append_statistics(table, n.statistics);
    append(table, "measured_at", n.measured_at);
    append(table, "runtime", n.runtime);
    append(table, "pass_spread", n.pass_spread);
  }
}

void read_networks(const Hdf5Table& table, const std::string& file, DeviceProfile& profile) {
  for (std::size_t i = 0; i < rows_of(table, "genotype"); ++i) {
    const TableRow row{table, file, "networks", i};
    NetworkEntry n;
    n.genotype = row.text("genotype");
    row.read_setting(n);
    n.predicted_sum_us = row.non_negative("predicted_sum_us");
    n.statistics = row.statistics(1);
    n.measured_at = row.time("measured_at");
    n.runtime = row.text("runtime");
    n.pass_spread = row.non_negative("pass_spread");
    profile.networks.push_back(std::move(n));
  }
}

void write_calibrations(const DeviceProfile& profile, Hdf5Table& table, Hdf5Table& terms) {
  std::int64_t index = 0;
  for (const auto& c : profile.calibrations) {
    append_setting(table, c.space_digest, c.precision, c.threads, c.kernel_set);
    append(table, "slope", c.slope);
    append(table, "intercept_us", c.intercept_us);
    append(table, "relative_half_width_90", c.relative_half_width_90);
    append(table, "networks", std::int64_t{c.networks});
    for (const auto& [name, value] : c.terms) {
      append(terms, "calibration", index);
      append(terms, "name", name);
      append(terms, "value", value);
    }
    ++index;
  }
}

void read_calibrations(const Hdf5Table& table, const std::string& file, DeviceProfile& profile) {
  for (std::size_t i = 0; i < rows_of(table, "space_digest"); ++i) {
    const TableRow row{table, file, "calibrations", i};
    Calibration c;
    row.read_setting(c);
    c.slope = row.positive("slope");
    c.intercept_us = row.real("intercept_us");
    c.relative_half_width_90 = row.non_negative("relative_half_width_90");
    c.networks = row.integer("networks");
    profile.calibrations.push_back(std::move(c));
  }
}

void read_terms(const Hdf5Table& table, const std::string& file, DeviceProfile& profile) {
  for (std::size_t i = 0; i < rows_of(table, "name"); ++i) {
    const TableRow row{table, file, "calibration_terms", i};
    const int calibration = row.integer("calibration");
    if (calibration >= static_cast<int>(profile.calibrations.size())) {
      row.fail("there is no calibration " + std::to_string(calibration));
    }
    auto& terms = profile.calibrations[calibration].terms;
    if (!terms.emplace(row.text("name"), row.real("value")).second) row.fail("name stands twice");
  }
}

/// Version 1 as empty tables.
Hdf5Tables schema_of_version_1() {
  const std::int64_t integer = 0;
  const std::string text;
  Hdf5Tables schema;
  schema[""].attributes = {{"format", text}, {"version", integer}, {"created", text}};
  schema["device"].attributes = {
      {"name", text},          {"category", text},         {"weights_in_ram", integer},
      {"has_energy", integer}, {"e_op_fp32_pj", 0.0},      {"e_op_int8_pj", 0.0},
      {"e_byte_pj", 0.0},      {"static_w", 0.0},          {"energy_citation", text},
      {"fp32_gops", 0.0},      {"int8_gops", 0.0},         {"bandwidth_gb_s", 0.0},
      {"overhead_us", 0.0},    {"roofline_citation", text}};
  schema["identity"].attributes = {
      {"cpu_model", text},       {"architecture", text}, {"os", text},
      {"features", text},        {"kernel_sets", text},  {"cores", integer},
      {"memory_bytes", integer}, {"l1d_bytes", integer}, {"l2_bytes", integer},
      {"l3_bytes", integer}};
  schema["state"].attributes = {{"governor", text},
                                {"clock_mhz", 0.0},
                                {"temperature_c", 0.0},
                                {"load_1min", 0.0},
                                {"reference_kernel_us", 0.0}};
  for (const char* name : {"layers", "networks"}) {
    auto& columns = schema[name].columns;
    for (const char* time :
         {"latency_us", "latency_low_us", "latency_high_us", "p50_us", "p95_us", "p99_us"}) {
      columns[time] = Reals{};
    }
    for (const char* count : {"samples", "rejected"}) columns[count] = Integers{};
  }
  schema["layers"].columns["key"] = Texts{};
  for (const char* name : {"networks", "calibrations"}) {
    auto& columns = schema[name].columns;
    for (const char* word : {"space_digest", "precision", "kernel_set"}) columns[word] = Texts{};
    columns["threads"] = Integers{};
  }
  schema["networks"].columns["genotype"] = Texts{};
  schema["networks"].columns["predicted_sum_us"] = Reals{};
  for (const char* name : {"slope", "intercept_us", "relative_half_width_90"}) {
    schema["calibrations"].columns[name] = Reals{};
  }
  schema["calibrations"].columns["networks"] = Integers{};
  return schema;
}

/// What version 2 adds to tables of version 1: attributes with the values and columns with one
/// value per row that stand for "not known".
void upgrade_to_version_2(Hdf5Tables& tables) {
  tables.at("identity").attributes["core_kind"] = std::string();
  tables.at("identity").attributes["kernel_versions"] = std::string();
  tables.at("state").attributes["measured_at"] = std::int64_t{-1};
  auto& layers = tables.at("layers");
  const std::size_t entries = rows_of(layers, "key");
  layers.columns["origin"] = Texts(entries, origin_name(EntryOrigin::kMeasured));
  layers.columns["relative_error"] = Reals(entries, 0.0);
  auto& networks = tables.at("networks");
  networks.columns["pass_spread"] = Reals(rows_of(networks, "genotype"), 0.0);
  for (auto* table : {&layers, &networks}) {
    const std::size_t rows = rows_of(*table, table == &layers ? "key" : "genotype");
    table->columns["measured_at"] = Integers(rows, -1);
    table->columns["runtime"] = Texts(rows);
  }
  tables["calibration_terms"].columns = {
      {"calibration", Integers{}}, {"name", Texts{}}, {"value", Reals{}}};
  add_block_schema(tables);
  add_energy_schema(tables);
  tables.at("").attributes["version"] = std::int64_t{2};
}

}  // namespace

Hdf5Tables profile_schema(int version) {
  Hdf5Tables schema = schema_of_version_1();
  if (version >= 2) upgrade_to_version_2(schema);
  return schema;
}

Hdf5Tables tables_of(const DeviceProfile& profile) {
  Hdf5Tables tables = profile_schema(kProfileFileVersion);
  tables.at("").attributes["format"] = std::string("edgefront device profile");
  tables.at("").attributes["version"] = std::int64_t{kProfileFileVersion};
  write_device(profile, tables);
  write_machine(profile, tables);
  write_layers(profile, tables.at("layers"));
  write_networks(profile, tables.at("networks"));
  write_calibrations(profile, tables.at("calibrations"), tables.at("calibration_terms"));
  write_blocks(profile, tables.at("blocks"));
  write_energy_tables(profile, tables);
  profile_of(tables, "profile");  // whatever could not be read is refused here, before it is lost
  return tables;
}

DeviceProfile profile_of(Hdf5Tables tables, const std::string& name) {
  DeviceProfile profile;
  const TableAttributes root{tables.at(""), name};
  const std::int64_t version = root.integer("version");
  if (root.text("format") != "edgefront device profile" || version < 1 ||
      version > kProfileFileVersion) {
    throw InputError(name + ": the tables are not those of a device profile of version 1 to " +
                     std::to_string(kProfileFileVersion));
  }
  if (version == 1) upgrade_to_version_2(tables);
  profile.created = root.text("created");
  profile.description = read_description({tables.at("device"), name});
  read_machine({tables.at("identity"), name}, {tables.at("state"), name}, profile);
  read_layers(tables.at("layers"), name, profile);
  read_networks(tables.at("networks"), name, profile);
  read_calibrations(tables.at("calibrations"), name, profile);
  read_terms(tables.at("calibration_terms"), name, profile);
  read_blocks(tables.at("blocks"), name, profile);
  read_energy_tables(tables, name, profile);
  return profile;
}

}  // namespace edgefront
