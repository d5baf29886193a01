// How far away a peer is: the time that a TCP connection takes to come about is one round trip.
#pragma once

#include <string>

#include "runtime/status.h"

namespace edgefront {

struct PeerLink {
  double round_trip_us = -1;  ///< the shortest of five; −1: the peer did not answer
  double median_us = -1;
};

/// `peer` is "ADDRESS:PORT" ("[ADDRESS]:PORT" for IPv6) or "NAME:PORT" with a name of /etc/hosts
/// below `root`: names are not asked for on the network, which a static program cannot do by
/// itself. A refused connection is an answer too. Waits at most 0.2 s for each of the five. Invalid
/// for anything else.
Status measure_peer(const std::string& root, const std::string& peer, PeerLink* out);

}  // namespace edgefront
