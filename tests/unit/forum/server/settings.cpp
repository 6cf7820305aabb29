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

TEST_CASE("the file may say which environment it is for, and the defaults follow") {
    const std::string path = std::tmpnam(nullptr);
    std::ofstream(path) << "env = prod\nport = 0\n";
    const Settings settings = Settings::load({"--config", path});
    CHECK(settings.text("env") == "prod");
    CHECK(settings.text("log-requests") == "all");
    CHECK(settings.duration("drain-delay") == std::chrono::seconds(5));
    CHECK(Settings::load({"--config", path, "--env", "dev"}).text("log-requests") == "failures");
    std::ofstream(path) << "config = other.conf\n";
    CHECK(failure_of({"--config", path}).find(path + ":1: a file of settings cannot name another") == 0);
    std::remove(path.c_str());
}

TEST_CASE("numbers that nothing could be done with are refused, not cut down") {
    struct Row {
        const char* flag;
        const char* text;
        const char* cure;
    };
    for (const Row row :
         {Row{"--connections", "0", "1 to 1000000"}, Row{"--threads", "99999999999999", "1 to 32768"},
          Row{"--hash-parallel", "0", "1 to 64"}, Row{"--fail-percent", "250", "0 to 100"},
          Row{"--body-limit", "0", "a number from 1"}, Row{"--login-limit", "3000000000", "0 to 2147483647"},
          Row{"--idle-limit", "9999999999999999h", "a duration"}, Row{"--idle-limit", "0s", "from 1ms"},
          Row{"--access-life", "9999999h", "from 1000ms"}, Row{"--database", "", "the name of a file"},
          Row{"--redis", "localhost", "host:port"}, Row{"--redis", "a:99999", "host:port"},
          Row{"--redis", ":1", "host:port"}}) {
        CAPTURE(row.flag);
        CAPTURE(row.text);
        CHECK(failure_of({row.flag, row.text}).find(row.cure) != std::string::npos);
    }
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
