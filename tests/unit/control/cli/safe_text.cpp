#include "control/cli/safe_text.h"

#include <doctest/doctest.h>

using namespace switchyard::control::cli;
using Json = nlohmann::ordered_json;

TEST_CASE("what a terminal would obey is shown, not obeyed") {
    CHECK(safe_text("plain, grün → 5 %\n\tx") == "plain, grün → 5 %\n\tx");
    CHECK(safe_text("\x1b[2J\r\a") == "<U+001B>[2J<U+000D><U+0007>");
    CHECK(safe_text("a\xC2\x9B"
                    "2Jb") == "a<U+009B>2Jb");                       // CSI in one character
    CHECK(safe_text("a\xE2\x80\xAEtxt.exe") == "a<U+202E>txt.exe");  // right to left override
    CHECK(safe_text("\xE2\x81\xA6x\xE2\x81\xA9") == "<U+2066>x<U+2069>");
    CHECK(safe_text("\x7f") == "<U+007F>");
    CHECK(safe_text("\x9B\xFF\xC3") == "<9B><FF><C3>");  // no UTF-8: an 8-bit terminal's CSI
    CHECK(safe_text("\xF0\x9F\x9A\x80 \xE2\x82\xAC") == "\xF0\x9F\x9A\x80 \xE2\x82\xAC");
}

TEST_CASE("documents mean the same for machines, and show nothing of it to a terminal") {
    const Json document = {{"reason",
                            "a\xC2\x9B\xE2\x80\xAE"
                            "b\x1b"},
                           {"list", {"\xC2\x85"}},
                           {"n", 3}};
    const auto text = json_text(document, -1);
    CHECK(text == R"({"reason":"a\u009b\u202eb\u001b","list":["\u0085"],"n":3})");
    CHECK(Json::parse(text) == document);
    CHECK(safe_json(document)["reason"] == "a<U+009B><U+202E>b<U+001B>");
    CHECK(safe_json(document)["n"] == 3);
}
