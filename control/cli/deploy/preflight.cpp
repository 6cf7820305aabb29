// What can be refused is refused here, all at once, before anything is done: what is not there, what the token may not
// do, who else has the route.
#include <fmt/format.h>

#include <algorithm>

#include "config/text/nearest.h"
#include "control/cli/deploy/runner.h"
#include "control/cli/deploy/smoke_call.h"
#include "control/release/release.h"

namespace switchyard::control::cli::deploy {
namespace {

constexpr const char* kCandidate = "@candidate";

std::uint64_t weight_of(const Json& split, const std::string& upstream) {
    return split.value(upstream, std::uint64_t{0});
}

// The one of two arms with the smaller weight.
std::string candidate_of(const Json& split, std::string& why) {
    std::vector<std::pair<std::uint64_t, std::string>> arms;
    for (const auto& [name, weight] : split.items()) arms.emplace_back(weight.get<std::uint64_t>(), name);
    if (arms.size() != 2)
        why = fmt::format("{} is one of two upstreams of a split; this one has {}", kCandidate, arms.size());
    else if (arms[0].first == arms[1].first)
        why = fmt::format("{} is the upstream with the smaller weight; {} and {} have the same", kCandidate,
                          arms[0].second, arms[1].second);
    else
        return std::ranges::min(arms).second;
    return {};
}

std::string unknown(const char* kind, const std::string& name, const std::vector<std::string>& known) {
    return fmt::format("there is no {} {}", kind, config::unknown_word(name, known));
}

}  // namespace

int Runner::print_wrong(const std::vector<std::string>& wrong) const {
    if (options_.json)
        fmt::print("{}\n", json_text({{"refused", wrong}}));
    else
        for (const auto& line : wrong) fmt::print(stderr, "switchyard: {}; nothing was done\n", safe_text(line));
    return kRefused;
}

// In words, and empty where none runs.
std::string Runner::released_by_another() {
    const auto all = client_.call("GET", "/v1/releases?route=" + path_segment(wanted_.route));
    if (!all.done()) return {};
    for (const auto& other : all.json.value("releases", Json::array()))
        if (other.value("outcome", "") == "running" && other.value("id", "") != wanted_.id)
            return fmt::format(
                "route {} is being released by release {} of {} ({} → {}, begun {}); "
                "wait for it, or go on with it: --release-id {}",
                wanted_.route, other.value("id", ""), other.value("who", ""), other.value("from", ""),
                other.value("to", ""), other.value("started_at", ""), other.value("id", ""));
    return {};
}

// What the route gives to whom. A release that goes on has its own answer to it.
bool Runner::read_route(std::vector<std::string>& wrong) {
    std::vector<std::string> names, upstreams;
    for (const auto& route : config_.value("routes", Json::array())) {
        names.push_back(route.value("name", ""));
        if (names.back() == wanted_.route) route_ = route;
    }
    const Json groups = config_.value("upstreams", Json::object());
    for (const auto& [name, group] : groups.items()) upstreams.push_back(name);
    if (route_.is_null()) return wrong.push_back(unknown("route", wanted_.route, names)), false;
    const Json split = route_.value("split", Json::object());
    if (const auto other = released_by_another(); !other.empty()) return wrong.push_back(other), false;
    const auto known = client_.call("GET", "/v1/releases/" + path_segment(wanted_.id));
    // One that failed is tried again as if it were new.
    if (known.done() && known.json.value("outcome", "") != "failed") {
        from_ = known.json.value("from", "");
        if (wanted_.to == kCandidate) wanted_.to = known.json.value("to", "");
        return true;  // whether it fits the record says, when it is begun again
    }
    if (wanted_.to == kCandidate) {
        std::string why;
        wanted_.to = candidate_of(split, why);
        if (wanted_.to.empty()) return wrong.push_back("route " + wanted_.route + ": " + why), false;
    }
    if (std::ranges::find(upstreams, wanted_.to) == upstreams.end())
        return wrong.push_back(unknown("upstream", wanted_.to, upstreams)), false;
    if (weight_of(split, wanted_.to) > 0)
        return wrong.push_back(fmt::format("{} has traffic of route {} already; a release goes to an upstream that has "
                                           "none (switchyard switch {} OTHER)",
                                           wanted_.to, wanted_.route, wanted_.route)),
               false;
    if (!wanted_.endpoints.empty() && groups[wanted_.to].contains("discover"))
        wrong.push_back(
            fmt::format("--endpoint: the endpoints of {} are discovered; let {} name the new ones, or take "
                        "\"discover\" out of the upstream first",
                        wanted_.to, groups[wanted_.to]["discover"].begin().key()));
    std::vector<std::string> serving;
    for (const auto& [name, weight] : split.items())
        if (weight != 0) serving.push_back(name);
    if (serving.size() != 1)
        return wrong.push_back(
                   fmt::format("route {} is served by {} upstreams; a release begins where one has all of it",
                               wanted_.route, serving.size())),
               false;
    from_ = serving.front();
    for (const auto& route : config_.value("routes", Json::array()))
        if (route.value("name", "") != wanted_.route &&
            weight_of(route.value("split", Json::object()), wanted_.to) > 0 &&
            (!wanted_.start.empty() || !wanted_.endpoints.empty()))
            wrong.push_back(fmt::format("{} serves route {}; it cannot be started anew or moved for a release of {}",
                                        wanted_.to, route.value("name", ""), wanted_.route));
    return wrong.empty();
}

// Each change of the release, as a dry run: the answer is what the real one would say of role and place.
void Runner::dry_runs(std::vector<std::string>& wrong) {
    const auto refused = [&](const char* step, const ClientAnswer& answer) {
        if (answer.done()) return;
        if (!answer.json.is_object() || !answer.json.contains("errors")) {
            wrong.push_back(fmt::format("{}: {}", step, why(answer)));
            return;
        }
        for (const auto& error : answer.json["errors"])
            wrong.push_back(fmt::format("{}: {}: {}", step, error.value("pointer", ""), error.value("detail", "")));
    };
    const Json beginning = {{"id", wanted_.id},
                            {"route", wanted_.route},
                            {"from", from_},
                            {"to", wanted_.to},
                            {"runner", runner_},
                            {"within", kWithin},
                            {"wanted", to_json(wanted_.steps())}};
    const auto begun = ask("POST", "/v1/releases?dry_run=true", beginning);
    refused("release", begun);
    if (begun.status == 403 || !begun.json.value("fresh", false)) return;
    if (const auto edits = endpoint_edits(); !edits.empty())
        refused("endpoints", ask("POST", "/v1/changes?dry_run=true", {{"changes", edits}, {"force", true}}));
    if (!wanted_.plan.is_null()) {
        refused("plan", ask("POST", "/v1/rollouts?dry_run=true&force=true", wanted_.plan));
        return;
    }
    refused("traffic", ask("POST", on_route() + "/switch?dry_run=true&force=true",
                           {{"to", wanted_.to}, {"require", {{"healthy", 0}}}}));
}

// A change of ours that still waits, whichever of our runners has made it.
void Runner::adopt_pending() {
    const auto status = ask("GET", "/v1/status");
    if (!status.done() || !status.json.contains("pending")) return;
    const auto generation = status.json["pending"].value("generation", std::uint64_t{0});
    const auto made = ask("GET", fmt::format("/v1/generations/{}", generation));
    const auto said = made.json.is_object() ? made.json.value("reason", "") : "";
    const std::string ours = "release " + wanted_.id;
    if (said == ours || said.starts_with(ours + ":")) pending_ = generation;
}

int Runner::preflight() {
    const auto config = client_.call("GET", "/v1/config");
    if (!config.done()) return print_problem(options_, config);
    config_ = config.json;
    std::vector<std::string> wrong;
    if (!read_route(wrong)) return print_wrong(wrong);
    if (!wanted_.plan.is_null())
        for (const auto& [key, value] :
             {std::pair("route", wanted_.route), std::pair("from", from_), std::pair("to", wanted_.to)}) {
            if (wanted_.plan.contains(key) && wanted_.plan[key] != value)
                wrong.push_back(fmt::format("plan: \"{}\" is {}, this release's is {}; leave it out", key,
                                            wanted_.plan[key].dump(), value));
            wanted_.plan[key] = value;
        }
    adopt_pending();
    dry_runs(wrong);
    return wrong.empty() ? kDone : print_wrong(wrong);
}

std::optional<int> Runner::begin() {
    Json body = {{"id", wanted_.id},
                 {"route", wanted_.route},
                 {"from", from_},
                 {"to", wanted_.to},
                 {"runner", runner_},
                 {"within", kWithin},
                 {"wanted", to_json(wanted_.steps())},
                 {"plan", wanted_.shown()}};
    const auto answer = ask("POST", "/v1/releases", body);
    if (!answer.done()) return print_problem(options_, answer);
    for (const auto& line : answer.json.value("steps", Json::array()))
        if (auto record = release::parse_record(line)) journal_.push_back(std::move(*record));
    machine_ = release::machine_of(wanted_.steps(), journal_);
    if (answer.json.value("outcome", "") != "running") {
        story_.say(fmt::format("release {} has ended before", wanted_.id));
        const auto outcome = answer.json.value("outcome", "");
        if (outcome == word(machine_.outcome())) return finish();
        if (options_.json) fmt::print("{}\n", json_text(answer.json));
        story_.say(fmt::format("{}: {}", outcome, answer.json.value("reason", "")));
        return kRefused;
    }
    story_.say(fmt::format("release {}: route {}, {} → {}{}", wanted_.id, wanted_.route, from_, wanted_.to,
                           answer.status == 200 ? " (goes on)" : ""));
    next_beat_ = Clock::now() + kBeat;
    if (answer.status == 200 && machine_.next().kind != release::Machine::Next::Kind::end)
        static_cast<void>(write(said(What::resumed, machine_.next().step, "")));
    return std::nullopt;
}

}  // namespace switchyard::control::cli::deploy
