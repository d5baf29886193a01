// What a network will cost on a device.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "costmodels/deployment.h"
#include "hwprofiles/device_profile.h"
#include "runtime/graph.h"
#include "space/search_space.h"

namespace edgefront {

/// Where an energy comes from: a sensor, a device description's coefficients, or nowhere.
enum class EnergySource : std::uint8_t { kNone, kModelled, kMeasured };
/// "none", "modelled" or "measured".
const char* energy_source_name(EnergySource source);

/// Low and high are a 90 % interval for a fresh measurement of this network (design 5.5). Without a
/// calibration of the space and setting (`calibrated` false) they are −35 %/+35 % of the plain sum:
/// the range by which uncorrected sums of layers were seen to miss. Shares that the roofline stood
/// in for count from half to five times their estimate.
struct NetworkCost {
  double latency_us = 0, latency_low_us = 0, latency_high_us = 0;
  /// P95 of the same invocations, and after 30 minutes of them without a pause; absent where no
  /// whole network, or no heating, was measured.
  std::optional<double> latency_p95_us, latency_sustained_us;
  /// Of one inference; absent without a sensor or coefficients. Measured energy is above the idle
  /// machine's; modelled energy has the description's static power in it.
  std::optional<double> energy_uj;
  EnergySource energy_source = EnergySource::kNone;
  std::optional<double> power_w;  ///< mean, one inference after the other; absent as energy is
  std::int64_t arena_bytes = 0, packed_bytes = 0, weights_bytes = 0, peak_memory_bytes = 0;
  std::int64_t macs = 0, parameters = 0;
  double analytic_share = 0;  ///< share of latency_us that the roofline stood in for
  bool calibrated = false;    ///< false: slope 1, and an interval that was not fitted
  std::optional<DeploymentTerms> deployment;  ///< where the experiment has a [deployment] table
  std::optional<double> weighted;             ///< α·latency + … of it, where it is known
};

/// One step of an estimate, for `edgefront estimate`; of an imported table, one block.
struct LayerCost {
  std::string key;
  double latency_us = 0;
  bool analytic = false;
  EntryOrigin origin = EntryOrigin::kMeasured;  ///< kAnalytic where `analytic`
  // Of an analytic device, else empty and 0:
  std::string bound = {};  ///< "compute-bound" or "memory-bound"
  double utilisation = 0;  ///< of its multiply-accumulate cells while it computes
};

enum class OnMiss { kError, kAnalytic };

struct CostModelOptions {
  Precision precision = Precision::kInt8;
  int threads = 1;
  std::string kernel_set;  ///< empty: the one that the profile's entries were measured with
  OnMiss on_miss = OnMiss::kError;
  std::string space_digest;  ///< picks the calibration
  // How the command that measures missing layers names its files in messages.
  std::string profile_path = "DEV.h5", space_path = "SPACE.toml";
};

struct AdditiveParts;

/// Pure functions of the graph; safe to call from several threads at once.
class CostModel {
 public:
  virtual ~CostModel() = default;
  /// `graph` is lowered float32; the model applies its precision. Throws InputError that lists the
  /// missing layers and the command that measures them (on_miss = error).
  virtual NetworkCost estimate(const LayerGraph& graph) const = 0;
  virtual std::vector<LayerCost> layers(const LayerGraph& graph) const = 0;
  /// For compiled_costs.h; null where a network costs something else than a corrected sum of steps.
  virtual const AdditiveParts* parts() const { return nullptr; }
};

/// Look-up table: Σ of fused layers, affine correction, memory from the planner, modelled energy.
/// A profile that was imported has blocks in place of layers: make_block_cost_model().
std::unique_ptr<CostModel> make_table_cost_model(std::shared_ptr<const DeviceProfile> profile,
                                                 const CostModelOptions& options);

/// Σ of the blocks of a published table, as its authors add them: nothing was calibrated. Memory is
/// what our runtime needs with `options.kernel_set` (empty: reference). A network with a block that
/// the table lacks is an InputError that names it; `on_miss = "analytic"` is refused.
std::unique_ptr<CostModel> make_block_cost_model(std::shared_ptr<const DeviceProfile> profile,
                                                 const CostModelOptions& options);

/// From the device description alone (analytic_time.h): a systolic array, a GPU, unrolled loops, or
/// the roofline: max(ops/peak, bytes/bandwidth) + overhead per layer (Williams et al. 2009).
/// Everything it says is analytic. InputError where a coefficient is missing.
std::unique_ptr<CostModel> make_analytic_cost_model(const DeviceDescription& description,
                                                    const CostModelOptions& options);

/// Least-squares fit of measured = slope·(sum + us_per_weight_mib·weights) + intercept, relative
/// errors weighted equally, the term of weights only where `weights_mib` (packed, of each network)
/// are given and networks that are left out are predicted better by a tenth with it: layers are
/// measured among as many weights as the mean network has, and where a cache that is shared with
/// others holds those of small networks only, theirs cost less and those of large ones more. And
/// the 90 % half-width of a new observation, as a share of its prediction, from leave-one-out
/// residuals: their ⌈0.9·(n + 1)⌉-th smallest absolute value (the finite-sample rank of Vovk et al.
/// 2005, "Algorithmic learning in a random world"); for n = 8, where that rank does not exist, the
/// larger of the largest and Student's t times their root mean square. Throws InputError for fewer
/// than 8 points, for values that are not positive, and where no growing line fits.
struct AffineFit {
  double slope = 1, intercept_us = 0, relative_half_width_90 = 0;
  double us_per_weight_mib = 0;
};
AffineFit fit_affine(std::span<const double> sum_us, std::span<const double> measured_us,
                     std::span<const double> weights_mib = {});

/// Fits every setting (space, precision, threads, kernel set) of the profile's network entries that
/// has at least 8 networks, and stores the calibrations in it (in place of older ones). A setting
/// to which no growing line fits loses its calibration. Its half-width is that of the fit and, in
/// quadrature, what two sessions differ by according to the networks' pass_spread. The networks of
/// `space`, which may be null, can have a term of weights.
void calibrate(DeviceProfile& profile, const SearchSpace* space = nullptr);

struct ValidationSummary {
  int networks = 0;
  double mape_percent = 0, within_5_percent = 0, within_10_percent = 0, spearman = 0,
         coverage_90_percent = 0;
};
struct PredictionRow {
  double predicted_us = 0, low_us = 0, high_us = 0, measured_us = 0;
};
/// Shares are of |predicted − measured|/measured. Throws InputError for no rows or values that are
/// not positive.
ValidationSummary summarize_validation(std::span<const PredictionRow> rows);

}  // namespace edgefront
