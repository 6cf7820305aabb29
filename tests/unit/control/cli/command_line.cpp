// What all verbs have in common: help with an example, slips that are told with it, one meaning for each exit code.
#include "control/cli/command_line.h"

#include <doctest/doctest.h>

#include <sstream>

#include "tests/unit/control/cli/said.h"

using namespace switchyard::control::cli;
using Words = std::vector<std::string>;

namespace {

// Each verb with the words it cannot do without; those that ask the admin API once they are complete.
struct VerbCall {
    std::string verb;
    Words needed;
    bool asks = true;
};

const std::vector<VerbCall> kVerbs{
    {"run", {"none.json"}, false},
    {"check", {"none.json"}, false},
    {"schema", {}, false},
    {"status", {}},
    {"upstream", {"green"}},
    {"switch", {"forum", "green"}},
    {"hold", {"forum"}},
    {"resume", {"forum"}},
    {"split", {"forum", "blue=90", "green=10"}},
    {"undo", {}},
    {"apply", {"none.json"}, false},
    {"config", {}},
    {"confirm", {"43"}},
    {"history", {}},
    {"diff", {"41", "43"}},
    {"drain", {}},
    {"rule", {"remove", "forum", "testers"}},
    {"wait", {"green"}},
    {"endpoint", {"drain", "blue", "127.0.0.1:9001"}},
    {"audit", {}},
    {"events", {}},
    {"explain", {"GET", "http://forum.example/"}},
    {"watch", {}},
    {"ui", {}},
    {"rollout", {"status"}},
    {"upgrade", {}},
    {"deploy", {"forum", "--to", "green"}},
    {"certificates", {}},
    {"releases", {}},
    {"release", {"status", "build-41"}},
    {"token", {"ci"}, false},
    {"import-nginx", {"none.conf"}, false},
    {"completion", {}, false},
};

Words call_of(const VerbCall& verb, const Words& more = {}) {
    Words out{verb.verb};
    out.insert(out.end(), verb.needed.begin(), verb.needed.end());
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the table above holds every verb that the help shows") {
    const auto help = say({"--help"});
    CHECK(help.code == kDone);
    std::istringstream lines(help.out.substr(help.out.find("Subcommands:")));
    std::size_t shown = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.size() < 3 || line.substr(0, 2) != "  " || line[2] == ' ') continue;
        const auto name = line.substr(2, line.find(' ', 2) - 2);
        CAPTURE(name);
        ++shown;
        CHECK(std::any_of(kVerbs.begin(), kVerbs.end(), [&](const auto& each) { return each.verb == name; }));
    }
    CHECK(shown == kVerbs.size());
    CHECK(has(help.out, kExitCodes));
}

TEST_CASE("every verb shows an example of itself") {
    for (const auto& verb : kVerbs) {
        CAPTURE(verb.verb);
        const auto said = say({verb.verb, "--help"});
        CHECK(said.code == kDone);
        CHECK(has(said.out, "Example:\n  "));
        CHECK(has(said.out, "switchyard " + verb.verb));
        CHECK(said.err.empty());
    }
}

TEST_CASE("every verb names an option that it has not, and what is near") {
    for (const auto& verb : kVerbs) {
        CAPTURE(verb.verb);
        const auto said = say(call_of(verb, {"--hepl"}));
        CHECK(said.code == kUsage);
        CHECK(has(said.err, "switchyard " + verb.verb + ": it has no option --hepl; did you mean --help?"));
        CHECK(has(said.err, "; nothing was done\n"));
        CHECK(has(said.err, "  such as: "));
        CHECK(has(said.err, "  switchyard " + verb.verb + " --help tells the rest\n"));
        CHECK(said.out.empty());
    }
}

TEST_CASE("every verb that cannot do without a word says which") {
    for (const auto& verb : kVerbs) {
        if (verb.needed.empty()) continue;
        CAPTURE(verb.verb);
        const auto said = say({verb.verb});
        CHECK(said.code == kUsage);
        CHECK(has(said.err, "required"));
        CHECK(has(said.err, "; nothing was done\n  such as: "));
        CHECK(said.out.empty());
    }
}

TEST_CASE("every verb refuses a value that a script has lost") {
    for (const auto& verb : kVerbs) {
        if (verb.needed.empty()) continue;
        CAPTURE(verb.verb);
        auto words = call_of(verb);
        words.back().clear();
        const auto said = say(words);
        CHECK(said.code == kUsage);
        CHECK(has(said.err, "; nothing was done\n"));
    }
}

TEST_CASE("every verb that asks the admin API says where it asked, and ends with 4") {
    for (const auto& verb : kVerbs) {
        if (!verb.asks) continue;
        CAPTURE(verb.verb);
        const auto said = say(call_of(verb));
        CHECK(said.code == kUnreachable);
        CHECK(has(said.err, std::string(kNoApi) + " is not a URL such as http://127.0.0.1:9900"));
        CHECK(said.out.empty());
    }
}

TEST_CASE("a token that is not there is no call: 1, and the file is named") {
    for (const auto& verb : kVerbs) {
        if (!verb.asks) continue;
        CAPTURE(verb.verb);
        const auto said = say(call_of(verb, {"--token-file", "/none/token"}));
        CHECK(said.code == kRefused);
        CHECK(has(said.err, "--token-file /none/token: No such file or directory"));
    }
}

TEST_CASE("without a verb there is help, of one that is misspelt the nearest") {
    const auto nothing = say({});
    CHECK(nothing.code == kUsage);
    CHECK(has(nothing.err, "Subcommands:"));
    const auto slip = say({"swich", "forum", "green"});
    CHECK(slip.code == kUsage);
    CHECK(slip.err == "switchyard: unknown verb \"swich\"; did you mean \"switch\"?\n");
    const auto version = say({"--version"});
    CHECK(version.code == kDone);
    CHECK(version.out == "switchyard 0\n");
}

TEST_CASE("run hands on what it was given, and ends as the proxy ends") {
    RunOptions given;
    const auto said = say({"run", "base.json", "--overlay", "a.json", "--overlay", "b.json", "--from-file", "--above",
                           "41", "--state-dir", "/tmp/none"},
                          [&](const RunOptions& options) {
                              given = options;
                              return 7;
                          });
    CHECK(said.code == 7);
    CHECK(given.config_file == "base.json");
    CHECK(given.overlays == Words{"a.json", "b.json"});
    CHECK(given.from_file);
    CHECK(given.above == 41);
    CHECK(given.state_dir == "/tmp/none");
}
