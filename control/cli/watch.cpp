// switchyard watch: the status, again and again; redrawn in place on a terminal, plain lines otherwise.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "control/cli/status_view.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

constexpr const char* kHome = "\x1b[H";
constexpr const char* kClearRest = "\x1b[J";
constexpr const char* kClearLine = "\x1b[K";
constexpr const char* kClearAll = "\x1b[2J";

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

int run(const Options& options, double seconds, unsigned times) {
    const bool terminal = ::isatty(STDOUT_FILENO) == 1 && !options.json;
    if (terminal) fmt::print("{}", kClearAll);
    for (unsigned n = 0; times == 0 || n < times; ++n) {
        if (n > 0) std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
        const auto answer = AdminClient(options.client).call("GET", "/v1/status");
        if (!answer.done()) return print_problem(options, answer);
        if (options.json) {
            fmt::print("{}\n", answer.json.dump());
        } else if (terminal) {
            std::string screen = kHome;
            for (const auto& line : status_lines(answer.json)) screen += line + kClearLine + "\n";
            fmt::print("{}{}", screen, kClearRest);
        } else {
            fmt::print("{}\n", one_line(answer.json));
        }
        std::fflush(stdout);
    }
    return kDone;
}

}  // namespace

void add_watch(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "watch", "Show routes, splits, endpoints and rates live, until interrupted",
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
