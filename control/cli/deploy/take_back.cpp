// The way back, step by step; looks before it acts, as the way forward does.
#include <fmt/format.h>

#include <algorithm>

#include "control/cli/deploy/runner.h"

namespace switchyard::control::cli::deploy {

Runner::Record Runner::take_back(Step step) {
    taken_.clear();  // taken back already is what is wanted
    return step == Step::traffic ? traffic_back() : endpoints_back();
}

Runner::Record Runner::traffic_back() {
    const auto done = [&](std::string how) { return said(What::undone, Step::traffic, std::move(how)); };
    const auto all_of = fmt::format("{} has all of {} again", from_, wanted_.route);
    if (machine_.steps().end() != std::ranges::find(machine_.steps(), Step::judged)) {
        const auto id = rollout_of_ours();
        const auto until = Clock::now() + kPatience;
        while (!id.empty()) {
            const auto rollout = ask("GET", "/v1/rollouts/" + path_segment(id));
            if (!rollout.done() || !rollout.json.value("holds_route", true)) break;
            const auto state = rollout.json.value("state", "");
            if (state == "running" || state == "paused" || state == "inconclusive")
                static_cast<void>(ask("POST", "/v1/rollouts/" + path_segment(id) + "/abort"));
            if (Clock::now() > until)
                return said(What::not_undone, Step::traffic, fmt::format("rollout {} still returns the traffic", id));
            heed_ = false;
            static_cast<void>(wait(Step::traffic, std::chrono::milliseconds(100)));
            if (lost_) return said(What::not_undone, Step::traffic, lost_why_);
        }
    }
    if (gets_nothing(wanted_.to)) return done(all_of);
    ClientAnswer answer;
    if (pending_ == 0) adopt_pending();
    if (pending_ != 0) {
        const auto made = ask("GET", fmt::format("/v1/generations/{}", pending_));
        answer =
            ask("POST", "/v1/undo", {{"to", made.json.is_object() ? made.json.value("parent", std::uint64_t{0}) : 0}});
    } else {
        answer = ask("PUT", on_route() + "/split", {{from_, 100}, {wanted_.to, 0}});
    }
    if (answer.done()) {
        pending_ = 0;
        auto record = done(all_of);
        record.generation = answer.json.value("generation", std::uint64_t{0});
        return record;
    }
    if (gets_nothing(wanted_.to)) return done(all_of);
    auto refused = why(answer);
    if (pending_ != 0 && answer.status == 409) {
        // The deadline would take it back by force, to where no endpoint is.
        const auto kept = ask("POST", fmt::format("/v1/changes/{}/confirm", pending_));
        if (kept.done()) refused += fmt::format("; generation {} stays", std::exchange(pending_, 0));
    }
    return said(What::not_undone, Step::traffic, fmt::format("the traffic stays with {}: {}", wanted_.to, refused));
}

Runner::Record Runner::endpoints_back() {
    const auto before = endpoints_before();
    if (!before.is_array()) return said(What::undone, Step::endpoints, "nothing was changed");
    if (pending_ == 0) adopt_pending();
    if (pending_ != 0) {
        // Only an undo could go before a change that waits; this way the others' changes stay.
        static_cast<void>(ask("POST", fmt::format("/v1/changes/{}/confirm", pending_)));
        pending_ = 0;
    }
    const auto text = [](const Json& endpoint) {
        return endpoint.is_string() ? endpoint.get<std::string>() : endpoint.value("address", "");
    };
    Json edits = Json::array();
    const Json now = endpoints_now();
    for (const auto& endpoint : before) {
        if (std::ranges::any_of(now, [&](const auto& e) { return e == endpoint; })) continue;
        Json settings = endpoint.is_object() ? endpoint : Json::object();
        settings.erase("address");
        edits.push_back(
            {{"verb", "put-endpoint"}, {"upstream", wanted_.to}, {"address", text(endpoint)}, {"settings", settings}});
    }
    for (const auto& endpoint : now)
        if (std::ranges::none_of(before, [&](const auto& e) { return text(e) == text(endpoint); }))
            edits.push_back({{"verb", "remove-endpoint"}, {"upstream", wanted_.to}, {"address", text(endpoint)}});
    if (edits.empty())
        return said(What::undone, Step::endpoints, fmt::format("{} has the addresses it had", wanted_.to));
    const auto answer = ask("POST", "/v1/changes", {{"changes", edits}, {"force", true}});
    if (!answer.done() && answer.status != 202)
        return said(What::not_undone, Step::endpoints,
                    fmt::format("the addresses of {} stay: {}", wanted_.to, why(answer)));
    return said(What::undone, Step::endpoints, fmt::format("{} has the addresses it had", wanted_.to),
                answer.json.value("generation", std::uint64_t{0}));
}

}  // namespace switchyard::control::cli::deploy
