#include "runtime/probe/description.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "tests/runtime/probe/fake_root.h"

using namespace edgefront;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A port of this machine that accepts connections, for the lifetime of the object.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(fd_, 16) == 0 &&
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
      port = ntohs(address.sin_port);
    }
  }
  ~Listener() { close(fd_); }
  int port = 0;

 private:
  int fd_;
};

}  // namespace

TEST_CASE("the present state is read from its files") {
  FakeRoot root;
  root.write("/proc/meminfo", "MemTotal: 4000 kB\nMemFree: 10 kB\nMemAvailable:    2000 kB\n");
  root.write("/sys/class/power_supply/AC/type", "Mains\n");
  root.write("/sys/class/power_supply/BAT0/type", "Battery\n");
  root.write("/sys/class/power_supply/BAT0/capacity", "83\n");
  root.write("/sys/class/power_supply/BAT0/status", "Discharging\n");
  const std::string zone = "/sys/class/thermal/thermal_zone0";
  root.write(zone + "/type", "cpu-thermal\n");
  root.write(zone + "/temp", "45500\n");
  root.write(zone + "/trip_point_0_type", "critical\n");
  root.write(zone + "/trip_point_0_temp", "110000\n");
  root.write(zone + "/trip_point_1_type", "passive\n");
  root.write(zone + "/trip_point_1_temp", "80000\n");
  root.write(zone + "/trip_point_2_type", "active\n");
  root.write(zone + "/trip_point_2_temp", "50000\n");
  MachineDescription machine;
  machine.present = read_present(root.path());
  CHECK(machine.present.free_memory_bytes == 2000 * 1024);
  CHECK(machine.present.battery_percent == 83);
  CHECK(machine.present.battery_status == "Discharging");
  REQUIRE(machine.present.zones.size() == 1);
  CHECK(trip_c(machine.present.zones[0]) == 80);  // a fan ("active") slows nothing
  const std::string line = description_line(machine);
  CHECK(contains(line,
                 "\"free_memory_bytes\":2048000,"
                 "\"battery\":{\"percent\":83,\"status\":\"Discharging\"}"));
  CHECK(contains(line,
                 "{\"zone\":\"cpu-thermal\",\"temperature_c\":45.5,\"trip_c\":80,"
                 "\"headroom_c\":34.5}"));
}

TEST_CASE("what cannot be read is unknown, each by itself") {
  FakeRoot root;
  MachineDescription machine;
  machine.present = read_present(root.path());
  const std::string line = description_line(machine);
  CHECK(contains(line, "{\"result\":\"description\",\"version\":"));
  CHECK(contains(line, "\"device\":{\"cpu_model\":\"\""));
  CHECK(contains(line,
                 "\"peaks\":\"unknown\",\"present\":{\"free_memory_bytes\":\"unknown\","
                 "\"battery\":\"unknown\",\"thermal\":\"unknown\",\"link\":\"unknown\"}}"));
  machine.present.zones = {{"odd \"name\"\n", -1, {}}};
  CHECK(contains(description_line(machine),
                 "{\"zone\":\"odd ?name??\",\"temperature_c\":\"unknown\",\"trip_c\":\"unknown\","
                 "\"headroom_c\":\"unknown\"}"));
}

TEST_CASE("measured peaks stand there per precision and level") {
  MachineDescription machine;
  machine.roofs = Roofs{"avx2", 90.5, 180, {{"L1", 32768, 16384, 200}, {"DRAM", 0, 1, 20.5}}};
  CHECK(contains(description_line(machine),
                 "\"peaks\":{\"kernel_set\":\"avx2\",\"fp32_gops\":90.5,\"int8_gops\":180,"
                 "\"bandwidth\":[{\"level\":\"L1\",\"bytes\":32768,\"gb_s\":200},"
                 "{\"level\":\"DRAM\",\"bytes\":0,\"gb_s\":20.5}]}"));
}

TEST_CASE("a peer that accepts or refuses tells the round trip, by address or name") {
  FakeRoot root;
  root.write("/etc/hosts", "# comment\n127.0.0.1 localhost gateway # mine\n");
  const Listener listener;
  REQUIRE(listener.port > 0);
  PeerLink link;
  for (const char* host : {"127.0.0.1:", "gateway:"}) {
    REQUIRE(measure_peer(root.path(), host + std::to_string(listener.port), &link).ok());
    CHECK(link.round_trip_us > 0);
    CHECK(link.median_us >= link.round_trip_us);
  }
  CHECK(measure_peer(root.path(), "127.0.0.1:1", &link).ok());
  CHECK(link.round_trip_us > 0);  // nobody listens there: refused
}

TEST_CASE("what is no address is refused with what is accepted") {
  FakeRoot root;
  PeerLink link;
  for (const char* peer : {"", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:80x", ":80", "nobody:80",
                           "127.0.0.1:70000", "[::1:80"}) {
    CAPTURE(peer);
    const Status status = measure_peer(root.path(), peer, &link);
    CHECK(status.code() == StatusCode::kInvalid);
    CHECK(contains(status.message(), "accepted is ADDRESS:PORT"));
  }
}
