// Small SVG plots for the report: scatter, lines and steps with linear or logarithmic axes. Text
// and shapes only, no script; colours come from CSS classes of the page.
#pragma once

#include <string>
#include <vector>

namespace edgefront {

enum class SeriesStyle { kDots, kRings, kDiamonds, kLine, kStaircase, kSegments };

struct PlotPoint {
  double x = 0, y = 0;
  std::string title;  ///< shown on hover; may be empty
};

/// kSegments joins points 0–1, 2–3, …; kStaircase draws the border of what a front dominates.
struct Series {
  std::string name;       ///< legend entry; empty = none
  std::string css_class;  ///< e.g. "front"
  SeriesStyle style = SeriesStyle::kDots;
  std::vector<PlotPoint> points;
};

enum class AxisScale { kLinear, kLog };

struct PlotAxis {
  std::string label;  ///< with unit
  AxisScale scale = AxisScale::kLinear;
};

struct Plot {
  PlotAxis x, y;
  std::vector<Series> series;
  int width = 860, height = 460;  ///< px of the view box
  std::string description;        ///< for screen readers
};

/// Points that are not finite, or not positive on a logarithmic axis, are left out. A plot without
/// any point is drawn with empty axes.
std::string svg(const Plot& plot);

/// Ticks that people would choose, ascending, all within [low, high] (1, 2, 5 times powers of ten).
std::vector<double> ticks(double low, double high, AxisScale scale, int about);

/// Text for HTML and attributes.
std::string html_escape(const std::string& text);

}  // namespace edgefront
