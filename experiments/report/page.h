// The frame that all HTML reports share: one self-contained page, without network or script.
#pragma once

#include <string>

namespace edgefront {

/// A whole page. `title` is text, `body` is HTML that uses the classes of the page's style: those
/// of plots ("point", "front", "measured", …), "table", "facts", "text", "dropped".
std::string html_page(const std::string& title, const std::string& body);

}  // namespace edgefront
