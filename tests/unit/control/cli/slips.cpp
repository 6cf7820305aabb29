// Slips of a deploy script, verb by verb: which word was wrong, what is right instead, and that nothing was done. What
// the running proxy would refuse is the admin API's to say (unit/control/admin).
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/control/cli/said.h"

using namespace switchyard::control::cli;

namespace {

struct Slip {
    std::vector<std::string> words;
    int code;
    std::vector<std::string> told;
};

// A file for as long as a test.
class Paper {
  public:
    explicit Paper(const std::string& text) : path_(std::filesystem::temp_directory_path() / "switchyard-slip-XXXXXX") {
        const int fd = ::mkstemp(path_.data());
        ::close(fd);
        std::ofstream(path_) << text;
    }
    Paper(const Paper&) = delete;
    Paper& operator=(const Paper&) = delete;
    ~Paper() { std::filesystem::remove(path_); }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

void check_slips(const std::vector<Slip>& slips) {
    for (const auto& slip : slips) {
        std::string line;
        for (const auto& word : slip.words) line += word + " ";
        CAPTURE(line);
        const auto said = say(slip.words);
        CAPTURE(said.err);
        CHECK(said.code == slip.code);
        CHECK(said.out.empty());
        for (const auto& part : slip.told) {
            CAPTURE(part);
            CHECK(said.err.find(part) != std::string::npos);
        }
    }
}

const std::string kNothing = "nothing was done";

}  // namespace

TEST_CASE("moving traffic") {
    check_slips({
        {{"split", "forum", "blue"}, kUsage, {"blue is not UPSTREAM=WEIGHT", "blue=90", kNothing}},
        {{"split", "forum", "blue=-1"}, kUsage, {"blue=-1 is not UPSTREAM=WEIGHT", kNothing}},
        {{"split", "forum", "blue=0.5"}, kUsage, {"blue=0.5 is not UPSTREAM=WEIGHT with a whole number", kNothing}},
        {{"split", "forum", "blue=90,green=10"}, kUsage, {"weights stand apart", kNothing}},
        {{"split", "forum", "blue=1", "blue=2"}, kUsage, {"blue is there twice", kNothing}},
        {{"switch", "forum"}, kUsage, {"UPSTREAM", "required", kNothing}},
        {{"switch", "forum", "green", "--wait-drained", "30"}, kUsage, {"30 has no unit: write 30s", kNothing}},
        {{"switch", "forum", "green", "--watch", "soon"}, kUsage, {"--watch", "soon", kNothing}},
        {{"switch", "forum", "green", "--drain-policy", "cut"}, kUsage, {"--drain-deadline", kNothing}},
        {{"switch", "forum", "green", "--drain-deadline", "5s", "--drain-policy", "kill"},
         kUsage,
         {"kill", "leave", "cut", kNothing}},
        {{"switch", "forum", "green", "--require-healthy", "all"}, kUsage, {"expected a whole number", kNothing}},
        {{"switch", "forum", "green", "blue"}, kUsage, {"\"blue\" is a word too many", kNothing}},
        {{"undo", "--to", "last"}, kUsage, {"expected a whole number", kNothing}},
        {{"undo", "--to", "-3"}, kUsage, {"--to = -3", "0 or more", kNothing}},
        {{"undo", "--if-generation", ""}, kUsage, {"--if-generation is empty", "variable of the script", kNothing}},
        {{"confirm", "43", "--within", "30"}, kUsage, {"30 has no unit: write 30s", kNothing}},
        {{"wait", "green", "--healthy", "0"}, kUsage, {"--healthy 0 waits for nothing", "1 or more", kNothing}},
        {{"wait", "green", "--within", "1 minute"}, kUsage, {"--within", "1 minute", kNothing}},
        {{"drain", "3", "--wait", "30"}, kUsage, {"30 has no unit: write 30s", kNothing}},
    });
}

TEST_CASE("rules and endpoints") {
    check_slips({
        {{"rule", "destroy", "app", "testers"}, kUsage, {"destroy", "set", "remove", kNothing}},
        {{"rule", "set", "app", "testers"}, kUsage, {"rule set needs --to UPSTREAM and a test", kNothing}},
        {{"rule", "set", "app", "t", "--to", "green"}, kUsage, {"--cookie", "--client", kNothing}},
        {{"rule", "set", "app", "t", "--to", "green", "--header", "beta"},
         kUsage,
         {"beta is not NAME=VALUE, such as group=beta", kNothing}},
        {{"rule", "set", "app", "t", "--to", "green", "--when", "{"},
         kUsage,
         {"--when takes a condition in JSON", kNothing}},
        {{"endpoint", "stop", "blue", "127.0.0.1:9001"}, kUsage, {"stop", "drain", "maint", kNothing}},
        {{"endpoint", "weight", "blue", "127.0.0.1:9001"},
         kUsage,
         {"--weight N: switchyard endpoint weight blue 127.0.0.1:9001 --weight 3", kNothing}},
        {{"endpoint", "weight", "blue", "127.0.0.1:9001", "--weight", "half"},
         kUsage,
         {"expected a whole number", kNothing}},
        {{"endpoint", "add", "blue"}, kUsage, {"ADDRESS", "required", kNothing}},
    });
}

TEST_CASE("releases and rollouts") {
    const Paper prose("a plan in prose"), list("[1, 2]");
    check_slips({
        {{"rollout", "dance"}, kUsage, {"dance", "promote", "abort", kNothing}},
        {{"rollout", "start"}, kUsage, {"FILE-OR-ID", "required", kNothing}},
        {{"rollout", "start", "/none/plan.json"}, kRefused, {"/none/plan.json"}},
        {{"rollout", "start", prose.path()}, kRefused, {prose.path() + " is not JSON", "line 1"}},
        {{"deploy", "forum"}, kUsage, {"--to", "required", kNothing}},
        {{"deploy", "forum", "--to", "green", "--plan", "p.json", "--at-once"},
         kUsage,
         {"--plan", "--at-once", kNothing}},
        {{"deploy", "forum", "--to", "green", "--wait-healthy", "60"}, kUsage, {"60 has no unit: write 60s", kNothing}},
        {{"deploy", "forum", "--to", "green", "--smoke", "readyz"}, kUsage, {"--smoke", "readyz", kNothing}},
        {{"deploy", "forum", "--to", "green", "--through", "ftp://a.test"},
         kUsage,
         {"ftp://a.test is not a URL such as http://127.0.0.1:8080", kNothing}},
        {{"deploy", "forum", "--to", "green", "--plan", "/none/plan.json"}, kRefused, {"/none/plan.json"}},
        {{"deploy", "forum", "--to", "green", "--plan", list.path()},
         kRefused,
         {list.path() + " is not a plan: it must be a JSON object", kNothing}},
        {{"release", "burn", "build-41"}, kUsage, {"burn", "status", "undo", kNothing}},
        {{"release", "undo"}, kUsage, {"ID", "required", kNothing}},
    });
}

TEST_CASE("a wish for a rollout without its id does not say that none is active where nothing could be asked") {
    const auto said = say({"rollout", "promote"});
    CHECK(said.code == kUsage);
    CHECK(said.err.find("rollout promote needs the id of a rollout") != std::string::npos);
    CHECK(said.err.find("none is active") == std::string::npos);
    CHECK(said.err.find(kNoApi) != std::string::npos);
}

TEST_CASE("files") {
    const Paper torn("{\"routes\": ["), unknown(R"({"rotues": []})"), right(R"({"upstreams": {}})");
    check_slips({
        {{"check"}, kUsage, {"either FILE or --state DIR", kNothing}},
        {{"check", "a.json", "--state", "/none"}, kUsage, {"either FILE or --state DIR", kNothing}},
        {{"check", "/none/a.json"}, kRefused, {"/none/a.json", "No such file"}},
        {{"check", "--state", "/none"}, kRefused, {"/none"}},
        {{"check", torn.path()}, kRefused, {torn.path(), "line 1"}},
        {{"check", unknown.path()}, kRefused, {"rotues", "routes"}},
        {{"check", right.path(), "--overlay", "/none/b.json"}, kRefused, {"/none/b.json", "No such file"}},
        {{"apply", "/none/a.json"}, kRefused, {"/none/a.json", "No such file"}},
        {{"diff", "/none/a.json"}, kRefused, {"/none/a.json is neither a generation nor a file"}},
        {{"diff", right.path(), "--patch"}, kUsage, {"--patch and a second generation go with generations", kNothing}},
        {{"diff", "41", "latest"}, kUsage, {"expected a whole number", kNothing}},
        {{"import-nginx", "/none/nginx.conf"}, kRefused, {"/none/nginx.conf"}},
        {{"run", "--config", "/a.json", "--tls", "shop.example"}, kUsage, {"--tls", kNothing}},
        {{"run", "/a.json", "--to", "127.0.0.1:9001"}, kUsage, {"--to", "--tls", kNothing}},
        {{"run", "--tls", "shop.example"}, kUsage, {"--to"}},
    });
}

TEST_CASE("the rest") {
    check_slips({
        {{"status", "forum"}, kUsage, {"\"forum\" is a word too many", kNothing}},
        {{"status", "--cert-key", "k.pem"}, kUsage, {"--cert", kNothing}},
        {{"history", "--limit", "many"}, kUsage, {"expected a whole number", kNothing}},
        {{"audit", "check"}, kUsage, {"check", "verify", kNothing}},
        {{"audit", "--limit", "-1"}, kUsage, {"--limit = -1", kNothing}},
        {{"explain", "GET", "/t/1"}, kUsage, {"/t/1 has no host", "http://forum.example/t/1"}},
        {{"explain", "GET", "forum.example/", "-H", "X-Release"}, kUsage, {"X-Release is not 'Name: value'"}},
        {{"certificates", "--reload", "--renew", "shop"}, kUsage, {"--reload", "--renew", kNothing}},
        {{"token", "ci", "king"}, kUsage, {"king", "viewer", "operator", "admin", kNothing}},
        {{"completion", "tcsh"}, kUsage, {"tcsh", "bash", "zsh", "fish", kNothing}},
        {{"completion", "--names", "rules"}, kUsage, {"rules", "routes", "upstreams", kNothing}},
    });
}

TEST_CASE("what is printed for another program is that alone") {
    const auto token = say({"token", "ci", "viewer", "--json"});
    CHECK(token.code == kDone);
    CHECK(token.out.find("\"role\": \"viewer\"") != std::string::npos);
    CHECK(token.err.empty());
    const auto schema = say({"schema"});
    CHECK(schema.code == kDone);
    CHECK(schema.out.starts_with("{"));
    const Paper right(R"({"listeners": [{"name": "web", "bind": "127.0.0.1:8080"}], "upstreams": {}})"),
        wrong(R"({"rotues": 1})");
    const auto good = say({"check", right.path(), "--offline", "--json"}), bad = say({"check", wrong.path(), "--json"});
    CHECK(good.code == kDone);
    CHECK(good.out.find("\"valid\": true") != std::string::npos);
    CHECK(bad.code == kRefused);
    CHECK(bad.out.find("\"pointer\": \"/rotues\"") != std::string::npos);
    CHECK(bad.err.empty());
    for (const auto* shell : {"bash", "zsh", "fish"}) {
        CAPTURE(shell);
        const auto script = say({"completion", shell});
        CHECK(script.code == kDone);
        for (const auto* word : {"switch", "import-nginx", "candidate"})
            CHECK(script.out.find(word) != std::string::npos);
    }
}
