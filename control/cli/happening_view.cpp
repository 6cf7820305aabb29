#include "control/cli/happening_view.h"

#include <fmt/format.h>

#include "control/cli/rollout_view.h"
#include "control/cli/verb.h"

namespace switchyard::control::cli {
namespace {

// Empty when nothing of the drain is in flight any more.
std::string drain_line(const Json& d) {
    std::string counts;
    const auto in_flight = d.value("in_flight", Json::object());
    for (const auto& [upstream, count] : in_flight.items())
        if (!nothing_in_flight(count))
            counts += fmt::format("{}{} {}", counts.empty() ? "" : "; ", upstream, in_flight_words(count));
    if (counts.empty()) return {};
    std::string line = fmt::format("drain {} {}  {}", d.value("id", ""), d.value("state", ""), counts);
    if (d.contains("deadline")) line += "  until " + d.value("deadline", "").substr(0, 19);
    return line;
}

}  // namespace

std::vector<std::string> happening_lines(const Happening& happening) {
    std::vector<std::string> out;
    for (const auto& r : happening.rollouts.value("rollouts", Json::array())) {
        if (rollout_ended(r)) continue;
        out.push_back(rollout_line(r));
        if (!r.value("why", "").empty()) out.push_back("    " + r.value("why", ""));
    }
    for (const auto& d : happening.drains.value("drains", Json::array()))
        if (auto line = drain_line(d); !line.empty()) out.push_back(std::move(line));
    for (const auto& g : happening.generations.value("generations", Json::array())) {
        const auto reason = g.value("reason", "");
        out.push_back(fmt::format("generation {} by {} at {}: {}{}", g.value("generation", 0U), g.value("who", ""),
                                  g.value("at", "").substr(0, 19), g.value("verb", ""),
                                  reason.empty() ? "" : " (" + reason + ")"));
        for (const auto& change : g.value("changes", Json::array())) out.push_back("    " + text_of(change));
    }
    return out;
}

}  // namespace switchyard::control::cli
