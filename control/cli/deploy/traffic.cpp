// The steps that move the traffic, and those after it.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/text/duration.h"
#include "control/cli/deploy/runner.h"
#include "control/cli/deploy/shell_command.h"

namespace switchyard::control::cli::deploy {
namespace {

// 7 of "r7".
std::uint64_t number_in(const std::string& id) {
    std::uint64_t number = 0;
    if (id.size() > 1) std::from_chars(id.data() + 1, id.data() + id.size(), number);
    return number;
}

std::chrono::milliseconds length_of(const std::string& text) {
    return config::parse_duration(text).value_or(std::chrono::milliseconds(0));
}

}  // namespace

std::string Runner::newest_rollout() {
    const auto all = ask("GET", "/v1/rollouts");
    const Json list = all.json.is_object() ? all.json.value("rollouts", Json::array()) : Json::array();
    return list.empty() ? "" : list.front().value("id", "");
}

std::string Runner::rollout_of_ours() {
    for (const auto what : {What::done, What::begun})
        if (const auto record = find(what, Step::traffic); record && !record->rollout.empty()) return record->rollout;
    // Begun, and killed before it was written down.
    std::uint64_t before = 0;
    for (auto it = journal_.rbegin(); it != journal_.rend() && it->what != What::lapsed && it->what != What::again;
         ++it)
        if (it->step == Step::traffic && it->what == What::begun && it->data.is_string())
            before = number_in(it->data.get<std::string>());
    const auto all = ask("GET", "/v1/rollouts");
    if (!all.done()) return {};
    for (const auto& one : all.json.value("rollouts", Json::array()))
        if (one.value("route", "") == wanted_.route && one.value("from", "") == from_ &&
            one.value("to", "") == wanted_.to && number_in(one.value("id", "")) > before)
            return one.value("id", "");
    return {};
}

Runner::Record Runner::traffic() {
    // Nothing else may wait while this change is made; the addresses have shown that they are right.
    if (!machine_.steps().empty() && pending_ != 0 && !all_to(wanted_.to)) {
        const auto kept = ask("POST", fmt::format("/v1/changes/{}/confirm", pending_));
        if (!kept.done() && kept.status != 404) return said(What::failed, Step::traffic, why(kept));
        pending_ = 0;
    }
    if (!wanted_.plan.is_null()) return rolled_out();
    return wanted_.watch.empty() ? at_once() : watched();
}

Runner::Record Runner::at_once() {
    const auto key = fmt::format("{}-switch-{}", wanted_.id, machine_.attempts());
    const auto answer = ask("POST", on_route() + "/switch",
                            {{"to", wanted_.to},
                             {"require", {{"healthy", 1}}},
                             {"confirm_within", kWithin},
                             {"drain", {{"deadline", wanted_.wait_drained}}}},
                            key);
    if (!answer.done() && answer.status != 202) return said(What::failed, Step::traffic, why(answer));
    const auto generation = answer.json.value("generation", std::uint64_t{0});
    if (answer.json.contains("repeated") || answer.json.value("unchanged", false)) {
        // Done by a runner before this one; whether it is still so is another question.
        adopt_pending();
        if (pending_ != generation && !all_to(wanted_.to))
            return said(What::lapsed, Step::traffic,
                        fmt::format("the proxy took generation {} back: nobody said in time that the release goes on",
                                    generation));
    } else {
        pending_ = generation;
    }
    if (const auto& waiting = answer.json["adopted"].value("waiting_for", Json::array()); !waiting.empty())
        return said(What::failed, Step::traffic,
                    fmt::format("generation {} was not adopted by workers {}", generation, waiting.dump()), generation);
    return said(What::done, Step::traffic,
                fmt::format("all of {} to {} (generation {})", wanted_.route, wanted_.to, generation), generation);
}

Runner::Record Runner::watched() {
    auto rollout = rollout_of_ours();
    std::uint64_t generation = 0;
    if (rollout.empty()) {
        const auto answer = ask("POST", on_route() + "/switch",
                                {{"to", wanted_.to},
                                 {"require", {{"healthy", 1}}},
                                 {"watch", wanted_.watch},
                                 {"drain", {{"deadline", wanted_.wait_drained}}}});
        if (!answer.done() && answer.status != 202) return said(What::failed, Step::traffic, why(answer));
        generation = answer.json.value("generation", std::uint64_t{0});
        rollout = answer.json.value("rollout", "");
        if (rollout.empty()) return said(What::failed, Step::traffic, "nothing watches the switch", generation);
    }
    auto record =
        said(What::done, Step::traffic,
             fmt::format("all of {} to {}, watched by rollout {}", wanted_.route, wanted_.to, rollout), generation);
    record.rollout = rollout;
    return record;
}

Runner::Record Runner::rolled_out() {
    const auto answer =
        ask("POST", "/v1/rollouts", wanted_.plan, fmt::format("{}-rollout-{}", wanted_.id, machine_.attempts()));
    if (!answer.done()) return said(What::failed, Step::traffic, why(answer));
    auto record = said(What::done, Step::traffic, fmt::format("rollout {} has begun", answer.json.value("id", "")));
    record.rollout = answer.json.value("id", "");
    return record;
}

Runner::Record Runner::judged() {
    const auto id = rollout_of_ours();
    if (id.empty()) return said(What::failed, Step::judged, "the rollout of this release is not to be found");
    while (true) {
        const auto answer = ask("GET", "/v1/rollouts/" + path_segment(id));
        if (!answer.done()) return said(What::failed, Step::judged, why(answer));
        const auto& r = answer.json;
        const auto state = r.value("state", ""),
                   because = r.value("ended", Json::object()).value("why", r.value("why", ""));
        const bool over = !r.value("holds_route", true);
        if (state == "succeeded" && over)
            return said(What::done, Step::judged, fmt::format("rollout {} succeeded: {}", id, because));
        if (state == "inconclusive" && over && r.value("watch", false))
            return said(What::done, Step::judged, fmt::format("the watch has ended: {}", because));
        if (state == "inconclusive" && !r.value("watch", false))
            return said(What::failed, Step::judged, fmt::format("rollout {} is inconclusive: {}", id, because));
        if (state == "rolled_back")
            return said(What::failed, Step::judged, fmt::format("rollout {} rolled back: {}", id, because));
        if (state == "aborted") {
            const bool by_proxy = r.value("ended", Json::object()).value("by", "") == "release " + wanted_.id;
            return said(by_proxy ? What::lapsed : What::failed, Step::judged,
                        by_proxy ? fmt::format("the proxy aborted rollout {}: this release had no runner", id)
                                 : fmt::format("rollout {} was {}", id, because));
        }
        story_.now("judged", fmt::format("step {} of {}, {} %: {}", text_of(r["step"]), text_of(r["of_steps"]),
                                         text_of(r["weight_in_force"]), because));
        if (auto outside = wait(Step::judged)) return *outside;
    }
}

Runner::Record Runner::drained() {
    const auto until = Clock::now() + length_of(wanted_.wait_drained);
    while (true) {
        const auto news = ask("GET", "/v1/upstreams/" + path_segment(wanted_.to));
        const auto old = ask("GET", "/v1/upstreams/" + path_segment(from_));
        const auto drains = ask("GET", "/v1/drains");
        for (const auto* answer : {&news, &old, &drains})
            if (!answer->done()) return said(What::failed, Step::drained, why(*answer));
        if (news.json.value("healthy", 0) == 0 && old.json.value("healthy", 0) > 0)
            return said(What::failed, Step::drained,
                        fmt::format("{} died while {} finished what it had: none of its {} endpoints is healthy",
                                    wanted_.to, from_, news.json.value("of", 0)));
        if (gets_nothing(wanted_.to)) {
            beat();
            if (auto outside = ended_from_outside(Step::drained)) return *outside;
            return said(What::failed, Step::drained,
                        fmt::format("somebody gave the traffic of {} back meanwhile", wanted_.route));
        }
        // Exact for what came before the change; what rules send there is counted beside it.
        bool done = old.json.value("in_flight", 0) == 0;
        for (const auto& drain : drains.json.value("drains", Json::array()))
            if (drain.value("at_start", Json::object()).contains(from_) && drain.value("state", "") != "done")
                for (const auto& [upstream, count] : drain["in_flight"].items())
                    if (upstream == from_ && !nothing_in_flight(count)) done = false;
        if (done) {
            for (const auto& route : config_.value("routes", Json::array()))
                if (!wanted_.stop.empty() && route.value("name", "") != wanted_.route &&
                    route.value("split", Json::object()).value(from_, 0) > 0)
                    return said(
                        What::unfinished, Step::drained,
                        fmt::format("{} serves route {} as well and was not stopped", from_, route.value("name", "")));
            return said(What::done, Step::drained, fmt::format("{} has nothing in flight", from_));
        }
        if (Clock::now() > until)
            return said(What::unfinished, Step::drained,
                        fmt::format("{} has {} in flight after {}{}", from_, text_of(old.json["in_flight"]),
                                    wanted_.wait_drained, wanted_.stop.empty() ? "" : " and was not stopped"));
        story_.now("drained", fmt::format("{} has {} in flight", from_, text_of(old.json["in_flight"])));
        if (auto outside = wait(Step::drained, std::chrono::milliseconds(100))) return *outside;
    }
}

Runner::Record Runner::confirm() {
    if (pending_ != 0) {
        const auto answer = ask("POST", fmt::format("/v1/changes/{}/confirm", pending_));
        if (answer.done()) {
            const auto generation = std::exchange(pending_, 0);
            return said(What::done, Step::confirm, fmt::format("generation {} stays", generation), generation);
        }
        if (answer.status != 404) return said(What::failed, Step::confirm, why(answer));
        next_beat_ = {};
        beat();  // who has taken it
        if (auto outside = ended_from_outside(Step::confirm)) return *outside;
        pending_ = 0;
    }
    if (all_to(wanted_.to))
        return said(What::done, Step::confirm, fmt::format("{} has all of {}", wanted_.to, wanted_.route));
    // Before it could be told who moved it: look again at every step.
    return said(What::lapsed, Step::confirm, fmt::format("{} has not all of {} any more", wanted_.to, wanted_.route));
}

Runner::Record Runner::stop() {
    // Confirmed, and looked at once more: traffic that was moved there meanwhile stays.
    const auto until = Clock::now() + length_of(wanted_.wait_drained);
    while (true) {
        const auto old = ask("GET", "/v1/upstreams/" + path_segment(from_));
        const auto status = ask("GET", "/v1/status");
        if (!old.done() || !status.done()) return said(What::failed, Step::stop, why(old.done() ? status : old));
        for (const auto& route : status.json.value("routes", Json::array()))
            if (route.value("split", Json::object()).value(from_, 0) > 0)
                return said(What::failed, Step::stop,
                            fmt::format("{} serves route {} and was not stopped", from_, route.value("name", "")));
        if (old.json.value("in_flight", 0) == 0) break;
        // Of a rule: testers still ask it.
        if (Clock::now() > until)
            return said(What::failed, Step::stop,
                        fmt::format("{} has {} in flight and was not stopped", from_, text_of(old.json["in_flight"])));
        if (auto outside = wait(Step::stop, std::chrono::milliseconds(50))) return *outside;
    }
    story_.make_room();
    const auto failed = run_command(wanted_.stop, [&] {
        beat();
        return !lost_ && !ended_from_outside(Step::stop);
    });
    if (auto outside = ended_from_outside(Step::stop)) {
        outside->detail += "; whether " + from_ + " was stopped is not known";
        return *outside;
    }
    if (!failed.empty()) return said(What::failed, Step::stop, fmt::format("{:?} {}", wanted_.stop, failed));
    return said(What::done, Step::stop, wanted_.stop);
}

}  // namespace switchyard::control::cli::deploy
