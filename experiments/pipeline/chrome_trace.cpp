#include "experiments/pipeline/chrome_trace.h"

#include <nlohmann/json.hpp>
#include <numeric>

namespace edgefront {
namespace {

using Json = nlohmann::ordered_json;

Json event(const std::string& name, double start_us, double duration_us, const Json& args) {
  return {{"name", name}, {"ph", "X"}, {"ts", start_us}, {"dur", duration_us},
          {"pid", 1},     {"tid", 1},  {"args", args}};
}

}  // namespace

std::string chrome_trace(const std::string& network, const std::vector<TraceStep>& steps,
                         const std::vector<TracedInvocation>& invocations) {
  Json events = Json::array();
  events.push_back(
      {{"name", "process_name"}, {"ph", "M"}, {"pid", 1}, {"args", {{"name", network}}}});
  for (std::size_t i = 0; i < invocations.size(); ++i) {
    const TracedInvocation& one = invocations[i];
    double at = one.start_us - invocations[0].start_us;
    events.push_back(event("invocation " + std::to_string(i + 1), at,
                           std::accumulate(one.step_us.begin(), one.step_us.end(), 0.0),
                           Json::object()));
    for (std::size_t k = 0; k < steps.size(); ++k) {
      events.push_back(event(steps[k].layer, at, one.step_us[k],
                             {{"kernel", steps[k].kernel}, {"key", steps[k].key}}));
      at += one.step_us[k];
    }
  }
  return Json{{"displayTimeUnit", "ns"}, {"traceEvents", events}}.dump(1) + "\n";
}

}  // namespace edgefront
