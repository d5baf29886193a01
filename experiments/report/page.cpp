#include "experiments/report/page.h"

#include "experiments/report/svg_plot.h"

namespace edgefront {
namespace {

constexpr const char* kStyle = R"(
:root{--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--front:#0b6e99;--gain:#0f7b53;--ref:#b4540a;
--measured:#8a2c7c;--paper:#fff;--band:#f6f8fa}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:72rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;margin:0 0 .2rem}h2{font-size:1.2rem;margin:2.2rem 0 .5rem}
p,figcaption{color:var(--soft);margin:.3rem 0}figure{margin:0}svg{width:100%;height:auto}
.table{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.88rem}
th,td{text-align:right;padding:.35rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--soft);font-weight:600}th:first-child,td:first-child{text-align:left}
td.text,th.text{text-align:left;white-space:normal}tr.dropped td{color:var(--soft)}
code{font-size:.82rem;word-break:break-all}
.grid{stroke:var(--line)}.axis{stroke:var(--soft)}.tick{fill:var(--soft);font-size:12px}
.label{fill:var(--ink);font-size:13px}.legend{fill:var(--ink);font-size:12.5px}
.middle{text-anchor:middle}.end{text-anchor:end}
.point{fill:#b7c0cb}.infeasible{fill:none;stroke:#c9cfd7}
.front{fill:var(--front)}path.front-line,line.front-line{stroke:var(--front);stroke-width:2;fill:none}
.knee{fill:none;stroke:var(--gain);stroke-width:2.5}
.reference{fill:none;stroke:var(--ref);stroke-width:2.5}
.measured{fill:var(--measured)}path.drift,line.drift{stroke:var(--measured);stroke-dasharray:3 3;fill:none}
.algorithm0{stroke:#0b6e99}.algorithm1{stroke:#b4540a}.algorithm2{stroke:#0f7b53}
.algorithm3{stroke:#8a2c7c}.algorithm4{stroke:#8c6d00}.algorithm5{stroke:#5b6675}
path[class*=algorithm],line[class*=algorithm]{stroke-width:2.2;fill:none}
path.quartile{stroke-width:1;stroke-opacity:.55}
.curve{stroke:var(--front);stroke-width:2;fill:none}
.facts{display:flex;flex-wrap:wrap;gap:.4rem 2rem;margin:1rem 0}.facts b{display:block;font-size:1.35rem}
.facts span{color:var(--soft);font-size:.85rem}
)";

}  // namespace

std::string html_page(const std::string& title, const std::string& body) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
         "name=\"viewport\" "
         "content=\"width=device-width,initial-scale=1\">\n<title>" +
         html_escape(title) + " – Edgefront</title>\n<style>" + kStyle + "</style></head><body>\n" +
         body + "</body></html>\n";
}

}  // namespace edgefront
