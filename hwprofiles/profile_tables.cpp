#include "hwprofiles/profile_tables.h"

#include <cmath>
#include <limits>
#include <sstream>

#include "space/error.h"

namespace edgefront {
namespace {

using Reals = std::vector<double>;
using Integers = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

[[noreturn]] void fail(const std::string& name, const std::string& table, std::size_t row,
                       const std::string& what) {
  throw InputError(name + ": " + table + "[" + std::to_string(row) + "]: " + what);
}

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

Precision precision_of(const std::string& word, const std::string& name, const std::string& table,
                       std::size_t row) {
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    if (word == precision_name(precision)) return precision;
  }
  fail(name, table, row, "precision is \"" + word + "\"; accepted: fp32, int8");
}

// ---- statistics columns, shared by layers and networks ----------------------------------------

void check_statistics(const LatencyStatistics& s, const std::string& name, const std::string& table,
                      std::size_t row) {
  const double times[] = {s.latency_us, s.latency_low_us, s.latency_high_us,
                          s.p50_us,     s.p95_us,         s.p99_us};
  for (const double time : times) {
    if (!std::isfinite(time)) fail(name, table, row, "a time is not finite");
  }
  // The interval may reach below zero for few noisy samples; the times themselves may not.
  const bool in_order = s.latency_us > 0 && s.p50_us > 0 && s.p50_us <= s.p95_us &&
                        s.p95_us <= s.p99_us && s.latency_low_us <= s.latency_us &&
                        s.latency_us <= s.latency_high_us;
  if (!in_order) fail(name, table, row, "times are not positive and in order");
  if (s.samples < 1 || s.rejected < 0) fail(name, table, row, "sample counts are out of range");
}

void append_statistics(Hdf5Table& table, const LatencyStatistics& s) {
  const auto real = [&](const char* column, double value) {
    std::get<Reals>(table.columns.at(column)).push_back(value);
  };
  real("latency_us", s.latency_us);
  real("latency_low_us", s.latency_low_us);
  real("latency_high_us", s.latency_high_us);
  real("p50_us", s.p50_us);
  real("p95_us", s.p95_us);
  real("p99_us", s.p99_us);
  std::get<Integers>(table.columns.at("samples")).push_back(s.samples);
  std::get<Integers>(table.columns.at("rejected")).push_back(s.rejected);
}

/// One row of a table, with the checks that every integer on its way to an int needs.
struct Row {
  const Hdf5Table& table;
  const std::string& file;
  const char* name;
  std::size_t index;

  double real(const char* column) const {
    const double value = std::get<Reals>(table.columns.at(column))[index];
    if (!std::isfinite(value)) fail(file, name, index, std::string(column) + " is not finite");
    return value;
  }
  int integer(const char* column) const {
    const std::int64_t value = std::get<Integers>(table.columns.at(column))[index];
    if (value < 0 || value > std::numeric_limits<int>::max()) {
      fail(file, name, index, std::string(column) + " is out of range");
    }
    return static_cast<int>(value);
  }
  const std::string& text(const char* column) const {
    return std::get<Texts>(table.columns.at(column))[index];
  }
  LatencyStatistics statistics() const {
    LatencyStatistics s;
    s.latency_us = real("latency_us");
    s.latency_low_us = real("latency_low_us");
    s.latency_high_us = real("latency_high_us");
    s.p50_us = real("p50_us");
    s.p95_us = real("p95_us");
    s.p99_us = real("p99_us");
    s.samples = integer("samples");
    s.rejected = integer("rejected");
    return s;
  }
};

std::size_t rows_of(const Hdf5Table& table, const char* text_column) {
  return std::get<Texts>(table.columns.at(text_column)).size();
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
  auto& state = tables.at("state").attributes;
  state["governor"] = profile.state.governor;
  state["clock_mhz"] = profile.state.clock_mhz;
  state["temperature_c"] = profile.state.temperature_c;
  state["load_1min"] = profile.state.load_1min;
  state["reference_kernel_us"] = profile.state.reference_kernel_us;
}

/// Attributes of one table, checked to be finite.
struct Attributes {
  const Hdf5Table& table;
  const std::string& file;

  double real(const char* name) const {
    const double value = std::get<double>(table.attributes.at(name));
    if (!std::isfinite(value)) throw InputError(file + ": " + name + " is not finite");
    return value;
  }
  double non_negative(const char* name) const {
    const double value = real(name);
    if (value < 0) throw InputError(file + ": " + name + " is negative");
    return value;
  }
  std::int64_t integer(const char* name) const {
    return std::get<std::int64_t>(table.attributes.at(name));
  }
  const std::string& text(const char* name) const {
    return std::get<std::string>(table.attributes.at(name));
  }
};

DeviceDescription read_description(const Attributes& device) {
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

void read_machine(const Attributes& identity, const Attributes& state, DeviceProfile& profile) {
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
  profile.state.governor = state.text("governor");
  profile.state.clock_mhz = state.real("clock_mhz");
  profile.state.temperature_c = state.real("temperature_c");
  profile.state.load_1min = state.real("load_1min");
  profile.state.reference_kernel_us = state.real("reference_kernel_us");
}

// ---- the tables -------------------------------------------------------------------------------

void write_layers(const DeviceProfile& profile, Hdf5Table& table) {
  for (const auto& [key, layer] : profile.layers) {
    std::get<Texts>(table.columns.at("key")).push_back(key);
    append_statistics(table, layer.statistics);
  }
}

void read_layers(const Hdf5Table& table, const std::string& name, DeviceProfile& profile) {
  for (std::size_t i = 0; i < rows_of(table, "key"); ++i) {
    const Row row{table, name, "layers", i};
    LayerMeasurement layer;
    const Status status = LayerKey::parse(row.text("key"), &layer.key);
    if (!status.ok()) fail(name, "layers", i, status.message());
    if (layer.key.text() != row.text("key")) fail(name, "layers", i, "key is not canonical");
    layer.statistics = row.statistics();
    check_statistics(layer.statistics, name, "layers", i);
    if (!profile.layers.emplace(row.text("key"), layer).second) {
      fail(name, "layers", i, "key stands twice: " + row.text("key"));
    }
  }
}

void append_setting(Hdf5Table& table, const std::string& space_digest, Precision precision,
                    int threads, const std::string& kernel_set) {
  std::get<Texts>(table.columns.at("space_digest")).push_back(space_digest);
  std::get<Texts>(table.columns.at("precision")).push_back(precision_name(precision));
  std::get<Integers>(table.columns.at("threads")).push_back(threads);
  std::get<Texts>(table.columns.at("kernel_set")).push_back(kernel_set);
}

void write_networks(const DeviceProfile& profile, Hdf5Table& table) {
  for (const auto& n : profile.networks) {
    std::get<Texts>(table.columns.at("genotype")).push_back(n.genotype);
    append_setting(table, n.space_digest, n.precision, n.threads, n.kernel_set);
    std::get<Reals>(table.columns.at("predicted_sum_us")).push_back(n.predicted_sum_us);
    append_statistics(table, n.statistics);
  }
}

void read_networks(const Hdf5Table& table, const std::string& name, DeviceProfile& profile) {
  for (std::size_t i = 0; i < rows_of(table, "genotype"); ++i) {
    const Row row{table, name, "networks", i};
    NetworkEntry n;
    n.genotype = row.text("genotype");
    n.space_digest = row.text("space_digest");
    n.precision = precision_of(row.text("precision"), name, "networks", i);
    n.threads = row.integer("threads");
    n.kernel_set = row.text("kernel_set");
    n.predicted_sum_us = row.real("predicted_sum_us");
    n.statistics = row.statistics();
    check_statistics(n.statistics, name, "networks", i);
    if (n.threads < 1) fail(name, "networks", i, "threads is not positive");
    if (n.predicted_sum_us < 0) fail(name, "networks", i, "predicted_sum_us is negative");
    profile.networks.push_back(std::move(n));
  }
}

void write_calibrations(const DeviceProfile& profile, Hdf5Table& table) {
  for (const auto& c : profile.calibrations) {
    append_setting(table, c.space_digest, c.precision, c.threads, c.kernel_set);
    std::get<Reals>(table.columns.at("slope")).push_back(c.slope);
    std::get<Reals>(table.columns.at("intercept_us")).push_back(c.intercept_us);
    std::get<Reals>(table.columns.at("relative_half_width_90")).push_back(c.relative_half_width_90);
    std::get<Integers>(table.columns.at("networks")).push_back(c.networks);
  }
}

void read_calibrations(const Hdf5Table& table, const std::string& name, DeviceProfile& profile) {
  for (std::size_t i = 0; i < rows_of(table, "space_digest"); ++i) {
    const Row row{table, name, "calibrations", i};
    Calibration c;
    c.space_digest = row.text("space_digest");
    c.precision = precision_of(row.text("precision"), name, "calibrations", i);
    c.threads = row.integer("threads");
    c.kernel_set = row.text("kernel_set");
    c.slope = row.real("slope");
    c.intercept_us = row.real("intercept_us");
    c.relative_half_width_90 = row.real("relative_half_width_90");
    c.networks = row.integer("networks");
    if (c.threads < 1) fail(name, "calibrations", i, "threads is not positive");
    if (c.slope <= 0) fail(name, "calibrations", i, "slope is not positive");
    if (c.relative_half_width_90 < 0) fail(name, "calibrations", i, "half-width is negative");
    profile.calibrations.push_back(std::move(c));
  }
}

}  // namespace

Hdf5Tables profile_schema() {
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

Hdf5Tables tables_of(const DeviceProfile& profile) {
  Hdf5Tables tables = profile_schema();
  tables.at("").attributes["format"] = std::string("edgefront device profile");
  tables.at("").attributes["version"] = std::int64_t{1};
  write_device(profile, tables);
  write_machine(profile, tables);
  write_layers(profile, tables.at("layers"));
  write_networks(profile, tables.at("networks"));
  write_calibrations(profile, tables.at("calibrations"));
  profile_of(tables, "profile");  // whatever could not be read is refused here, before it is lost
  return tables;
}

DeviceProfile profile_of(const Hdf5Tables& tables, const std::string& name) {
  DeviceProfile profile;
  const Attributes root{tables.at(""), name};
  if (root.text("format") != "edgefront device profile" || root.integer("version") != 1) {
    throw InputError(name + ": the tables are not those of a device profile of version 1");
  }
  profile.created = root.text("created");
  profile.description = read_description({tables.at("device"), name});
  read_machine({tables.at("identity"), name}, {tables.at("state"), name}, profile);
  read_layers(tables.at("layers"), name, profile);
  read_networks(tables.at("networks"), name, profile);
  read_calibrations(tables.at("calibrations"), name, profile);
  return profile;
}

}  // namespace edgefront
