// Where measurements are made: in this process, or by a probe behind a command. One place for that
// choice; commands and pipelines take a MeasuringDevice and do not ask which it is.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hwprofiles/probe_link.h"
#include "runtime/kernels/kernel_set.h"
#include "runtime/model.h"
#include "runtime/probe/probe.h"
#include "runtime/probe/roofs.h"

namespace edgefront {

struct DeviceLinkOptions {
  LinkOptions link;
  int retries = 0;              ///< so many times a cut line is opened again, in all
  int retry_wait_ms = 2000;     ///< before each
  int layers_per_batch = 200;   ///< what a cut can lose; whole chains, so it may be a few more
  int networks_per_batch = 25;  ///< fewer where the lines would grow beyond 64 MiB
  std::function<void(const std::string&)> notice;  ///< of cuts that are tried again; may be empty
};

/// Empty, or what differs, e.g. "cores is "4" on the device and "8" in the profile". The OS and
/// this program's kernel sets may change; what times depend on may not.
std::string identity_difference(const DeviceIdentity& profile, const DeviceIdentity& device);

/// Throws InputError for what cannot be measured, EnvironmentError where the device fails; LinkCut,
/// when the retries are spent, for a line that is cut. Used by one thread at a time.
class MeasuringDevice {
 public:
  /// This machine, in this process.
  MeasuringDevice();
  /// Starts the command.
  explicit MeasuringDevice(DeviceLinkOptions options);
  ~MeasuringDevice();

  bool remote() const { return link_ != nullptr; }
  /// "this machine", or the command.
  std::string name() const;
  const DeviceIdentity& identity() const { return identity_; }
  DeviceState state();

  /// The set of that name, or of EDGEFRONT_KERNELS on this machine, or the best that the device
  /// has. Throws EnvironmentError where the probe has other versions of its kernels than this
  /// program: their times would never be looked up.
  const KernelSet& kernel_set(const std::string& name) const;

  /// `keys` are distinct. `take` gets what is finished, in portions and in any order; what it got
  /// before an exception holds.
  using TakeLayers = std::function<void(const std::vector<LayerMeasurement>&)>;
  void measure_layers(const std::vector<LayerKey>& keys, const ProtocolOptions& protocol,
                      const ProbeProgress& progress, const TakeLayers& take);

  struct Network {
    std::string name;
    LayerGraph graph;              ///< run with generated weights, unless there is a
    const Model* model = nullptr;  ///< model; outlives the call
  };
  /// `index` is that of the network; `facts` are filled by a probe only.
  using TakeNetwork = std::function<void(std::size_t index, const NetworkMeasurement& measured,
                                         const NetworkFacts& facts)>;
  /// `kernel_set` is a name. Networks of one call are interleaved as far as memory allows.
  void measure_networks(const std::vector<Network>& networks, const std::string& kernel_set,
                        int threads, const ProtocolOptions& protocol, const ProbeProgress& progress,
                        const TakeNetwork& take);

  /// Of one thread; takes about a second.
  Roofs measure_roofs(const KernelSet& set);

  /// A model file on the device's own disk; remote only.
  NetworkMeasurement measure_file(const std::string& path, const std::string& kernel_set,
                                  int threads, const ProtocolOptions& protocol,
                                  NetworkFacts* facts);

 private:
  void connect();
  void reconnect_or_throw(const LinkCut& cause);
  void run(const std::vector<ProbeJob>& jobs, const ProtocolOptions& protocol,
           const ProbeProgress& progress, const ProbeLink::Answer& answer);
  void measure_networks_here(const std::vector<Network>& networks, const std::string& kernel_set,
                             int threads, const ProtocolOptions& protocol,
                             const ProbeProgress& progress, const TakeNetwork& take);

  DeviceLinkOptions options_;
  DeviceIdentity identity_;
  std::unique_ptr<ProbeLink> link_;  ///< null: this process
};

/// Portions of `keys` of about `limit`, each of whole chains (runtime/probe/chains.h) of the
/// protocol's size, so that layers are measured among those that they can be joined with.
std::vector<std::vector<LayerKey>> layer_batches(const std::vector<LayerKey>& keys, int limit,
                                                 const ProtocolOptions& protocol);

}  // namespace edgefront
