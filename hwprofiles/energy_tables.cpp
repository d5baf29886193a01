#include "hwprofiles/energy_tables.h"

#include "hwprofiles/profile_rows.h"
#include "space/error.h"

namespace edgefront {
namespace {

void write_energy(const DeviceProfile& profile, Hdf5Table& table) {
  for (const auto& e : profile.energy) {
    append(table, "name", e.name);
    append_setting(table, e.space_digest, e.precision, e.threads, e.kernel_set);
    append(table, "energy_uj", e.energy_uj);
    append(table, "energy_low_uj", e.energy_low_uj);
    append(table, "energy_high_uj", e.energy_high_uj);
    append(table, "updates", std::int64_t{e.updates});
    append(table, "source", e.source);
    append(table, "idle_w", e.idle_w);
  }
}

void read_energy(const Hdf5Table& table, const std::string& file, DeviceProfile& profile) {
  for (std::size_t i = 0; i < rows_of(table, "name"); ++i) {
    const TableRow row{table, file, "energy", i};
    EnergyEntry e;
    e.name = row.text("name");
    row.read_setting(e);
    e.energy_uj = row.positive("energy_uj");
    e.energy_low_uj = row.real("energy_low_uj");
    e.energy_high_uj = row.real("energy_high_uj");
    e.updates = row.integer("updates");
    e.source = row.text("source");
    e.idle_w = row.non_negative("idle_w");
    if (e.name.empty() || e.source.empty()) row.fail("name and source may not be empty");
    if (e.energy_low_uj > e.energy_uj || e.energy_uj > e.energy_high_uj) {
      row.fail("energy_uj is not within its interval");
    }
    profile.energy.push_back(std::move(e));
  }
}

void write_frequency_points(const DeviceProfile& profile, Hdf5Table& table) {
  for (const auto& point : profile.frequency_points) {
    append(table, "level_khz", point.level_khz);
    append(table, "voltage_v", point.voltage_v);
    append(table, "latency_us", point.latency_us);
    append(table, "power_w", point.power_w);
    append(table, "idle_w", point.idle_w);
  }
}

void read_frequency_points(const Hdf5Table& table, const std::string& file,
                           DeviceProfile& profile) {
  const auto& levels = std::get<Integers>(table.columns.at("level_khz"));
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const TableRow row{table, file, "frequency_points", i};
    const bool rises = levels[i] > (i == 0 ? 0 : levels[i - 1]);
    if (!rises) row.fail("level_khz is not positive and rising");
    profile.frequency_points.push_back(
        {levels[i], row.positive_or_unknown("voltage_v"), row.positive("latency_us"),
         row.positive_or_unknown("power_w"), row.at_least_zero_or_unknown("idle_w")});
  }
}

void write_thermal(const DeviceProfile& profile, Hdf5Table& table) {
  const ThermalConstants t = profile.thermal.value_or(ThermalConstants{});
  table.attributes["known"] = std::int64_t{profile.thermal.has_value()};
  table.attributes["ambient_c"] = t.ambient_c;
  table.attributes["r_c_per_w"] = t.r_c_per_w;
  table.attributes["tau_s"] = t.tau_s;
  table.attributes["throttle_c"] = t.throttle_c;
  table.attributes["recover_c"] = t.recover_c;
  table.attributes["load_w"] = t.load_w;
  table.attributes["idle_w"] = t.idle_w;
  table.attributes["power_source"] = t.power_source;
  for (const auto& point : t.curve) {
    append(table, "temperature_c", point.temperature_c);
    append(table, "factor", point.factor);
  }
}

void read_thermal(const Hdf5Table& table, const std::string& file, DeviceProfile& profile) {
  const TableAttributes attributes{table, file};
  ThermalConstants t;
  t.ambient_c = attributes.real("ambient_c");
  t.r_c_per_w = attributes.non_negative("r_c_per_w");
  t.tau_s = attributes.non_negative("tau_s");
  t.throttle_c = attributes.real("throttle_c");
  t.recover_c = attributes.real("recover_c");
  t.load_w = attributes.non_negative("load_w");
  t.idle_w = attributes.non_negative("idle_w");
  t.power_source = attributes.text("power_source");
  if (t.recover_c > t.throttle_c) {
    throw InputError(file + ": thermal: recover_c is above throttle_c");
  }
  const auto& temperatures = std::get<Reals>(table.columns.at("temperature_c"));
  for (std::size_t i = 0; i < temperatures.size(); ++i) {
    const TableRow row{table, file, "thermal", i};
    const ThrottlePoint point{row.real("temperature_c"), row.positive("factor")};
    if (point.factor > 1) row.fail("factor is above 1");
    if (i > 0 && point.temperature_c <= temperatures[i - 1]) row.fail("temperatures do not rise");
    t.curve.push_back(point);
  }
  if (attributes.integer("known") != 0) profile.thermal = std::move(t);
}

}  // namespace

void add_energy_schema(Hdf5Tables& schema) {
  auto& energy = schema["energy"].columns;
  for (const char* word : {"name", "space_digest", "precision", "kernel_set", "source"}) {
    energy[word] = Texts{};
  }
  for (const char* count : {"threads", "updates"}) energy[count] = Integers{};
  for (const char* value : {"energy_uj", "energy_low_uj", "energy_high_uj", "idle_w"}) {
    energy[value] = Reals{};
  }
  auto& points = schema["frequency_points"].columns;
  points["level_khz"] = Integers{};
  for (const char* value : {"voltage_v", "latency_us", "power_w", "idle_w"}) {
    points[value] = Reals{};
  }
  auto& thermal = schema["thermal"];
  thermal.attributes["known"] = std::int64_t{0};
  for (const char* value :
       {"ambient_c", "r_c_per_w", "tau_s", "throttle_c", "recover_c", "load_w", "idle_w"}) {
    thermal.attributes[value] = 0.0;
  }
  thermal.attributes["power_source"] = std::string();
  for (const char* value : {"temperature_c", "factor"}) thermal.columns[value] = Reals{};
}

void write_energy_tables(const DeviceProfile& profile, Hdf5Tables& tables) {
  write_energy(profile, tables.at("energy"));
  write_frequency_points(profile, tables.at("frequency_points"));
  write_thermal(profile, tables.at("thermal"));
}

void read_energy_tables(const Hdf5Tables& tables, const std::string& file, DeviceProfile& profile) {
  read_energy(tables.at("energy"), file, profile);
  read_frequency_points(tables.at("frequency_points"), file, profile);
  read_thermal(tables.at("thermal"), file, profile);
}

}  // namespace edgefront
