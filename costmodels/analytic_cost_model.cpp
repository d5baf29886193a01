#include "costmodels/cost_model.h"
#include "costmodels/network_totals.h"
#include "costmodels/roofline.h"
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
    require_roofline(description_, options_.precision);
  }

  NetworkCost estimate(const LayerGraph& graph) const override {
    const LayerGraph typed = with_precision(graph, options_.precision);
    const std::vector<Step> steps = execution_steps(typed, set_);
    NetworkCost cost;
    for (const Step& step : steps) cost.latency_us += step_us(typed, step);
    cost.latency_low_us = kRooflineLow * cost.latency_us;
    cost.latency_high_us = kRooflineHigh * cost.latency_us;
    cost.analytic_share = 1;
    add_totals(typed, steps, set_, options_.threads, description_, options_.precision, cost);
    return cost;
  }

  std::vector<LayerCost> layers(const LayerGraph& graph) const override {
    const LayerGraph typed = with_precision(graph, options_.precision);
    std::vector<LayerCost> costs;
    for (const Step& step : execution_steps(typed, set_)) {
      costs.push_back(
          {key_of(typed, step, set_, options_.threads).text(), step_us(typed, step), true});
    }
    return costs;
  }

 private:
  double step_us(const LayerGraph& graph, const Step& step) const {
    return roofline_us(description_.roofline, options_.precision, graph, step);
  }

  DeviceDescription description_;
  CostModelOptions options_;
  const KernelSet& set_;
};

}  // namespace

std::unique_ptr<CostModel> make_analytic_cost_model(const DeviceDescription& description,
                                                    const CostModelOptions& options) {
  return std::make_unique<AnalyticCostModel>(description, options);
}

}  // namespace edgefront
