#include "experiments/report/report.h"

#include <algorithm>
#include <cmath>

#include "experiments/host.h"
#include "experiments/pipeline/metrics.h"
#include "experiments/report/page.h"
#include "experiments/report/svg_plot.h"
#include "experiments/units.h"
#include "search/knee.h"

namespace edgefront {
namespace {

/// Objectives as a person reads them.
struct ObjectiveText {
  std::string label;  ///< with unit
  Unit unit = Unit::kNone;
};

ObjectiveText describe_objective(const std::string& name) {
  const std::string base = name.substr(0, name.find('@'));
  const std::string at = name.size() > base.size() ? " on " + name.substr(base.size() + 1) : "";
  if (base == "error") return {"error, %", Unit::kPercent};
  if (base == "latency_us") return {"latency" + at + ", µs", Unit::kMicroseconds};
  if (base == "macs_per_s") return {"time per multiply-accumulate" + at + ", ps", Unit::kNone};
  if (base == "energy_uj") return {"energy" + at + ", µJ", Unit::kMicrojoules};
  for (const Metric& metric : metrics()) {
    if (base == metric.name) return {base + at, metric.unit};
  }
  return {name, Unit::kNone};
}

std::string value_text(double value, const std::string& objective) {
  const Unit unit = describe_objective(objective).unit;
  return unit == Unit::kPercent ? fixed(value, 2) + " %" : print_quantity(value, unit);
}

/// A front to draw: its members, over two of the objectives.
struct DrawnFront {
  std::vector<Evaluation> members;
  std::size_t x = 1, y = 0;  ///< indices of objectives; x may be past the end: there is one only
};

PlotPoint point_of(const Evaluation& e, const std::vector<std::string>& objectives,
                   const DrawnFront& drawn) {
  std::string title = "#" + std::to_string(e.index);
  for (std::size_t i = 0; i < e.objectives.size(); ++i) {
    title += ", " + objectives[i] + " " + value_text(e.objectives[i], objectives[i]);
  }
  return {drawn.x < e.objectives.size() ? e.objectives[drawn.x] : 0, e.objectives[drawn.y], title};
}

/// The front's knee over the objectives that it is a front of; empty without two of them.
Series knee_series(const ReportData& data, const DrawnFront& drawn) {
  Series ring{"knee", "knee", SeriesStyle::kRings, {}};
  if (drawn.members.empty() || drawn.x >= data.objectives.size()) return ring;
  std::vector<ObjectiveVector> points;
  for (const auto& e : drawn.members) {
    points.push_back(data.fronts.empty()
                         ? e.objectives
                         : ObjectiveVector{e.objectives[drawn.y], e.objectives[drawn.x]});
  }
  const Evaluation& member = drawn.members[std::size_t(knee(points))];
  ring.points.push_back(point_of(member, data.objectives, drawn));
  ring.points.back().title = "knee " + ring.points.back().title;
  return ring;
}

const Evaluation* find_evaluation(const ReportData& data, std::int64_t index) {
  for (const auto& e : data.evaluations) {
    if (e.index == index && e.status == EvaluationStatus::kOk) return &e;
  }
  return nullptr;
}

std::string front_plot(const ReportData& data, const DrawnFront& drawn) {
  Plot plot;
  const bool two = drawn.x < data.objectives.size();
  const std::string x = two ? data.objectives[drawn.x] : "", y = data.objectives[drawn.y];
  plot.x = {two ? describe_objective(x).label : "", AxisScale::kLog};
  plot.y = {
      y == "error" && !data.error_label.empty() ? data.error_label : describe_objective(y).label,
      AxisScale::kLinear};
  plot.description = "All evaluated networks, the front, and what was measured";
  Series feasible{"evaluated", "point", SeriesStyle::kDots, {}};
  Series outside{"outside the limits", "infeasible", SeriesStyle::kDots, {}};
  for (const auto& e : data.evaluations) {
    if (e.status != EvaluationStatus::kOk) continue;
    (e.violation > 0 ? outside : feasible).points.push_back(point_of(e, data.objectives, drawn));
  }
  Series front{"front", "front", SeriesStyle::kDots, {}};
  for (const auto& e : drawn.members) front.points.push_back(point_of(e, data.objectives, drawn));
  Series steps{"", "front-line", SeriesStyle::kStaircase, front.points};
  std::sort(steps.points.begin(), steps.points.end(),
            [](const auto& a, const auto& b) { return a.x < b.x; });
  Series knee = knee_series(data, drawn);
  Series references{"references", "reference", SeriesStyle::kRings, {}};
  for (const auto& r : data.references) {
    if (r.evaluation.status != EvaluationStatus::kOk) continue;
    PlotPoint p = point_of(r.evaluation, data.objectives, drawn);
    p.title = r.name + " " + p.title;
    references.points.push_back(p);
  }
  Series measured{"measured, int8 on test images", "measured", SeriesStyle::kDiamonds, {}};
  Series drift{"", "drift", SeriesStyle::kSegments, {}};
  // Exported networks are measured on the first device.
  const bool of_first =
      x == "latency_us" || (data.fronts.empty() && x.rfind("latency_us@", 0) == 0);
  if (y == "error" && of_first) {
    for (const auto& n : data.exported) {
      if (!n.measured || !n.dropped.empty()) continue;
      const Evaluation* evaluation = find_evaluation(data, n.index);
      if (!evaluation) continue;
      const PlotPoint from = point_of(*evaluation, data.objectives, drawn);
      const PlotPoint to{n.measured->latency_us, 100 - n.int8_top1,
                         "#" + std::to_string(n.index) + " measured " +
                             fixed(n.measured->latency_us, 1) + " us, int8 " +
                             fixed(n.int8_top1, 2) + " %"};
      measured.points.push_back(to);
      drift.points.push_back(from);
      drift.points.push_back(to);
    }
  }
  for (Series* s : {&outside, &feasible, &steps, &front, &knee, &references, &drift, &measured}) {
    if (!s->points.empty()) plot.series.push_back(*s);
  }
  return svg(plot);
}

std::size_t index_of(const std::string& objective, const std::vector<std::string>& objectives) {
  return std::size_t(std::find(objectives.begin(), objectives.end(), objective) -
                     objectives.begin());
}

/// One plot for the run, or one for each of its devices.
std::string front_plots(const ReportData& data) {
  if (data.fronts.empty()) return front_plot(data, {data.front});
  std::string out;
  for (const DeviceFront& front : data.fronts) {
    DrawnFront drawn;
    drawn.y = index_of(front.objectives[0], data.objectives);
    drawn.x = front.objectives.size() > 1 ? index_of(front.objectives[1], data.objectives)
                                          : data.objectives.size();
    for (const std::int64_t index : front.members) {
      if (const Evaluation* e = find_evaluation(data, index)) drawn.members.push_back(*e);
    }
    out += "<h3>" + html_escape(front.device.empty() ? "the first device" : front.device) +
           "</h3>\n<p>" + std::to_string(drawn.members.size()) +
           (drawn.members.size() == 1 ? " network" : " networks") + " on its front";
    if (front.hypervolume) out += ", hypervolume " + fixed(*front.hypervolume, 1);
    out += "</p>\n" + front_plot(data, drawn);
  }
  return out;
}

std::string hypervolume_plot(const ReportData& data) {
  Plot plot;
  plot.height = 300;
  plot.x.label = "evaluations";
  plot.y.label = "hypervolume";
  plot.description = "Hypervolume over evaluations";
  Series curve{"", "curve", SeriesStyle::kLine, {}};
  for (std::size_t i = 0; i < data.hypervolume.size(); ++i) {
    curve.points.push_back({double(i + 1), data.hypervolume[i], ""});
  }
  plot.series.push_back(curve);
  return svg(plot);
}

std::string cell(const std::string& content, const char* css = nullptr) {
  return std::string("<td") + (css ? std::string(" class=\"") + css + "\"" : "") + ">" +
         html_escape(content) + "</td>";
}

/// Empty where no budget was checked, or all kept it.
std::string dropped_table(const ReportData& data) {
  if (data.dropped.empty()) return "";
  std::string out = "<h2>Over the budget when measured</h2>\n<p>" +
                    std::to_string(data.dropped.size()) +
                    " of the networks within the budget as predicted were over it when measured "
                    "again, and dropped.</p>\n"
                    "<div class=\"table\"><table>\n<tr><th>network</th><th>why</th></tr>\n";
  for (const DroppedMember& member : data.dropped) {
    out += "<tr class=\"dropped\">" + cell("#" + std::to_string(member.index)) +
           cell(member.reason, "text") + "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string exported_table(const ReportData& data) {
  if (data.exported.empty()) {
    return "<p>No network was exported yet: <code>edgefront export RUN --select knee --out "
           "DIR</code>.</p>\n";
  }
  std::string out =
      "<div class=\"table\"><table>\n<tr><th>network</th><th>predicted</th><th>measured</th>"
      "<th>difference</th><th>P95</th><th>float top-1</th><th>int8 top-1</th><th>loss</th>"
      "<th>arena</th><th>weights</th><th>files</th></tr>\n";
  for (const auto& n : data.exported) {
    const bool dropped = !n.dropped.empty();
    out += dropped ? "<tr class=\"dropped\">" : "<tr>";
    out += cell("#" + std::to_string(n.index));
    out += cell(fixed(n.predicted.latency_us, 1) + " µs (" + fixed(n.predicted.latency_low_us, 1) +
                "–" + fixed(n.predicted.latency_high_us, 1) + ")");
    if (n.measured) {
      const double ratio = n.predicted.latency_us / n.measured->latency_us - 1;
      out += cell(fixed(n.measured->latency_us, 1) + " µs") +
             cell((ratio >= 0 ? "+" : "−") + fixed(std::abs(100 * ratio), 1) + " %") +
             cell(fixed(n.measured->p95_us, 1) + " µs");
    } else {
      out += cell("predicted only") + cell("") + cell("");
    }
    out += cell(fixed(n.float_top1, 2) + " %") + cell(fixed(n.int8_top1, 2) + " %") +
           cell(fixed(n.float_top1 - n.int8_top1, 2)) +
           cell(print_quantity(double(n.predicted.arena_bytes), Unit::kBytes)) +
           cell(print_quantity(double(n.predicted.weights_bytes), Unit::kBytes));
    std::string files;
    for (const auto& f : n.files) files += (files.empty() ? "" : " ") + f;
    out += cell(dropped ? "dropped: " + n.dropped : files, "text") + "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string gain_table(const ReportData& data) {
  if (data.references.empty() || data.objectives.size() < 2) return "";
  std::string out =
      "<h2>What was gained over the references</h2>\n<p>Front members beside each reference, by "
      "the "
      "search's own estimates.</p>\n<div class=\"table\"><table>\n<tr><th>reference</th>"
      "<th>its " +
      html_escape(data.objectives[0]) + "</th><th>its " + html_escape(data.objectives[1]) +
      "</th><th>at equal " + html_escape(data.objectives[0]) + "</th><th>at equal " +
      html_escape(data.objectives[1]) + "</th></tr>\n";
  for (const auto& r : data.references) {
    const Evaluation& e = r.evaluation;
    if (e.status != EvaluationStatus::kOk) {
      out += "<tr>" + cell(r.name) +
             "<td class=\"text\" colspan=\"4\">failed: " + html_escape(e.reason) + "</td></tr>\n";
      continue;
    }
    const ReferenceGain gain = gain_over(e, data.front);
    out += "<tr>" + cell(r.name + " (#" + std::to_string(e.index) + ")") +
           cell(value_text(e.objectives[0], data.objectives[0])) +
           cell(value_text(e.objectives[1], data.objectives[1]));
    out += gain.at_equal_first
               ? cell(value_text(gain.at_equal_first->objectives[1], data.objectives[1]) + " = " +
                      fixed(e.objectives[1] / gain.at_equal_first->objectives[1], 2) +
                      " times less (#" + std::to_string(gain.at_equal_first->index) + ")")
               : cell("nothing as good");
    out += gain.at_equal_second
               ? cell(value_text(gain.at_equal_second->objectives[0], data.objectives[0]) + " (" +
                      fixed(e.objectives[0] - gain.at_equal_second->objectives[0], 2) + " less, #" +
                      std::to_string(gain.at_equal_second->index) + ")")
               : cell("nothing as cheap");
    out += "</tr>\n";
  }
  return out + "</table></div>\n";
}

std::string front_table(const ReportData& data) {
  std::string out = "<h2>The front</h2>\n<div class=\"table\"><table>\n<tr><th>network</th>";
  for (const auto& o : data.objectives) out += "<th>" + html_escape(o) + "</th>";
  out += "<th class=\"text\">genotype</th></tr>\n";
  for (std::size_t i = 0; i < data.front.size(); ++i) {
    const Evaluation& e = data.front[i];
    out += "<tr>" + cell("#" + std::to_string(e.index));
    for (std::size_t k = 0; k < e.objectives.size(); ++k) {
      out += cell(value_text(e.objectives[k], data.objectives[k]));
    }
    out +=
        "<td class=\"text\"><code>" + html_escape(data.front_genotypes[i]) + "</code></td></tr>\n";
  }
  return out + "</table></div>\n";
}

std::string facts(const ReportData& data) {
  int failed = 0, infeasible = 0;
  for (const auto& e : data.evaluations) {
    failed += e.status != EvaluationStatus::kOk;
    infeasible += e.status == EvaluationStatus::kOk && e.violation > 0;
  }
  const auto fact = [](const std::string& value, const std::string& name) {
    return "<div><b>" + html_escape(value) + "</b><span>" + html_escape(name) + "</span></div>\n";
  };
  std::string out = "<div class=\"facts\">\n";
  out += fact(std::to_string(data.evaluations.size()), "networks evaluated");
  out += fact(std::to_string(data.front.size()), "on the front");
  out += fact(std::to_string(infeasible), "outside the limits");
  out += fact(std::to_string(failed), "failed");
  const auto winners = std::count_if(data.exported.begin(), data.exported.end(),
                                     [](const auto& n) { return n.dropped.empty(); });
  out += fact(std::to_string(winners), "exported winners");
  return out + "</div>\n";
}

}  // namespace

ReferenceGain gain_over(const Evaluation& reference, const std::vector<Evaluation>& front) {
  ReferenceGain gain;
  for (const auto& e : front) {
    if (e.objectives[0] <= reference.objectives[0] &&
        (!gain.at_equal_first || e.objectives[1] < gain.at_equal_first->objectives[1])) {
      gain.at_equal_first = &e;
    }
    if (e.objectives[1] <= reference.objectives[1] &&
        (!gain.at_equal_second || e.objectives[0] < gain.at_equal_second->objectives[0])) {
      gain.at_equal_second = &e;
    }
  }
  return gain;
}

std::string report_html(const ReportData& data) {
  std::string out =
      "<h1>" + html_escape(data.name) + "</h1>\n<p>Pareto report by Edgefront</p>\n" + facts(data);
  out += "<h2>Accuracy against cost</h2>\n<figure>" + front_plots(data) +
         "<figcaption>Each dot is a network; the line is the border of what the front dominates. "
         "Errors of the search are its evaluator's estimates; diamonds are exported networks "
         "after training, as measured on the device and on the test images. The knee is the member "
         "from which a little more of one objective costs most of the others, all of them scaled "
         "to the front. Point at a mark for its numbers.</figcaption></figure>\n";
  out += "<h2>Exported networks: predicted and measured</h2>\n" + exported_table(data);
  out += dropped_table(data);
  out += gain_table(data);
  out += "<h2>Hypervolume over evaluations</h2>\n<figure>" + hypervolume_plot(data) + "</figure>\n";
  out += front_table(data);
  out += "<h2>How to repeat it</h2>\n<div class=\"table\"><table>\n";
  for (const auto& [what, value] : data.provenance) {
    out += "<tr>" + cell(what) + "<td class=\"text\"><code>" + html_escape(value) +
           "</code></td></tr>\n";
  }
  return html_page(data.name, out + "</table></div>\n");
}

}  // namespace edgefront
