#include "hwprofiles/profile_store.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "hwprofiles/profile_tables.h"
#include "hwprofiles/table_checksum.h"
#include "runtime/file.h"
#include "space/error.h"
#include "tests/hwprofiles/example_profile.h"
#include "tests/runtime/probe/same_statistics.h"
#include "tests/temporary_folder.h"

namespace edgefront {
namespace {

const std::string kFixtures = EDGEFRONT_SOURCE_DIR "/tests/hwprofiles/fixtures/";

std::string message_of(const std::vector<std::uint8_t>& bytes) {
  try {
    decode_profile(bytes, "dev.h5");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void check_description(const DeviceDescription& a, const DeviceDescription& b) {
  CHECK(a.name == b.name);
  CHECK(a.category == b.category);
  CHECK(a.weights_in_ram == b.weights_in_ram);
  REQUIRE(a.energy.has_value());
  CHECK(a.energy->e_op_fp32_pj == b.energy->e_op_fp32_pj);
  CHECK(a.energy->e_op_int8_pj == b.energy->e_op_int8_pj);
  CHECK(a.energy->e_byte_pj == b.energy->e_byte_pj);
  CHECK(a.energy->static_w == b.energy->static_w);
  CHECK(a.energy->citation == b.energy->citation);
  CHECK(a.roofline.fp32_gops == b.roofline.fp32_gops);
  CHECK(a.roofline.int8_gops == b.roofline.int8_gops);
  CHECK(a.roofline.bandwidth_gb_s == b.roofline.bandwidth_gb_s);
  CHECK(a.roofline.overhead_us == b.roofline.overhead_us);
  CHECK(a.roofline.citation == b.roofline.citation);
}

void check_machine(const DeviceProfile& a, const DeviceProfile& b) {
  CHECK(a.created == b.created);
  CHECK(a.identity.cpu_model == b.identity.cpu_model);
  CHECK(a.identity.architecture == b.identity.architecture);
  CHECK(a.identity.os == b.identity.os);
  CHECK(a.identity.features == b.identity.features);
  CHECK(a.identity.kernel_sets == b.identity.kernel_sets);
  CHECK(a.identity.cores == b.identity.cores);
  CHECK(a.identity.memory_bytes == b.identity.memory_bytes);
  CHECK(a.identity.l1d_bytes == b.identity.l1d_bytes);
  CHECK(a.identity.l2_bytes == b.identity.l2_bytes);
  CHECK(a.identity.l3_bytes == b.identity.l3_bytes);
  CHECK(a.identity.core_kind == b.identity.core_kind);
  CHECK(a.identity.kernel_versions == b.identity.kernel_versions);
  CHECK(a.state_at == b.state_at);
  CHECK(a.state.governor == b.state.governor);
  CHECK(a.state.clock_mhz == b.state.clock_mhz);
  CHECK(a.state.temperature_c == b.state.temperature_c);
  CHECK(a.state.load_1min == b.state.load_1min);
  CHECK(a.state.reference_kernel_us == b.state.reference_kernel_us);
}

void check_energy(const DeviceProfile& a, const DeviceProfile& b) {
  REQUIRE(a.energy.size() == b.energy.size());
  for (std::size_t i = 0; i < a.energy.size(); ++i) {
    CHECK(a.energy[i].name == b.energy[i].name);
    CHECK(a.energy[i].space_digest == b.energy[i].space_digest);
    CHECK(a.energy[i].precision == b.energy[i].precision);
    CHECK(a.energy[i].threads == b.energy[i].threads);
    CHECK(a.energy[i].kernel_set == b.energy[i].kernel_set);
    CHECK(a.energy[i].energy_uj == b.energy[i].energy_uj);
    CHECK(a.energy[i].energy_low_uj == b.energy[i].energy_low_uj);
    CHECK(a.energy[i].energy_high_uj == b.energy[i].energy_high_uj);
    CHECK(a.energy[i].updates == b.energy[i].updates);
    CHECK(a.energy[i].source == b.energy[i].source);
    CHECK(a.energy[i].idle_w == b.energy[i].idle_w);
  }
  REQUIRE(a.frequency_points.size() == b.frequency_points.size());
  for (std::size_t i = 0; i < a.frequency_points.size(); ++i) {
    CHECK(a.frequency_points[i].level_khz == b.frequency_points[i].level_khz);
    CHECK(a.frequency_points[i].voltage_v == b.frequency_points[i].voltage_v);
    CHECK(a.frequency_points[i].latency_us == b.frequency_points[i].latency_us);
    CHECK(a.frequency_points[i].power_w == b.frequency_points[i].power_w);
    CHECK(a.frequency_points[i].idle_w == b.frequency_points[i].idle_w);
  }
  REQUIRE(a.thermal.has_value() == b.thermal.has_value());
  if (!a.thermal) return;
  CHECK(a.thermal->ambient_c == b.thermal->ambient_c);
  CHECK(a.thermal->r_c_per_w == b.thermal->r_c_per_w);
  CHECK(a.thermal->tau_s == b.thermal->tau_s);
  CHECK(a.thermal->throttle_c == b.thermal->throttle_c);
  CHECK(a.thermal->recover_c == b.thermal->recover_c);
  CHECK(a.thermal->load_w == b.thermal->load_w);
  CHECK(a.thermal->idle_w == b.thermal->idle_w);
  CHECK(a.thermal->power_source == b.thermal->power_source);
  REQUIRE(a.thermal->curve.size() == b.thermal->curve.size());
  for (std::size_t i = 0; i < a.thermal->curve.size(); ++i) {
    CHECK(a.thermal->curve[i].temperature_c == b.thermal->curve[i].temperature_c);
    CHECK(a.thermal->curve[i].factor == b.thermal->curve[i].factor);
  }
}

void check_equal(const DeviceProfile& a, const DeviceProfile& b) {
  check_description(a.description, b.description);
  check_machine(a, b);
  REQUIRE(a.layers.size() == b.layers.size());
  for (const auto& [text, layer] : a.layers) {
    REQUIRE(b.layers.count(text) == 1);
    CHECK(layer.key.text() == text);
    const LayerEntry& other = b.layers.at(text);
    check_same(layer.statistics, other.statistics);
    CHECK(layer.origin == other.origin);
    CHECK(layer.relative_error == other.relative_error);
    CHECK(layer.measured_at == other.measured_at);
    CHECK(layer.runtime == other.runtime);
  }
  REQUIRE(a.networks.size() == b.networks.size());
  for (std::size_t i = 0; i < a.networks.size(); ++i) {
    CHECK(a.networks[i].genotype == b.networks[i].genotype);
    CHECK(a.networks[i].space_digest == b.networks[i].space_digest);
    CHECK(a.networks[i].precision == b.networks[i].precision);
    CHECK(a.networks[i].threads == b.networks[i].threads);
    CHECK(a.networks[i].kernel_set == b.networks[i].kernel_set);
    CHECK(a.networks[i].predicted_sum_us == b.networks[i].predicted_sum_us);
    check_same(a.networks[i].statistics, b.networks[i].statistics);
    CHECK(a.networks[i].measured_at == b.networks[i].measured_at);
    CHECK(a.networks[i].runtime == b.networks[i].runtime);
    CHECK(a.networks[i].pass_spread == b.networks[i].pass_spread);
  }
  REQUIRE(a.calibrations.size() == b.calibrations.size());
  for (std::size_t i = 0; i < a.calibrations.size(); ++i) {
    CHECK(a.calibrations[i].space_digest == b.calibrations[i].space_digest);
    CHECK(a.calibrations[i].slope == b.calibrations[i].slope);
    CHECK(a.calibrations[i].intercept_us == b.calibrations[i].intercept_us);
    CHECK(a.calibrations[i].relative_half_width_90 == b.calibrations[i].relative_half_width_90);
    CHECK(a.calibrations[i].networks == b.calibrations[i].networks);
    CHECK(a.calibrations[i].terms == b.calibrations[i].terms);
  }
  REQUIRE(a.blocks.size() == b.blocks.size());
  for (const auto& [key, block] : a.blocks) {
    REQUIRE(b.blocks.count(key) == 1);
    CHECK(block.latency_us == b.blocks.at(key).latency_us);
    CHECK(block.deviation_us == b.blocks.at(key).deviation_us);
    CHECK(block.samples == b.blocks.at(key).samples);
  }
  check_energy(a, b);
}

/// With that many layers, so that its tables are longer than a page.
DeviceProfile wide_profile(int layers) {
  DeviceProfile profile = example_profile();
  LayerEntry entry = profile.layers.begin()->second;
  for (int i = 1; i <= layers; ++i) {
    entry.key.output.channels = 8 * i;
    const std::string text = entry.key.text();
    profile.layers.insert_or_assign(text, entry);
  }
  return profile;
}

TEST_CASE("a saved profile is loaded with every value") {
  const TemporaryFolder folder;
  const std::string path = folder.path("dev.h5");
  save_profile(example_profile(), path);
  check_equal(load_profile(path), example_profile());
  save_profile(example_profile(), path);  // over the old one
  check_equal(load_profile(path), example_profile());
  CHECK(folder.files() == 1);
}

TEST_CASE("an empty profile is stored too") {
  const DeviceProfile loaded = decode_profile(encode_profile(DeviceProfile{}), "dev.h5");
  CHECK(loaded.layers.empty());
  CHECK(loaded.networks.empty());
  CHECK_FALSE(loaded.description.energy.has_value());
}

TEST_CASE("the same profile gives the same bytes") {
  const auto first = encode_profile(example_profile());
  ::sleep(1);  // times in HDF5 files have this resolution
  CHECK(encode_profile(example_profile()) == first);
  CHECK(encode_profile(decode_profile(first, "dev.h5")) == first);
}

TEST_CASE("the HDF5 signature stands behind a user block of 512 bytes") {
  const auto bytes = encode_profile(example_profile());
  const std::uint8_t signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  REQUIRE(bytes.size() > 520);
  CHECK(std::memcmp(bytes.data() + 512, signature, sizeof signature) == 0);
}

TEST_CASE("the fixtures of both versions are read with their numbers") {
  check_equal(load_profile(kFixtures + "profile_v1.h5"), example_profile_1());
  check_equal(load_profile(kFixtures + "profile_v2.h5"), example_profile());
}

TEST_CASE("a flip of any byte, of one bit or of all, is an InputError") {
  const auto good = encode_profile(example_profile());
  auto bytes = good;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int mask : {1 << i % 8, 0x55 << i % 2, 0xff}) {
      bytes[i] = static_cast<std::uint8_t>(good[i] ^ mask);
      const std::string message = message_of(bytes);
      if (!message.starts_with("dev.h5: ")) FAIL("byte " << i << " ^ " << mask << ": " << message);
    }
    bytes[i] = good[i];
  }
  CHECK(message_of(bytes).empty());
}

TEST_CASE("a file that ends at any multiple of 4 KiB is refused with its length") {
  const TemporaryFolder folder;
  const std::string path = folder.path("dev.h5");
  for (const DeviceProfile& profile : {DeviceProfile{}, example_profile(), wide_profile(400)}) {
    const auto good = encode_profile(profile);
    for (std::size_t size = 0; size < good.size(); size += 4096) {
      REQUIRE(write_file_atomic(path, good.data(), size).ok());
      const std::string length = "truncated: " + std::to_string(size) + " bytes";
      const std::string header = "truncated or extended: " + std::to_string(size) + " bytes";
      CHECK_THROWS_WITH_AS(load_profile(path),
                           doctest::Contains((size < 512 ? length : header).c_str()), InputError);
    }
  }
}

TEST_CASE("a truncation at any length is an InputError that says so") {
  const auto good = encode_profile(example_profile());
  for (std::size_t size = 0; size < good.size(); size += size < 1024 ? 1 : 97) {
    const std::string message = message_of({good.begin(), good.begin() + size});
    if (!contains(message, "truncated")) FAIL("length " << size << ": " << message);
  }
  auto longer = good;
  longer.push_back(0);
  CHECK(contains(message_of(longer), "truncated or extended"));
}

TEST_CASE("messages say file and cause") {
  auto bytes = encode_profile(example_profile());
  bytes[8] = 3;
  CHECK(message_of(bytes) ==
        "dev.h5: device profile of version 3; this program reads versions 1 to 2");
  bytes[0] = 'x';
  CHECK(contains(message_of(bytes), "dev.h5: not a device profile"));
  CHECK(contains(message_of({}), "dev.h5: truncated: 0 bytes"));
  CHECK_THROWS_WITH_AS(load_profile("/nonexistent/dev.h5"), doctest::Contains("/nonexistent"),
                       InputError);
  CHECK_THROWS_AS(save_profile(example_profile(), "/proc/nowhere/dev.h5"), EnvironmentError);
}

TEST_CASE("values that no measurement gives are not stored") {
  DeviceProfile profile = example_profile();
  profile.layers.begin()->second.statistics.latency_us = std::nan("");
  CHECK_THROWS_WITH_AS(encode_profile(profile), doctest::Contains("layers[0]"), InputError);
  profile = example_profile();
  profile.layers.begin()->second.statistics.p95_us = 0.1;
  CHECK_THROWS_WITH_AS(encode_profile(profile), doctest::Contains("not positive and in order"),
                       InputError);
  profile = example_profile();
  profile.calibrations[0].slope = -1;
  CHECK_THROWS_WITH_AS(encode_profile(profile), doctest::Contains("slope"), InputError);
  profile = example_profile();
  profile.state.temperature_c = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS(encode_profile(profile), doctest::Contains("temperature_c"), InputError);
  profile = example_profile();
  profile.layers.emplace("not a key", profile.layers.begin()->second);
  CHECK_THROWS_WITH_AS(encode_profile(profile), doctest::Contains("not a key"), InputError);
}

TEST_CASE("energy, clocks and heat out of range are not stored") {
  const auto message = [](const std::function<void(DeviceProfile&)>& change) -> std::string {
    DeviceProfile profile = example_profile();
    change(profile);
    try {
      encode_profile(profile);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  using P = DeviceProfile;
  CHECK(contains(message([](P& p) { p.energy[1].energy_low_uj = 15; }), "energy[1]: energy_uj"));
  CHECK(contains(message([](P& p) { p.energy[0].source = ""; }), "source may not be empty"));
  CHECK(contains(message([](P& p) { p.energy[0].threads = 0; }), "threads is not positive"));
  CHECK(contains(message([](P& p) { p.frequency_points[1].level_khz = 600000; }), "rising"));
  CHECK(contains(message([](P& p) { p.frequency_points[0].voltage_v = -2; }), "nor -1"));
  CHECK(contains(message([](P& p) { p.thermal->recover_c = 90; }), "recover_c is above"));
  CHECK(contains(message([](P& p) { p.thermal->curve[1].temperature_c = 80; }), "do not rise"));
  CHECK(contains(message([](P& p) { p.thermal->curve[0].factor = 1.5; }), "above 1"));
  CHECK(contains(message([](P& p) { p.layers.begin()->second.relative_error = -1; }),
                 "relative_error is negative"));
  CHECK(contains(message([](P& p) { p.calibrations[0].terms["x"] = std::nan(""); }),
                 "calibration_terms[2]: value is not finite"));
  CHECK(contains(message([](P& p) { p.blocks.begin()->second.latency_us = -1; }),
                 "blocks[0]: latency_us is negative"));
  CHECK(contains(message([](P& p) {
                   p.blocks["mbconv 1x1x1"] = {1, -1, -1};
                 }),
                 "\"1x1x1\" is not understood"));
}

TEST_CASE("a group that changed under a valid digest is named by its own checksum") {
  Hdf5Tables tables = tables_of(example_profile());
  add_checksums(tables);
  std::get<std::vector<double>>(tables["networks"].columns["latency_us"])[0] += 0.5;
  CHECK_THROWS_WITH_AS(check_checksums(tables), doctest::Contains("group /networks is corrupt"),
                       InputError);
}

TEST_CASE("tables of other contents are refused by name") {
  Hdf5Tables tables = tables_of(example_profile());
  std::get<std::vector<std::string>>(tables["networks"].columns["precision"])[0] = "int4";
  CHECK_THROWS_WITH_AS(profile_of(tables, "dev.h5"),
                       "dev.h5: networks[0]: precision is \"int4\"; accepted: fp32, int8",
                       InputError);
  tables = tables_of(example_profile());
  auto& keys = std::get<std::vector<std::string>>(tables["layers"].columns["key"]);
  keys[1] = keys[0];
  CHECK_THROWS_WITH_AS(profile_of(tables, "dev.h5"), doctest::Contains("stands twice"), InputError);
  tables = tables_of(example_profile());
  std::get<std::vector<std::int64_t>>(tables["layers"].columns["samples"])[0] = 1LL << 40;
  CHECK_THROWS_WITH_AS(profile_of(tables, "dev.h5"), doctest::Contains("samples is out of range"),
                       InputError);
  tables = tables_of(example_profile());
  std::get<std::vector<std::string>>(tables["layers"].columns["origin"])[1] = "guessed";
  CHECK_THROWS_WITH_AS(profile_of(tables, "dev.h5"), doctest::Contains("origin is \"guessed\""),
                       InputError);
  tables = tables_of(example_profile());
  std::get<std::vector<std::int64_t>>(tables["calibration_terms"].columns["calibration"])[0] = 1;
  CHECK_THROWS_WITH_AS(profile_of(tables, "dev.h5"), doctest::Contains("no calibration 1"),
                       InputError);
}

}  // namespace
}  // namespace edgefront
