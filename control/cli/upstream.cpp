// switchyard upstream NAME: its endpoints, and, where they are discovered, from where, since when and held by which
// guard.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

constexpr std::size_t kShownHistory = 10;

std::vector<std::string> words_in(const Json& list) {
    std::vector<std::string> out;
    for (const auto& item : list) out.push_back(text_of(item));
    return out;
}

std::string checks(const Json& endpoint) {
    auto out = endpoint.value("health", "");
    if (endpoint.value("ejected", false)) out += ", ejected";
    if (endpoint.value("draining", false)) out += ", asks to be drained";
    if (endpoint.contains("detail")) out += " (" + endpoint.value("detail", "") + ")";
    return out;
}

std::string wanted(const Json& endpoint) {
    auto out = endpoint.value("state", "up");
    if (endpoint.value("override", false)) out += " by override";
    if (endpoint.contains("source_says")) out += " (source: " + endpoint.value("source_says", "") + ")";
    if (endpoint.value("backup", false)) out += ", backup";
    return out;
}

void print_endpoints(const Json& endpoints, bool discovered) {
    std::vector<std::vector<std::string>> rows{
        {"ADDRESS", "FROM", "SINCE", "CHECKS", "STATE", "WEIGHT", "IN FLIGHT", "HELD"}};
    for (const auto& e : endpoints)
        rows.push_back(
            {e.value("address", ""), e.value("from", discovered ? "source" : "configuration"),
             e.value("since", "").substr(0, 19), checks(e), wanted(e), text_of(e["weight"]), text_of(e["in_flight"]),
             e.contains("held")
                 ? fmt::format("{}, not named since {}", e.value("held", ""), e.value("absent_since", "").substr(0, 19))
                 : ""});
    print_table(rows);
}

std::string what_happened(const Json& h) {
    const auto kind = h.value("kind", "");
    if (kind == "failed") return "no answer: " + h.value("why", "");
    if (kind == "well_again") return "answers again";
    if (kind == "refused")
        return fmt::format("refused: {}", fmt::join(words_in(h.value("about", Json::array())), "; "));
    if (kind == "held")
        return fmt::format("kept ({}): {}", h.value("held", ""),
                           fmt::join(words_in(h.value("about", Json::array())), ", "));
    const auto added = words_in(h.value("added", Json::array())), removed = words_in(h.value("removed", Json::array()));
    return added.empty() ? fmt::format("removed {}", fmt::join(removed, ", "))
                         : fmt::format("added {}", fmt::join(added, ", "));
}

void print_discovery(const Json& d) {
    auto head = fmt::format("{}  roll {}  {}", d.value("source", ""), text_of(d["roll"]), d.value("state", ""));
    if (d.contains("stale_seconds"))
        head += fmt::format(" for {:.0f} s: {}", d.value("stale_seconds", 0.0), d.value("why", ""));
    if (d.value("held", 0U) > 0) head += fmt::format("  {} held", d.value("held", 0U));
    fmt::print("{}\n", head);
    print_endpoints(d.value("endpoints", Json::array()), true);
    for (const auto& address : d.value("absent_overrides", Json::array()))
        fmt::print("{} is not there; its override waits for it\n", text_of(address));
    std::size_t shown = 0;
    for (const auto& h : d.value("history", Json::array())) {
        if (++shown > kShownHistory) break;
        fmt::print("{}  roll {}  {}\n", h.value("at", "").substr(0, 19), text_of(h["roll"]), what_happened(h));
    }
}

int run(const Options& options, const std::string& name) {
    const AdminClient client(options.client);
    const auto path = "/v1/upstreams/" + path_segment(name);
    const auto upstream = client.call("GET", path);
    if (!upstream.done()) return print_problem(options, upstream);
    const bool discovers = upstream.json.contains("discovery");
    return show(options, discovers ? path + "/discovery" : path, [&](const Json& answer) {
        if (discovers)
            print_discovery(answer);
        else
            print_endpoints(answer.value("endpoints", Json::array()), false);
    });
}

}  // namespace

void add_upstream(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "upstream",
                          "Show the endpoints of an upstream, and where they are discovered: since when, held by whom",
                          "switchyard upstream green");
    auto name = std::make_shared<std::string>();
    verb->add_option("NAME", *name, "the upstream")->required();
    verb->callback([&, name] { action = [&, name] { return run(options, *name); }; });
}

}  // namespace switchyard::control::cli
