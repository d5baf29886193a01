#include "experiments/report/report.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "experiments/report/svg_plot.h"

using namespace edgefront;

namespace {

Evaluation evaluation(std::int64_t index, double error, double latency) {
  Evaluation e;
  e.index = index;
  e.genotype.choices = {1, 2};
  e.objectives = {error, latency};
  return e;
}

int count(const std::string& text, const std::string& part) {
  int n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("ticks are round numbers inside the range") {
  CHECK(ticks(0, 10, AxisScale::kLinear, 5) == std::vector<double>{0, 2, 4, 6, 8, 10});
  CHECK(ticks(3, 1200, AxisScale::kLog, 8) ==
        std::vector<double>{5, 10, 20, 50, 100, 200, 500, 1000});
  CHECK(ticks(5, 5, AxisScale::kLinear, 5).empty());
  for (double t : ticks(-0.37, 0.41, AxisScale::kLinear, 6)) {
    CHECK(t >= -0.37);
    CHECK(t <= 0.41);
  }
}

TEST_CASE("a plot draws every finite point and leaves out the rest") {
  Plot plot;
  plot.x.scale = AxisScale::kLog;
  Series s{"dots", "point", SeriesStyle::kDots, {{1, 1, "a"}, {10, 2, "b"}}};
  s.points.push_back({0, 1, "not positive on a logarithmic axis"});
  s.points.push_back({2, std::numeric_limits<double>::quiet_NaN(), "not finite"});
  plot.series.push_back(s);
  const std::string text = svg(plot);
  CHECK(count(text, "<title>") == 2);
  CHECK(text.find("nan") == std::string::npos);
  CHECK(text.find("inf") == std::string::npos);
  CHECK(svg(Plot{}).find("nan") == std::string::npos);
}

TEST_CASE("the gain over a reference is read at equal first and at equal second objective") {
  const std::vector<Evaluation> front{evaluation(1, 10, 100), evaluation(2, 12, 50),
                                      evaluation(3, 20, 10)};
  const ReferenceGain gain = gain_over(evaluation(9, 13, 120), front);
  REQUIRE(gain.at_equal_first);
  CHECK(gain.at_equal_first->index == 2);
  REQUIRE(gain.at_equal_second);
  CHECK(gain.at_equal_second->index == 1);
  CHECK(gain_over(evaluation(9, 5, 5), front).at_equal_first == nullptr);
  CHECK(gain_over(evaluation(9, 5, 5), front).at_equal_second == nullptr);
}

TEST_CASE("a run for several devices has a plot of each device's front") {
  ReportData data;
  data.objectives = {"error", "latency_us@pi", "latency_us@mcu"};
  for (const std::int64_t index : {0, 1, 2}) {
    Evaluation e = evaluation(index, 10 + double(index), 100 - double(index));
    e.objectives.push_back(7 + double(index));
    data.evaluations.push_back(e);
  }
  data.front = data.evaluations;
  data.front_genotypes = {"a", "b", "c"};
  data.fronts = {{"pi", {"error", "latency_us@pi"}, {15, 110}, 31.5, {0, 1, 2}},
                 {"mcu", {"error", "latency_us@mcu"}, {15, 11}, 20, {0}}};
  const std::string html = report_html(data);
  CHECK(count(html, "<h3>pi</h3>\n<p>3 networks on its front, hypervolume 31.5</p>") == 1);
  CHECK(count(html, "<h3>mcu</h3>\n<p>1 network on its front, hypervolume 20.0</p>") == 1);
  CHECK(count(html, "latency on pi, µs") == 1);
  CHECK(count(html, "latency on mcu, µs") == 1);
  CHECK(count(html, "<title>knee #") == 2);  // one per device
  CHECK(count(html, "<title>#2, error 12.00 %") == 3);  // a network in both, a member of one front
}

TEST_CASE("the report is self-contained and escapes what it did not write") {
  ReportData data;
  data.name = "<script>alert(1)</script>";
  data.objectives = {"error", "latency_us"};
  data.evaluations = {evaluation(0, 10, 100), evaluation(1, 12, 50), evaluation(2, 30, 200)};
  data.evaluations.push_back({});
  data.evaluations.back().index = 3;
  data.evaluations.back().status = EvaluationStatus::kFailed;
  data.front = {data.evaluations[0], data.evaluations[1]};
  data.front_genotypes = {"1.0", "1.1"};
  data.hypervolume = {1, 2, 2, 2};
  data.references = {{"mobilenet_v2_like", data.evaluations[2]}};
  ExportedNetwork n;
  n.index = 0;
  n.predicted.latency_us = 100;
  n.measured = MeasuredLatency{102, 101, 103, 102, 104, 105, "reference"};
  n.float_top1 = 91;
  n.int8_top1 = 90.75;
  data.exported = {n};
  const std::string html = report_html(data);
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("http") == std::string::npos);
  CHECK(html.find("&lt;script&gt;") != std::string::npos);
  CHECK(html.find("90.75 %") != std::string::npos);
  CHECK(count(html, "<title>knee #0, error 10.00 %") == 1);  // of two ends the first
  CHECK(html.find("−2.0 %") != std::string::npos);           // predicted 100 of measured 102
  CHECK(html.find("4.00 times less (#1)") != std::string::npos);
  CHECK(count(html, "<svg") == 2);
  CHECK(count(html, "</svg>") == 2);
  CHECK(html.find("Over the budget") == std::string::npos);
  data.dropped = {{7, "1.2", "latency_us measured 41 us, <over> the budget", {}}};
  const std::string with_dropped = report_html(data);
  CHECK(with_dropped.find("1 of the networks within the budget as predicted") != std::string::npos);
  CHECK(with_dropped.find("#7") != std::string::npos);
  CHECK(with_dropped.find("&lt;over&gt; the budget") != std::string::npos);
}
