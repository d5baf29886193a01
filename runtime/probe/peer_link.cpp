#include "runtime/probe/peer_link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "runtime/probe/clock.h"
#include "runtime/probe/system_files.h"

namespace edgefront {
namespace {

constexpr int kAttempts = 5;
constexpr int kPatienceMs = 200;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

bool numeric_address(const std::string& host, int port, Address* out) {
  const auto network_port = htons(static_cast<std::uint16_t>(port));
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out->storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = network_port;
    out->size = sizeof *v4;
    return true;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out->storage);
  if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = network_port;
    out->size = sizeof *v6;
    return true;
  }
  return false;
}

// The address that /etc/hosts gives a name, or the name itself.
std::string looked_up(const std::string& root, const std::string& name) {
  for (const std::string& line : lines_of(root + "/etc/hosts")) {
    const std::vector<std::string> words = words_of(line.substr(0, line.find('#')));
    if (words.size() > 1 && std::find(words.begin() + 1, words.end(), name) != words.end()) {
      return words[0];
    }
  }
  return name;
}

// −1 where no answer comes in time.
double connect_us(const Address& address) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const std::uint64_t start = ticks_now();
  const auto* target = reinterpret_cast<const sockaddr*>(&address.storage);
  int error = connect(fd, target, address.size) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd wait{fd, POLLOUT, 0};
    socklen_t size = sizeof error;
    const bool answered = poll(&wait, 1, kPatienceMs) == 1;
    if (!answered || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = ETIMEDOUT;
  }
  const double us = elapsed_us(ticks_now() - start);
  close(fd);
  return error == 0 || error == ECONNREFUSED ? us : -1;
}

}  // namespace

Status measure_peer(const std::string& root, const std::string& peer, PeerLink* out) {
  *out = {};
  const std::size_t colon = peer.rfind(':');
  std::string host = colon == std::string::npos ? "" : peer.substr(0, colon);
  char* end = nullptr;
  const long port =
      colon == std::string::npos ? 0 : std::strtol(peer.c_str() + colon + 1, &end, 10);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  Address address;
  if (host.empty() || end == nullptr || *end != '\0' || port < 1 || port > 65535 ||
      !numeric_address(looked_up(root, host), static_cast<int>(port), &address)) {
    return Status::invalid("peer is '" + peer +
                           "'; accepted is ADDRESS:PORT, or NAME:PORT with a name of /etc/hosts");
  }
  std::vector<double> times;
  for (int i = 0; i < kAttempts; ++i) {
    const double us = connect_us(address);
    if (us < 0) return {};
    times.push_back(us);
  }
  std::sort(times.begin(), times.end());
  out->round_trip_us = times.front();
  out->median_us = times[times.size() / 2];
  return {};
}

}  // namespace edgefront
