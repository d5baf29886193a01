// What one inference costs where a network is deployed: the device's own time and energy, and with
// them the link, the updates, the idle time and the money around it, all amortised per inference.
// Pure functions of a network's cost and the [deployment] table of an experiment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace edgefront {

struct NetworkCost;

/// Who answers, and how the network gets to the device.
///   standalone    the device alone; new versions of the network are downloaded
///   hybrid        as standalone, but a share of the inferences is sent on to the cloud
///   hierarchical  a gateway stands between: it downloads a version once for all of its devices,
///                 answers what they send on, and escalates a share of that to the cloud
///   federated     the devices train: every period they download the global network, train it on
///                 local samples and upload it again (federated averaging, McMahan et al. 2017)
enum class DeploymentPattern { kStandalone, kHybrid, kHierarchical, kFederated };

/// [deployment]. Prices are in any one currency.
struct DeploymentOptions {
  DeploymentPattern pattern = DeploymentPattern::kStandalone;
  double inferences_per_day = 1000;  ///< that everything is amortised over
  double update_period_days = 0;     ///< between new versions, or federated rounds; 0: never

  // What falls back (hybrid, hierarchical).
  double fallback_share = 0;     ///< of inferences that are sent on, 0 to 1
  double upload_bytes = 0;       ///< of one inference that is sent on
  double result_bytes = 0;       ///< of its answer
  double remote_latency_us = 0;  ///< that the cloud takes to answer

  // The link to the cloud.
  double bandwidth_mbit_s = 10;
  double round_trip_us = 0;
  double energy_nj_per_bit = 0;  ///< on the device, of sending and receiving
  double price_per_gb = 0;       ///< of 10^9 bytes, either way

  // The gateway (hierarchical); its link costs no money.
  double gateway_bandwidth_mbit_s = 100;
  double gateway_round_trip_us = 0;
  double gateway_energy_nj_per_bit = 0;
  double gateway_latency_us = 0;   ///< that it takes to answer
  double gateway_price = 0;        ///< shared by its devices
  double devices_per_gateway = 1;  ///< 1 or more
  double escalated_share = 0;      ///< of what reaches the gateway, 0 to 1

  // Training on the device (federated).
  double samples_per_round = 0;    ///< seen in one period: local images times epochs
  double training_factor = 3;      ///< compute of a sample over that of an inference: the backward
                                   ///< pass is about two forward ones
  double bytes_per_parameter = 4;  ///< of a network on its way to and from a round

  // The device.
  double idle_w = 0;  ///< between inferences
  double device_price = 0;
  double lifetime_days = 1095;      ///< that the prices are spread over
  double maintenance_per_year = 0;  ///< per device

  // α·latency + β·energy + γ·bandwidth + δ·cost, each divided by its reference.
  double alpha = 0, beta = 0, gamma = 0, delta = 0;
  double reference_latency_us = 0, reference_energy_uj = 0;  ///< needed where weighted
  double reference_bandwidth_bytes = 0, reference_cost = 0;  ///< the same
};

/// What a deployment depends on of a network.
struct DeployedNetwork {
  double latency_us = 0;
  std::optional<double> energy_uj;  ///< of one inference
  double weights_bytes = 0, parameters = 0;
};

/// Of one inference, on average.
struct DeploymentTerms {
  double inference_us = 0, round_trip_us = 0;
  std::optional<double> compute_uj;  ///< with its share of training; absent without energy
  double communication_uj = 0, idle_uj = 0;
  double model_download_bytes = 0, data_upload_bytes = 0, result_download_bytes = 0;
  double device_price = 0, network_price = 0, maintenance_price = 0;
  double busy_share = 0;  ///< of the time between two inferences; above 1 the device lags behind

  double latency_us() const { return inference_us + round_trip_us; }
  std::optional<double> energy_uj() const;
  double bandwidth_bytes() const {
    return model_download_bytes + data_upload_bytes + result_download_bytes;
  }
  double cost() const { return device_price + network_price + maintenance_price; }
};

/// `options` passed check_deployment().
DeploymentTerms deploy(const DeployedNetwork& network, const DeploymentOptions& options);

/// The weighted sum, without unit. Absent where energy is weighted and absent; 0 without weights.
std::optional<double> weighted_objective(const DeploymentTerms& terms,
                                         const DeploymentOptions& options);

/// Fills `cost.deployment` and `cost.weighted`, whose other numbers stand.
void add_deployment(const DeploymentOptions& options, NetworkCost& cost);

/// One line of the sum, for people.
struct DeploymentLine {
  std::string quantity, term;  ///< "energy", "idle"
  double value = 0;            ///< in the quantity's unit: µs, µJ, bytes, currency
};
/// Term by term, in the order of the four quantities; compute is left out where it is absent.
std::vector<DeploymentLine> deployment_lines(const DeploymentTerms& terms);

/// Throws InputError that names the field: a weight without its reference, no inferences, a link
/// without bandwidth that something is sent over.
void check_deployment(const DeploymentOptions& options);

}  // namespace edgefront
