#include "experiments/report/validation_report.h"

#include <algorithm>
#include <cmath>

#include "experiments/host.h"
#include "experiments/report/page.h"
#include "experiments/report/svg_plot.h"

namespace edgefront {
namespace {

constexpr std::size_t kWorstShown = 10;

double error_percent(const PredictionRow& row) {
  return 100 * (row.predicted_us / row.measured_us - 1);
}

bool covered(const PredictionRow& row) {
  return row.low_us <= row.measured_us && row.measured_us <= row.high_us;
}

std::string title_of(const ValidatedSetting& setting, std::size_t i) {
  const PredictionRow& row = setting.rows[i];
  return setting.genotypes[i] + ": predicted " + fixed(row.predicted_us, 2) + " µs (" +
         fixed(row.low_us, 2) + " to " + fixed(row.high_us, 2) + "), measured " +
         fixed(row.measured_us, 2) + " µs";
}

/// The networks whose measurement lies in their interval, and those outside.
std::vector<Series> dots(const ValidatedSetting& setting, double (*y)(const PredictionRow&)) {
  Series inside{"within its 90 % interval", "front", SeriesStyle::kDots, {}};
  Series outside{"outside", "reference", SeriesStyle::kRings, {}};
  for (std::size_t i = 0; i < setting.rows.size(); ++i) {
    const PredictionRow& row = setting.rows[i];
    (covered(row) ? inside : outside)
        .points.push_back({row.measured_us, y(row), title_of(setting, i)});
  }
  return {inside, outside};
}

std::string against_measured(const ValidatedSetting& setting) {
  Plot plot;
  plot.x = {"measured latency, µs", AxisScale::kLog};
  plot.y = {"predicted latency, µs", AxisScale::kLog};
  plot.description = "predicted against measured latency of fresh networks";
  const auto [low, high] = std::minmax_element(
      setting.rows.begin(), setting.rows.end(),
      [](const auto& a, const auto& b) { return a.measured_us < b.measured_us; });
  plot.series.push_back(
      {"equal",
       "drift",
       SeriesStyle::kSegments,
       {{low->measured_us, low->measured_us, ""}, {high->measured_us, high->measured_us, ""}}});
  for (Series& one : dots(setting, [](const PredictionRow& row) { return row.predicted_us; })) {
    plot.series.push_back(std::move(one));
  }
  return svg(plot);
}

std::string errors(const ValidatedSetting& setting) {
  Plot plot;
  plot.height = 320;
  plot.x = {"measured latency, µs", AxisScale::kLog};
  plot.y = {"predicted − measured, %", AxisScale::kLinear};
  plot.description = "relative error of each prediction, with its 90 % interval";
  Series intervals{"90 % interval", "grid", SeriesStyle::kSegments, {}};
  for (const PredictionRow& row : setting.rows) {
    intervals.points.push_back({row.measured_us, 100 * (row.low_us / row.measured_us - 1), ""});
    intervals.points.push_back({row.measured_us, 100 * (row.high_us / row.measured_us - 1), ""});
  }
  plot.series.push_back(std::move(intervals));
  for (Series& one : dots(setting, error_percent)) plot.series.push_back(std::move(one));
  return svg(plot);
}

std::string facts(const ValidationSummary& s) {
  const auto fact = [](const std::string& value, const std::string& what) {
    return "<div><b>" + value + "</b><span>" + what + "</span></div>";
  };
  return "<div class=\"facts\">" + fact(std::to_string(s.networks), "fresh networks") +
         fact(fixed(s.mape_percent, 2) + " %", "mean absolute error") +
         fact(fixed(s.within_5_percent, 1) + " %", "of networks within ± 5 %") +
         fact(fixed(s.within_10_percent, 1) + " %", "within ± 10 %") +
         fact(fixed(s.spearman, 4), "Spearman's rank correlation") +
         fact(fixed(s.coverage_90_percent, 1) + " %", "within their 90 % interval") + "</div>\n";
}

std::string worst(const ValidatedSetting& setting) {
  std::vector<std::size_t> order(setting.rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(error_percent(setting.rows[a])) > std::abs(error_percent(setting.rows[b]));
  });
  std::string out =
      "<div class=\"table\"><table><tr><th>network</th><th>predicted, µs</th><th>90 % interval</th>"
      "<th>measured, µs</th><th>error</th></tr>\n";
  for (std::size_t i = 0; i < std::min(order.size(), kWorstShown); ++i) {
    const PredictionRow& row = setting.rows[order[i]];
    out += "<tr><td><code>" + html_escape(setting.genotypes[order[i]]) + "</code></td><td>" +
           fixed(row.predicted_us, 2) + "</td><td>" + fixed(row.low_us, 2) + " – " +
           fixed(row.high_us, 2) + "</td><td>" + fixed(row.measured_us, 2) + "</td><td>" +
           fixed(error_percent(row), 2) + " %</td></tr>\n";
  }
  return out + "</table></div>\n";
}

}  // namespace

std::string validation_html(const ValidationReport& report) {
  std::string out = "<h1>Predicted against measured latency</h1>\n<p>Profile <code>" +
                    html_escape(report.profile) + "</code>, space <code>" +
                    html_escape(report.space) + "</code>, measured on " +
                    html_escape(report.device) +
                    ". The networks were drawn after the profile was fitted.</p>\n";
  for (const ValidatedSetting& setting : report.settings) {
    out +=
        "<h2>" + html_escape(setting.name) + "</h2>\n" + facts(setting.summary) + "<figure>" +
        against_measured(setting) + "</figure>\n<figure>" + errors(setting) +
        "<figcaption>Each mark is a network; point at it for its numbers.</figcaption></figure>\n"
        "<h2>Largest errors</h2>\n" +
        worst(setting);
  }
  return html_page("Validation of " + report.profile, out);
}

}  // namespace edgefront
