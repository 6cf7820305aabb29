#include "forum/server/settings.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

using namespace forum;

namespace {

std::string failure_of(const std::vector<std::string>& arguments) {
    try {
        (void)Settings::load(arguments);
        return "";
    } catch (const SettingsError& e) {
        return e.what();
    }
}

}  // namespace

TEST_CASE("flags set, defaults fill, the environment chooses the defaults") {
    const Settings dev = Settings::load({"--port", "0", "--colour=green"});
    CHECK(dev.integer("port") == 0);
    CHECK(dev.text("colour") == "green");
    CHECK(dev.text("log-requests") == "failures");
    const Settings prod = Settings::load({"--env", "prod"});
    CHECK(prod.text("log-requests") == "all");
    CHECK(prod.duration("drain-delay") == std::chrono::seconds(5));
}

TEST_CASE("a file is weaker than the environment, which is weaker than a flag") {
    const std::string path = std::tmpnam(nullptr);
    std::ofstream(path) << "# comment\n port = 1001 \nversion-label = from-file\nidle-limit=2m\n";
    setenv("FORUM_PORT", "1002", 1);
    const Settings settings = Settings::load({"--config", path});
    CHECK(settings.integer("port") == 1'002);
    CHECK(settings.text("version-label") == "from-file");
    CHECK(settings.duration("idle-limit") == std::chrono::minutes(2));
    CHECK(Settings::load({"--config", path, "--port", "1003"}).integer("port") == 1'003);
    CHECK(settings.listing().find(path + ":3") != std::string::npos);
    unsetenv("FORUM_PORT");
    std::remove(path.c_str());
}

TEST_CASE("what is wrong is named with its place and what is expected") {
    CHECK(failure_of({"--port", "http"}) == "port (--port): expected a number, got 'http'");
    CHECK(failure_of({"--port", "70000"}).find("0 to 65535") != std::string::npos);
    CHECK(failure_of({"--colour", "red"}).find("blue or green") != std::string::npos);
    CHECK(failure_of({"--colr", "blue"}).find("no flag --colr") != std::string::npos);
    CHECK(failure_of({"--idle-limit", "5"}).find("duration") != std::string::npos);
    CHECK(failure_of({"--config", "/nowhere/at/all"}).find("/nowhere/at/all") != std::string::npos);
    CHECK(failure_of({"--port"}).find("needs a value") != std::string::npos);
    CHECK(failure_of({"port"}).find("no flag") != std::string::npos);
}

TEST_CASE("faults need a rehearsal") {
    CHECK(failure_of({"--fail-percent", "5"}).find("--rehearsal") != std::string::npos);
    CHECK(failure_of({"--delay", "5ms"}).find("--rehearsal") != std::string::npos);
    CHECK(failure_of({"--crash-after", "5"}).find("--rehearsal") != std::string::npos);
    CHECK(failure_of({"--fail-percent", "5", "--rehearsal"}).empty());
}

TEST_CASE("secrets are not listed") {
    const Settings settings = Settings::load({"--operator-token", "very-secret"});
    CHECK(settings.listing().find("very-secret") == std::string::npos);
    CHECK(settings.text("operator-token") == "very-secret");
}
