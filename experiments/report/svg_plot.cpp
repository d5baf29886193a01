#include "experiments/report/svg_plot.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace edgefront {
namespace {

constexpr double kLeft = 74, kRight = 16, kTop = 14, kBottom = 52;

std::string number(double value, int decimals) {
  char buffer[400];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals);
  return {buffer, end.ptr};
}

std::string tick_text(double value) {
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 6);
  return {buffer, end.ptr};
}

/// One axis: data range (padded) and the pixels it maps to.
struct Scale {
  AxisScale kind;
  double low, high, from, to;
  double position(double v) const {
    const double share = kind == AxisScale::kLog
                             ? (std::log(v) - std::log(low)) / (std::log(high) - std::log(low))
                             : (v - low) / (high - low);
    return from + share * (to - from);
  }
};

bool drawable(double v, AxisScale kind) {
  return std::isfinite(v) && (kind == AxisScale::kLinear || v > 0);
}

Scale make_scale(const Plot& plot, bool is_x) {
  const AxisScale kind = is_x ? plot.x.scale : plot.y.scale;
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto& s : plot.series) {
    for (const auto& p : s.points) {
      if (!drawable(p.x, plot.x.scale) || !drawable(p.y, plot.y.scale)) continue;
      low = std::min(low, is_x ? p.x : p.y);
      high = std::max(high, is_x ? p.x : p.y);
    }
  }
  if (low > high) low = kind == AxisScale::kLog ? 1 : 0, high = low + 1;
  if (kind == AxisScale::kLog) {
    const double pad = std::max(1.02, std::pow(high / low, 0.04));
    low /= pad;
    high *= pad;
  } else {
    const double pad = std::max((high - low) * 0.05, 1e-9 + std::abs(high) * 1e-3);
    low -= pad;
    high += pad;
  }
  return is_x ? Scale{kind, low, high, kLeft, plot.width - kRight}
              : Scale{kind, low, high, plot.height - kBottom, kTop};
}

std::string line(double x1, double y1, double x2, double y2, const std::string& css) {
  return "<line class=\"" + css + "\" x1=\"" + number(x1, 1) + "\" y1=\"" + number(y1, 1) +
         "\" x2=\"" + number(x2, 1) + "\" y2=\"" + number(y2, 1) + "\"/>\n";
}

std::string text(double x, double y, const std::string& css, const std::string& content,
                 const std::string& extra = "") {
  return "<text class=\"" + css + "\" x=\"" + number(x, 1) + "\" y=\"" + number(y, 1) + "\"" +
         extra + ">" + html_escape(content) + "</text>\n";
}

std::string axes(const Plot& plot, const Scale& x, const Scale& y) {
  std::string out;
  for (double t : ticks(x.low, x.high, x.kind, 8)) {
    const double p = x.position(t);
    out += line(p, y.from, p, y.to, "grid") + text(p, y.from + 18, "tick middle", tick_text(t));
  }
  for (double t : ticks(y.low, y.high, y.kind, 6)) {
    const double p = y.position(t);
    out += line(x.from, p, x.to, p, "grid") + text(x.from - 8, p + 4, "tick end", tick_text(t));
  }
  out += line(x.from, y.from, x.to, y.from, "axis") + line(x.from, y.from, x.from, y.to, "axis");
  out += text((x.from + x.to) / 2, plot.height - 10.0, "label middle", plot.x.label);
  const double middle = (y.from + y.to) / 2;
  out += text(18, middle, "label middle", plot.y.label,
              " transform=\"rotate(-90 18 " + number(middle, 1) + ")\"");
  return out;
}

std::string marker(const Series& s, double x, double y, const std::string& title) {
  const std::string hover = title.empty() ? "/>\n" : "><title>" + html_escape(title) + "</title></";
  if (s.style == SeriesStyle::kDiamonds) {
    const double r = 6;
    std::string out = "<path class=\"" + s.css_class + "\" d=\"M" + number(x, 1) + " " +
                      number(y - r, 1) + "l6 6l-6 6l-6 -6z\"" + hover;
    return title.empty() ? out : out + "path>\n";
  }
  const char* radius = s.style == SeriesStyle::kRings ? "6" : "3.2";
  std::string out = "<circle class=\"" + s.css_class + "\" cx=\"" + number(x, 1) + "\" cy=\"" +
                    number(y, 1) + "\" r=\"" + radius + "\"" + hover;
  return title.empty() ? out : out + "circle>\n";
}

std::string draw(const Series& s, const Plot& plot, const Scale& x, const Scale& y) {
  std::string out, path;
  double last_y = 0;
  for (std::size_t i = 0; i < s.points.size(); ++i) {
    const auto& p = s.points[i];
    if (!drawable(p.x, plot.x.scale) || !drawable(p.y, plot.y.scale)) continue;
    const double px = x.position(p.x), py = y.position(p.y);
    switch (s.style) {
      case SeriesStyle::kDots:
      case SeriesStyle::kRings:
      case SeriesStyle::kDiamonds:
        out += marker(s, px, py, p.title);
        break;
      case SeriesStyle::kSegments:
        path += (i % 2 == 0 ? "M" : "L") + number(px, 1) + " " + number(py, 1);
        break;
      case SeriesStyle::kStaircase:
        if (!path.empty()) path += "L" + number(px, 1) + " " + number(last_y, 1);
        [[fallthrough]];
      case SeriesStyle::kLine:
        path += (path.empty() ? "M" : "L") + number(px, 1) + " " + number(py, 1);
        last_y = py;
        break;
    }
  }
  if (!path.empty()) {
    out += "<path class=\"" + s.css_class + "\" fill=\"none\" d=\"" + path + "\"/>\n";
  }
  return out;
}

std::string legend(const Plot& plot) {
  std::string out;
  double y = kTop + 16;
  const double x = plot.width - kRight - 200;
  for (const auto& s : plot.series) {
    if (s.name.empty()) continue;
    const bool stroke = s.style == SeriesStyle::kLine || s.style == SeriesStyle::kStaircase ||
                        s.style == SeriesStyle::kSegments;
    out += stroke ? line(x - 7, y - 4, x + 7, y - 4, s.css_class) : marker(s, x, y - 4, "");
    out += text(x + 14, y, "legend", s.name);
    y += 18;
  }
  return out;
}

}  // namespace

std::vector<double> ticks(double low, double high, AxisScale scale, int about) {
  std::vector<double> result;
  if (!(low < high)) return result;
  if (scale == AxisScale::kLog && low > 0 && high / low > 4) {
    const int first = int(std::floor(std::log10(low))), last = int(std::ceil(std::log10(high)));
    const bool dense = last - first <= 4;
    for (int decade = first; decade <= last; ++decade) {
      for (double m : {1.0, 2.0, 5.0}) {
        const double t = m * std::pow(10.0, decade);
        if (t >= low && t <= high && (dense || m == 1.0)) result.push_back(t);
      }
    }
    return result;
  }
  const double raw = (high - low) / std::max(1, about);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (double m : {5.0, 2.0, 1.0}) {
    if (m * power >= raw) step = m * power;
  }
  for (double k = std::ceil(low / step); k * step <= high; k += 1)
    result.push_back(k * step + 0.0);  // + 0.0: no "-0"
  return result;
}

std::string html_escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string svg(const Plot& plot) {
  const Scale x = make_scale(plot, true), y = make_scale(plot, false);
  std::string out = "<svg viewBox=\"0 0 " + std::to_string(plot.width) + " " +
                    std::to_string(plot.height) + "\" role=\"img\" aria-label=\"" +
                    html_escape(plot.description) + "\">\n" + axes(plot, x, y);
  for (const auto& s : plot.series) out += draw(s, plot, x, y);
  return out + legend(plot) + "</svg>\n";
}

}  // namespace edgefront
