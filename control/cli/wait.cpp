// switchyard wait UPSTREAM --healthy N --within 30s: until so many of its endpoints are healthy.
#include <fmt/format.h>

#include "control/cli/duration_option.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

struct WaitArguments {
    std::string upstream, within = "30s";
    unsigned healthy = 1;
};

int run(const Options& options, const WaitArguments& a) {
    const auto answer = AdminClient(options.client)
                            .call("GET", fmt::format("/v1/upstreams/{}?healthy={}&wait={}", path_segment(a.upstream),
                                                     a.healthy, path_segment(a.within)));
    if (!answer.done() || !answer.json.is_object()) return print_problem(options, answer);
    const auto healthy = answer.json.value("healthy", 0U);
    const bool enough = healthy >= a.healthy;
    if (options.json) {
        fmt::print("{}\n", json_text(answer.json));
        return enough ? kDone : kIncomplete;
    }
    const auto said = fmt::format("{}: {} of {} endpoints healthy, {} wanted", a.upstream, healthy,
                                  answer.json.value("of", 0U), a.healthy);
    if (enough) {
        fmt::print("{}\n", said);
        return kDone;
    }
    fmt::print(stderr, "NOT healthy within {}: {}\n", a.within, said);
    const auto shown = safe_json(answer.json);
    for (const auto& endpoint : shown.value("endpoints", Json::array()))
        if (endpoint.value("health", "") != "up")
            fmt::print(stderr, "  {} {} {}\n", endpoint.value("address", ""), endpoint.value("health", ""),
                       endpoint.value("detail", ""));
    return kIncomplete;
}

}  // namespace

void add_wait(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "wait", "Wait until so many endpoints of an upstream are healthy",
                          "switchyard wait green --healthy 2 --within 30s && switchyard switch forum green");
    auto a = std::make_shared<WaitArguments>();
    verb->add_option("UPSTREAM", a->upstream, "the group of endpoints")->required();
    verb->add_option("--healthy", a->healthy, "how many")
        ->check([](const std::string& text) {
            return text == "0" ? std::string("--healthy 0 waits for nothing: say 1 or more") : std::string();
        })
        ->capture_default_str();
    verb->add_option("--within", a->within, "at most so long; then the exit code is 3")
        ->check(duration_option())
        ->capture_default_str();
    verb->callback([&, a] { action = [&, a] { return run(options, *a); }; });
}

}  // namespace switchyard::control::cli
