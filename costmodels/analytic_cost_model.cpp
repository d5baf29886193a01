#include "costmodels/additive_parts.h"
#include "costmodels/analytic_time.h"
#include "costmodels/cost_model.h"
#include "costmodels/device_terms.h"
#include "costmodels/latency_correction.h"
#include "costmodels/network_totals.h"
#include "hwprofiles/layer_listing.h"
#include "runtime/execution_steps.h"
#include "runtime/interpreter.h"

namespace edgefront {
namespace {

class AnalyticCostModel final : public CostModel {
 public:
  AnalyticCostModel(const DeviceDescription& description, const CostModelOptions& options)
      : description_(description),
        options_(options),
        set_(find_kernel_set(options.kernel_set.empty() ? kernel_sets().back()->name
                                                        : options.kernel_set)) {
    timer_ = analytic_timer(description_, options_.precision);
    parts_ = {options_.precision,
              options_.threads,
              &set_,
              description_,
              LatencyCorrection(),
              [this](const LayerGraph& graph, const Step& step) {
                return StepTime{timer_(graph, step).us(), true};
              }};
  }
  AnalyticCostModel(const AnalyticCostModel&) = delete;  // parts_ refers to this
  AnalyticCostModel& operator=(const AnalyticCostModel&) = delete;

  NetworkCost estimate(const LayerGraph& graph) const override {
    const LayerGraph typed = with_precision(graph, options_.precision);
    const std::vector<Step> steps = execution_steps(typed, set_);
    std::vector<StepTime> times;
    for (const Step& step : steps) times.push_back(parts_.step_time(typed, step));
    NetworkCost cost;
    correct_latency(parts_.correction, sum_by_block(typed, steps, times), cost);
    add_totals(typed, steps, set_, options_.threads, description_, options_.precision, cost);
    add_device_terms({}, cost);
    return cost;
  }

  std::vector<LayerCost> layers(const LayerGraph& graph) const override {
    const LayerGraph typed = with_precision(graph, options_.precision);
    std::vector<LayerCost> costs;
    for (const Step& step : execution_steps(typed, set_)) {
      const AnalyticTime time = timer_(typed, step);
      costs.push_back({key_of(typed, step, set_, options_.threads).text(), time.us(), true,
                       EntryOrigin::kAnalytic,
                       time.memory_bound() ? "memory-bound" : "compute-bound", time.utilisation});
    }
    return costs;
  }

  const AdditiveParts* parts() const override { return &parts_; }

 private:
  DeviceDescription description_;
  CostModelOptions options_;
  const KernelSet& set_;
  AnalyticTimer timer_;
  AdditiveParts parts_;
};

}  // namespace

std::unique_ptr<CostModel> make_analytic_cost_model(const DeviceDescription& description,
                                                    const CostModelOptions& options) {
  return std::make_unique<AnalyticCostModel>(description, options);
}

}  // namespace edgefront
