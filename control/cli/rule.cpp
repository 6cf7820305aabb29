// switchyard rule set|remove ROUTE RULE: one rule of a route, such as a white-list that is changed while traffic flows.
#include <fmt/format.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

struct RuleArguments {
    std::string what, route, rule, upstream, before, when;
    std::vector<std::string> headers, cookies, claims, clients, queries;
};

// NAME=VALUE tests of one kind; the values of one name are a list.
bool add_tests(Json& tests, const char* kind, const std::vector<std::string>& words) {
    std::map<std::string, std::vector<std::string>> values;
    for (const auto& word : words) {
        const auto equals = word.find('=');
        if (equals == std::string::npos || equals == 0) {
            fmt::print(stderr, "switchyard: {} is not NAME=VALUE, such as group=beta; nothing was done\n", word);
            return false;
        }
        values[word.substr(0, equals)].push_back(word.substr(equals + 1));
    }
    for (const auto& [name, list] : values) {
        Json test = {{kind, name}};
        if (list.size() == 1)
            test["equals"] = list[0];
        else
            test["in"] = list;
        tests.push_back(std::move(test));
    }
    return true;
}

int set_rule(const Options& options, const RuleArguments& a, const std::string& path) {
    Json tests = Json::array();
    if (!a.when.empty()) {
        tests.push_back(Json::parse(a.when, nullptr, false));
        if (tests[0].is_discarded()) {
            fmt::print(
                stderr,
                "switchyard: --when takes a condition in JSON, such as '{{\"path\": \"/x\"}}'; nothing was done\n");
            return kUsage;
        }
    }
    if (!add_tests(tests, "header", a.headers) || !add_tests(tests, "cookie", a.cookies) ||
        !add_tests(tests, "query", a.queries) || !add_tests(tests, "claim", a.claims))
        return kUsage;
    if (a.clients.size() == 1) tests.push_back({{"client", a.clients[0]}});
    if (a.clients.size() > 1) tests.push_back({{"client", true}, {"in", a.clients}});
    if (tests.empty() || a.upstream.empty()) {
        fmt::print(stderr,
                   "switchyard: rule set needs --to UPSTREAM and a test: --header, --cookie, --query, --claim, "
                   "--client or --when; nothing was done\n");
        return kUsage;
    }
    Json body = {{"when", tests.size() == 1 ? tests[0] : Json{{"any", tests}}}, {"upstream", a.upstream}};
    if (!a.before.empty()) body["before"] = a.before;
    return change(options, "PUT", path, body);
}

int run(const Options& options, const RuleArguments& a) {
    const auto path = fmt::format("/v1/routes/{}/rules/{}", path_segment(a.route), path_segment(a.rule));
    return a.what == "remove" ? change(options, "DELETE", path, nullptr) : set_rule(options, a, path);
}

}  // namespace

void add_rule(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "rule", "Set or remove one rule of a route; of several tests one is enough",
                          "switchyard rule set app testers --to green --cookie group=beta --client 10.1.0.0/16\n"
                          "  switchyard rule remove app testers");
    add_change_options(*verb, options);
    auto a = std::make_shared<RuleArguments>();
    verb->add_option("WHAT", a->what, "what becomes of it")->required()->check(CLI::IsMember({"set", "remove"}));
    verb->add_option("ROUTE", a->route, "the route's name")->required();
    verb->add_option("RULE", a->rule, "the rule's name; set replaces one that is there")->required();
    verb->add_option("--to", a->upstream,
                     "the upstream its requests go to; @candidate: the other colour, whichever it is");
    const auto several = [&](const char* name, std::vector<std::string>& into, const char* what) {
        verb->add_option(name, into, what)->expected(1)->take_all();
    };
    several("--header", a->headers, "NAME=VALUE, may be repeated");
    several("--cookie", a->cookies, "NAME=VALUE, may be repeated");
    several("--query", a->queries, "NAME=VALUE, may be repeated");
    several("--claim", a->claims, "NAME=VALUE of a verified token, may be repeated");
    several("--client", a->clients, "address or block, may be repeated");
    verb->add_option("--when", a->when, "a condition as the configuration writes it, in JSON");
    verb->add_option("--before", a->before, "a new rule stands before this one; else behind all");
    verb->callback([&, a] { action = [&, a] { return run(options, *a); }; });
}

}  // namespace switchyard::control::cli
