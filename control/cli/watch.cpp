// switchyard watch: the status, again and again; redrawn in place on a terminal, plain lines otherwise.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "control/cli/happening_view.h"
#include "control/cli/screen.h"
#include "control/cli/series_view.h"
#include "control/cli/status_view.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

std::string one_line(const Json& s) {
    std::string out = fmt::format("generation {} {:.1f}/s {:.1f} err/s p99 {:.2f} ms", text_of(s["generation"]),
                                  s["traffic"].value("requests_per_second", 0.0),
                                  s["traffic"].value("errors_per_second", 0.0), s["traffic"].value("p99_ms", 0.0));
    for (const auto& r : s["routes"]) {
        out += " | " + text_of(r["name"]);
        for (const auto& [upstream, weight] : r["split"].items()) out += " " + upstream + "=" + text_of(weight);
    }
    for (const auto& [name, u] : s["upstreams"].items())
        out += fmt::format(" | {} {}/{}", name, text_of(u["healthy"]), text_of(u["of"]));
    return out;
}

std::vector<std::string> screen_lines(const AdminClient& client, const Json& status) {
    auto lines = status_head(status);
    const auto add = [&](std::vector<std::string> more) {
        for (auto& line : more) lines.push_back(std::move(line));
    };
    const Happening happening{client.call("GET", "/v1/rollouts").json, client.call("GET", "/v1/drains").json,
                              client.call("GET", "/v1/generations?limit=1").json};
    // Where one is missing it ended in between; the next look says so.
    if (happening.rollouts.is_object() && happening.drains.is_object() && happening.generations.is_object())
        for (const auto& line : happening_lines(happening)) lines.push_back(safe_text(line));
    const auto series = client.call("GET", "/v1/series").json;
    const Json routes = series.is_object() ? safe_json(series.value("routes", Json::object())) : Json::object();
    add(status_body(status, [&](const Json& route) {
        return series_lines(routes.value(route.value("name", ""), Json::object()), route["split"],
                            status.value("uptime_s", 0.0), Screen::columns());
    }));
    return lines;
}

int run(const Options& options, double seconds, unsigned times) {
    const bool terminal = Screen::on_terminal() && !options.json;
    Screen screen;
    for (unsigned n = 0; times == 0 || n < times; ++n) {
        if (n > 0) std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
        const AdminClient client(options.client);  // anew: a restart may have moved the local one
        const auto answer = client.call("GET", "/v1/status");
        // A restart is what one wants to see the end of. The first look and a refusal are another matter.
        const bool away = answer.status == 0 && n > 0;
        if (!answer.done() && !away) return print_problem(options, answer);
        if (terminal)
            screen.draw(away ? std::vector<std::string>{answer.text} : screen_lines(client, safe_json(answer.json)));
        else if (away)
            fmt::print(stderr, "{}\n", answer.text);
        else
            fmt::print("{}\n", options.json ? json_text(answer.json, -1) : one_line(safe_json(answer.json)));
        std::fflush(stdout);
    }
    return kDone;
}

}  // namespace

void add_watch(CLI::App& app, Options& options, Action& action) {
    auto* verb =
        add_verb(app, options, "watch", "Show routes, splits, charts, endpoints and rates live, until interrupted",
                 "switchyard watch --every 0.5");
    auto seconds = std::make_shared<double>(1.0);
    auto times = std::make_shared<unsigned>(0);
    verb->add_option("--every", *seconds, "seconds between two looks")
        ->capture_default_str()
        ->check(CLI::Range(0.05, 3600.0));
    verb->add_option("--times", *times, "stop after so many; 0: never")->capture_default_str();
    verb->callback([&, seconds, times] { action = [&, seconds, times] { return run(options, *seconds, *times); }; });
}

}  // namespace switchyard::control::cli
