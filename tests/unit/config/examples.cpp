// Every file under config/examples/ must be a valid configuration that survives rendering.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/fields/render.h"
#include "config/parse.h"

using namespace switchyard::config;

namespace {

std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("every example parses, and parses again from its canonical form") {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(SWITCHYARD_SOURCE_DIR "/config/examples")) {
        const std::string file = entry.path().filename();
        CAPTURE(file);
        if (entry.path().extension() != ".json") continue;
        ++count;
        const auto result = parse(read(entry.path()));
        for (const auto& error : result.errors) MESSAGE(error.pointer << ": " << error.detail);
        REQUIRE(result.model);
        const auto again = parse(render_text(*result.model));
        REQUIRE(again.model);
        CHECK(*again.model == *result.model);
        CHECK(render_text(*again.model) == render_text(*result.model));
    }
    CHECK(count >= 5);
}
