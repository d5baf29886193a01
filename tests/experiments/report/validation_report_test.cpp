#include "experiments/report/validation_report.h"

#include <doctest/doctest.h>

namespace edgefront {
namespace {

int count(const std::string& text, const std::string& what) {
  int n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST_CASE("every network is drawn twice, those outside their interval as rings") {
  ValidationReport report{"host.h5", "a<b.toml", "A CPU", {}};
  ValidatedSetting setting{"int8, 1 thread, avx2", {}, {}, {}};
  setting.rows = {{100, 95, 105, 101}, {200, 190, 210, 230}, {300, 290, 310, 295}};
  setting.genotypes = {"one", "two", "three"};
  setting.summary = summarize_validation(setting.rows);
  report.settings.push_back(setting);
  const std::string html = validation_html(report);
  CHECK(html.find("a&lt;b.toml") != std::string::npos);
  CHECK(html.find("int8, 1 thread, avx2") != std::string::npos);
  CHECK(html.find("66.7 %</b><span>within their 90 % interval") != std::string::npos);
  CHECK(count(html, "one: predicted 100.00 µs (95.00 to 105.00), measured 101.00 µs") == 2);
  CHECK(count(html, "two: predicted") == 2);
  // The largest error stands first in the table.
  CHECK(html.find("<code>two</code>") < html.find("<code>three</code>"));
  CHECK(html.find("-13.04 %") != std::string::npos);
  // One page, nothing from outside.
  CHECK(count(html, "<!doctype html>") == 1);
  CHECK(html.find("http") == std::string::npos);
  CHECK(html.find("<script") == std::string::npos);
}

}  // namespace
}  // namespace edgefront
