#include "runtime/probe/power_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "runtime/probe/system_files.h"

namespace edgefront {
namespace {

constexpr double kRaplUpdate_s = 1e-3;   // Intel SDM 15.10.1: about every millisecond
constexpr double kHwmonUpdate_s = 0.05;  // where the chip does not say
constexpr double kBatteryUpdate_s = 1;   // fuel gauges average over about a second
constexpr double kUjPerUwh = 3600;

struct Found {
  SensorAccess access = SensorAccess::kAbsent;
  PowerSource source;
  std::string note;  // why it is not readable
};

// 0, or the errno of opening or reading the file: sensors also fail when they are read (no data,
// not permitted), and a file that is there but cannot be read is not an absent one.
int read_error(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  char byte = 0;
  const int error = read(file, &byte, 1) < 0 ? errno : 0;
  close(file);
  return error;
}

bool absent(int error) { return error == ENOENT || error == ENOTDIR; }

std::string remedy(const std::string& path, int error) {
  std::string text = path + ": " + std::strerror(error);
  if (error == EACCES || error == EPERM) {
    text += "; run as root, or once as root: chmod a+r " + path;
  }
  return text;
}

bool read_number(const std::string& path, double* out) {
  const std::string line = first_line(path);
  char* end = nullptr;
  *out = std::strtod(line.c_str(), &end);
  return end != line.c_str() && std::isfinite(*out);
}

// Adds a channel whose files can be read; otherwise tells why.
void add(PowerChannel channel, Found* found) {
  for (const std::string& path : {channel.path, channel.second_path}) {
    if (path.empty()) continue;
    if (const int error = read_error(path); error != 0) {
      if (!absent(error) && found->note.empty()) found->note = remedy(path, error);
      return;
    }
  }
  double unused = 0;
  if (!read_channel(channel, &unused)) {
    if (found->note.empty()) found->note = channel.path + ": no number";
    return;
  }
  found->source.channels.push_back(std::move(channel));
}

void conclude(const char* kind, double update_interval_s, Found* found) {
  found->source.kind = kind;
  found->source.update_interval_s = update_interval_s;
  if (!found->source.channels.empty()) {
    found->access = SensorAccess::kReadable;
  } else if (!found->note.empty()) {
    found->access = SensorAccess::kUnreadable;
  }
}

// AMD processors have these files under the same name. "intel-rapl:0" is a package;
// "intel-rapl:0:1" is a part of it and would be counted twice, and so would be the whole platform
// ("psys"), which stands beside the packages.
Found find_rapl(const std::string& root) {
  Found found;
  for (const std::string& zone : entries_in(root + "/sys/class/powercap", "intel-rapl:")) {
    PowerChannel channel;
    channel.kind = ChannelKind::kCounter;
    channel.name = first_line(zone + "/name");
    channel.path = zone + "/energy_uj";
    if (channel.name.compare(0, 7, "package") != 0) continue;
    channel.range_uj = std::max(0.0, number_in(zone + "/max_energy_range_uj"));
    add(std::move(channel), &found);
  }
  conclude("rapl", kRaplUpdate_s, &found);
  return found;
}

// The name that the board's maker gave to a rail, or the file's own.
std::string label_of(const std::string& chip, const std::string& channel) {
  const std::string label = first_line(chip + "/" + channel + "_label");
  return label.empty() ? channel : label;
}

// Rails that feed all the others: the boards' input.
bool is_total(const std::string& label) {
  const std::string end = "_IN";
  return label.size() > end.size() &&
         label.compare(label.size() - end.size(), end.size(), end) == 0;
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// "power1_input" → "power1".
std::string channel_name(const std::string& path) {
  const std::string name = file_name(path);
  return name.substr(0, name.find('_'));
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

void add_chip(const std::string& chip, bool pairs, Found* found) {
  for (const std::string& path : entries_in(chip, "power")) {
    if (!ends_with(path, "_input") && !ends_with(path, "_average")) continue;
    PowerChannel channel;
    channel.name = label_of(chip, channel_name(path));
    channel.path = path;
    channel.scale = 1e-6;  // µW
    add(std::move(channel), found);
  }
  if (!found->source.channels.empty() || !pairs) return;
  for (const std::string& path : entries_in(chip, "curr")) {
    if (!ends_with(path, "_input")) continue;
    const std::string number = channel_name(path).substr(4);
    if (first_line(chip + "/in" + number + "_enable") == "0") continue;
    PowerChannel channel;
    channel.name = label_of(chip, "in" + number);
    channel.path = path;                                     // mA
    channel.second_path = chip + "/in" + number + "_input";  // mV
    channel.scale = 1e-6;
    add(std::move(channel), found);
  }
}

double update_interval_s(const std::string& chip) {
  const double ms = number_in(chip + "/update_interval");
  if (ms > 0) return ms * 1e-3;
  const double average_ms = number_in(chip + "/power1_average_interval");
  return average_ms > 0 ? average_ms * 1e-3 : kHwmonUpdate_s;
}

// A graphics card's or a disk's own meter says nothing of the processor.
bool measures_machine(const std::string& chip) {
  const std::string name = first_line(chip + "/name");
  for (const char* other : {"amdgpu", "radeon", "nouveau", "i915", "xe", "nvme"}) {
    if (name == other) return false;
  }
  return true;
}

// Current and voltage of one number belong together on power monitors only: on other chips they are
// different rails.
Found find_hwmon(const std::string& root, const char* kind, bool ina3221) {
  Found found;
  double slowest_s = 0;
  for (const std::string& chip : entries_in(root + "/sys/class/hwmon", "hwmon")) {
    const std::string name = first_line(chip + "/name");
    if ((name == "ina3221") != ina3221 || !measures_machine(chip)) continue;
    Found one;
    add_chip(chip, name.compare(0, 3, "ina") == 0, &one);
    if (found.note.empty()) found.note = one.note;
    if (one.source.channels.empty()) continue;
    slowest_s = std::max(slowest_s, update_interval_s(chip));
    for (PowerChannel& channel : one.source.channels) {
      found.source.channels.push_back(std::move(channel));
    }
  }
  std::vector<PowerChannel>& all = found.source.channels;
  const auto total =
      std::find_if(all.begin(), all.end(), [](const PowerChannel& c) { return is_total(c.name); });
  if (total != all.end()) all = {*total};
  conclude(kind, slowest_s, &found);
  return found;
}

// What the battery tells about itself, the most direct first. On a charger it tells what it is
// charged with, not what the machine takes.
Found find_battery(const std::string& root) {
  Found found;
  for (const std::string& supply : entries_in(root + "/sys/class/power_supply", "")) {
    if (first_line(supply + "/type") != "Battery") continue;
    if (first_line(supply + "/scope") == "Device") continue;  // of a mouse
    if (first_line(supply + "/status") != "Discharging") {
      found.note = supply + ": not discharging; unplug the charger";
      continue;
    }
    const PowerChannel ways[] = {
        {ChannelKind::kPower, "", supply + "/power_now", "", 1e-6, 0},
        {ChannelKind::kPower, "", supply + "/current_now", supply + "/voltage_now", 1e-12, 0},
        {ChannelKind::kGauge, "", supply + "/energy_now", "", kUjPerUwh, 0},
        {ChannelKind::kGauge, "", supply + "/charge_now", supply + "/voltage_now", kUjPerUwh * 1e-6,
         0},
    };
    for (PowerChannel way : ways) {
      way.name = file_name(supply);
      add(std::move(way), &found);
      if (!found.source.channels.empty()) break;
    }
    if (!found.source.channels.empty()) break;
  }
  conclude("battery", kBatteryUpdate_s, &found);
  return found;
}

}  // namespace

std::string PowerSource::name() const {
  if (channels.empty()) return "none";
  std::string text = kind;
  for (std::size_t i = 0; i < channels.size(); ++i) text += (i == 0 ? " " : "+") + channels[i].name;
  return text;
}

bool read_channel(const PowerChannel& channel, double* value) {
  double first = 0, second = 1;
  if (!read_number(channel.path, &first)) return false;
  if (!channel.second_path.empty() && !read_number(channel.second_path, &second)) return false;
  *value = first * second * channel.scale;
  // Drivers differ in the sign of a battery's current.
  if (channel.kind == ChannelKind::kPower) *value = std::fabs(*value);
  return channel.kind == ChannelKind::kPower || *value >= 0;
}

PowerSearch find_power_source(const std::string& root) {
  Found all[] = {find_rapl(root), find_hwmon(root, "ina3221", true),
                 find_hwmon(root, "hwmon", false), find_battery(root)};
  PowerSearch search;
  for (Found& found : all) {
    if (found.access == SensorAccess::kAbsent) continue;
    if (search.note.empty()) search.note = found.note;
    search.access = found.access;
    if (found.access != SensorAccess::kReadable) continue;
    search.source = std::move(found.source);
    return search;
  }
  if (search.access == SensorAccess::kAbsent) {
    search.note =
        "no power sensor: none of RAPL (/sys/class/powercap), hwmon (/sys/class/hwmon) and a "
        "battery (/sys/class/power_supply)";
  }
  return search;
}

}  // namespace edgefront
