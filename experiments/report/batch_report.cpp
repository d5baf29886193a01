#include "experiments/report/batch_report.h"

#include <algorithm>
#include <set>

#include "experiments/host.h"
#include "experiments/report/page.h"
#include "experiments/report/svg_plot.h"
#include "runtime/probe/statistics.h"

namespace edgefront {
namespace {

constexpr std::size_t kClasses = 6;
constexpr int kPointsOfCurve = 240;

std::string line_class(std::size_t algorithm) {
  return "algorithm" + std::to_string(algorithm % kClasses);
}

/// Evaluation counts at which curves are drawn: all of a short one, even steps of a long one.
std::vector<int> counts_of(const AlgorithmQuality& algorithm) {
  std::size_t longest = 0;
  for (const RunQuality& run : algorithm.runs) longest = std::max(longest, run.curve.size());
  std::set<int> counts;
  const int most = static_cast<int>(longest);
  for (int i = 1; i <= kPointsOfCurve; ++i) counts.insert(std::max(1, most * i / kPointsOfCurve));
  for (int i = 1; i <= std::min(most, 40); ++i) counts.insert(i);
  return {counts.begin(), counts.end()};
}

Series quantile_curve(const AlgorithmQuality& algorithm, double share, const std::string& name,
                      const std::string& css_class) {
  Series series{name, css_class, SeriesStyle::kLine, {}};
  for (const int n : counts_of(algorithm)) {
    std::vector<double> values;
    for (const RunQuality& run : algorithm.runs) values.push_back(value_after(run.curve, n));
    series.points.push_back({static_cast<double>(n), 100 * quantile(values, share), ""});
  }
  return series;
}

std::string curves(const ExperimentQuality& quality) {
  Plot plot;
  plot.x = {"evaluations", AxisScale::kLinear};
  plot.y = {"hypervolume, % of what all runs reach together", AxisScale::kLinear};
  plot.description = "median and quartiles of the hypervolume against evaluations, per algorithm";
  for (std::size_t a = 0; a < quality.algorithms.size(); ++a) {
    const AlgorithmQuality& algorithm = quality.algorithms[a];
    const std::string css = line_class(a);
    plot.series.push_back(quantile_curve(algorithm, 0.25, "", css + " quartile"));
    plot.series.push_back(quantile_curve(algorithm, 0.75, "", css + " quartile"));
    plot.series.push_back(quantile_curve(algorithm, 0.5, algorithm.algorithm, css));
  }
  return "<figure>" + svg(plot) +
         "<figcaption>Median over the seeds, thin: quartiles.</figcaption></figure>\n";
}

std::string row(const std::vector<std::string>& cells, const char* tag = "td") {
  std::string out = "<tr>";
  for (const std::string& cell : cells) {
    out += std::string("<") + tag + ">" + html_escape(cell) + "</" + tag + ">";
  }
  return out + "</tr>\n";
}

std::string comparison_table(const ExperimentQuality& quality) {
  if (quality.comparisons.empty()) return "";
  std::string out =
      "<div class=\"table\"><table>\n" +
      row({"algorithms", "after", "medians", "", "first is better in", "U", "p"}, "th");
  for (const AlgorithmComparison& c : quality.comparisons) {
    out += row({c.first + " against " + c.second, std::to_string(c.evaluations),
                fixed(100 * c.median_first, 3) + " %", fixed(100 * c.median_second, 3) + " %",
                fixed(100 * c.test.effect, 0) + " % of pairs", fixed(c.test.u, 1),
                c.test.p < 1e-4 ? "< 0.0001" : fixed(c.test.p, 4)});
  }
  return out +
         "</table></div>\n<p>Mann–Whitney U, two-sided; not corrected for the number of "
         "comparisons.</p>\n";
}

std::string run_table(const std::vector<BatchRun>& runs) {
  std::string out = "<h2>Runs</h2>\n<div class=\"table\"><table>\n" +
                    row({"run", "state", "attempts", "reason"}, "th");
  for (const BatchRun& run : runs) {
    out += row(
        {run.planned.name, batch_state_name(run.state), std::to_string(run.attempts), run.reason});
  }
  return out + "</table></div>\n";
}

}  // namespace

std::string batch_report_html(const std::string& name, const std::vector<BatchRun>& runs,
                              const std::vector<ExperimentQuality>& qualities) {
  std::string body = "<h1>" + html_escape(name) + "</h1>\n";
  for (const ExperimentQuality& quality : qualities) {
    body += "<h2>" + html_escape(quality.experiment) + "</h2>\n";
    if (quality.algorithms.empty()) {
      body += "<p>No run found a feasible network.</p>\n";
      continue;
    }
    body += curves(quality) + comparison_table(quality);
  }
  return html_page(name, body + run_table(runs));
}

}  // namespace edgefront
