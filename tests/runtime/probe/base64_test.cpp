#include "runtime/probe/base64.h"

#include <doctest/doctest.h>

using namespace edgefront;

namespace {

std::string encoded(const std::string& bytes) {
  return base64_text(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

TEST_CASE("bytes become the text of RFC 4648's test vectors, and come back") {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xff\xff\xff", "////"},
                                                         {"\xfb\xef\xbe", "++++"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(encoded(bytes) == text);
    std::vector<std::uint8_t> decoded;
    REQUIRE(base64_bytes(text, &decoded));
    CHECK(std::string(decoded.begin(), decoded.end()) == bytes);
  }
}

TEST_CASE("text that no bytes give is refused") {
  std::vector<std::uint8_t> out;
  for (const char* text : {"Z", "Zg=", "Zg", "Zh==", "Zm9=", "Z===", "====", "Zm9v\n", "Zm 9",
                           "Zg==Zg==", "Zm-_", "=m9v"}) {
    CHECK_MESSAGE(!base64_bytes(text, &out), text);
  }
}
