#include "control/ui/report_script.h"

#include <doctest/doctest.h>

#include "control/base/digest.h"
#include "control/ui/page_file.h"

using namespace switchyard::control;

TEST_CASE("modules become one script: what each exports is what others import, and nothing else is left of it") {
    const auto script = bundled({"element.js", "arms.js"});
    CHECK(script.find("import ") == std::string::npos);
    CHECK(script.find("\nexport ") == std::string::npos);
    CHECK(script.find("of[\"element.js\"] = (() => {") != std::string::npos);
    CHECK(script.find("const { h } = of[\"element.js\"];") != std::string::npos);
    CHECK(script.find("return { h, show };") != std::string::npos);
    CHECK(script.find("return { arms, shape, glyph, named, armsOfAll };") != std::string::npos);
    CHECK_THROWS(bundled({"nothing.js"}));
}

TEST_CASE("the report's script ends no element and asks nobody; its policy is of this script") {
    const auto& script = report_script();
    for (const char* never : {"</script", "<!--", "fetch(", "XMLHttpRequest", "import"})
        CHECK(script.find(never) == std::string::npos);
    CHECK(report_style().find("</style") == std::string_view::npos);
    CHECK(report_policy().find("script-src 'sha256-" + sha256_base64(script) + "'") != std::string::npos);
}
