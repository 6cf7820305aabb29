// The steps before the traffic moves: only testers see anything of them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "config/text/count.h"
#include "config/text/duration.h"
#include "control/cli/deploy/runner.h"
#include "control/cli/deploy/shell_command.h"
#include "control/cli/deploy/smoke_call.h"

namespace switchyard::control::cli::deploy {
namespace {

std::string address_of(const Json& endpoint) {
    return endpoint.is_string() ? endpoint.get<std::string>() : endpoint.value("address", "");
}

std::chrono::milliseconds time_of(const std::string& text) {
    return config::parse_duration(text).value_or(std::chrono::milliseconds(0));
}

// Checks may be as quick as this.
constexpr std::chrono::milliseconds kBetweenChecks{100};

// Those that are to serve: of a name each address that it has now.
std::vector<Json> places_of(const Json& upstream) {
    std::vector<Json> out;
    for (const auto& endpoint : upstream.value("endpoints", Json::array())) {
        if (endpoint.value("state", "") != "up" || endpoint.value("weight", 1) == 0) continue;
        const Json addresses = endpoint.value("name", Json::object()).value("addresses", Json::array());
        for (const auto& address : addresses)
            if (!address.value("leaving", false)) out.push_back(address);
        if (addresses.empty()) out.push_back(endpoint);
    }
    return out;
}

// Tells verdicts of checks that began after a moment from older ones. Checks of an address come one after the other, so
// the second one that ended after the moment has begun after it.
class FreshChecks {
  public:
    // `since` empty: any verdict will do.
    explicit FreshChecks(std::string since) : since_(std::move(since)) {}

    // Empty: it serves.
    std::string wrong_with(const Json& place) {
        const auto detail = place.value("detail", "");
        if (place.value("health", "") != "up") return detail.empty() ? "was not found healthy" : detail;
        if (place.value("ejected", false)) return "is ejected";
        const auto checked = place.value("checked_at", "");
        if (since_.empty() || checked.empty()) return {};  // without a time there are no checks
        if (checked <= since_) return "was not checked since it was started";
        auto& first = first_[place.value("address", "")];
        if (first.empty()) first = checked;
        if (!detail.empty()) return detail;  // the last one failed, if not often enough to be down
        return checked > first ? "" : "was not checked since it was started";
    }

  private:
    const std::string since_;
    std::map<std::string, std::string> first_;  // end of the first check after the moment, by address
};

}  // namespace

Json Runner::endpoints_now() {
    const auto config = ask("GET", "/v1/config");
    const Json nothing = Json::array();
    if (!config.done()) return nothing;
    const auto& groups = config.json["upstreams"];
    return groups.contains(wanted_.to) ? groups[wanted_.to].value("endpoints", nothing) : nothing;
}

Json Runner::endpoints_before() const {
    // The first of this try: a runner that goes on finds them changed already.
    Json before;
    for (const auto& record : journal_) {
        if (record.what == What::again) before = nullptr;
        if (record.step == Step::endpoints && record.what == What::begun && before.is_null()) before = record.data;
    }
    return before;
}

// From the addresses there are to those that were named. Empty: they are the same.
std::vector<Json> Runner::endpoint_edits() const {
    std::vector<Json> edits;
    if (wanted_.endpoints.empty()) return edits;
    std::vector<std::string> there;
    const Json groups = config_.value("upstreams", Json::object());
    if (groups.contains(wanted_.to))
        for (const auto& endpoint : groups[wanted_.to].value("endpoints", Json::array()))
            there.push_back(address_of(endpoint));
    for (const auto& address : wanted_.endpoints)
        if (std::ranges::find(there, address) == there.end())
            edits.push_back({{"verb", "put-endpoint"}, {"upstream", wanted_.to}, {"address", address}});
    for (const auto& address : there)
        if (std::ranges::find(wanted_.endpoints, address) == wanted_.endpoints.end())
            edits.push_back({{"verb", "remove-endpoint"}, {"upstream", wanted_.to}, {"address", address}});
    return edits;
}

Runner::Record Runner::endpoints() {
    const auto config = ask("GET", "/v1/config");
    if (!config.done()) return said(What::failed, Step::endpoints, why(config));
    config_ = config.json;
    const auto edits = endpoint_edits();
    const auto addresses = fmt::format("{}", fmt::join(wanted_.endpoints, ", "));
    if (edits.empty()) return said(What::done, Step::endpoints, addresses + ", as it was");
    // Only testers are sent there: force only says that their upstream may be empty for a moment.
    const auto answer = ask("POST", "/v1/changes", {{"changes", edits}, {"force", true}, {"confirm_within", kWithin}});
    if (!answer.done() && answer.status != 202) return said(What::failed, Step::endpoints, why(answer));
    pending_ = answer.json.value("generation", std::uint64_t{0});
    return said(What::done, Step::endpoints, fmt::format("{} (generation {})", addresses, pending_), pending_);
}

Runner::Record Runner::start() {
    story_.make_room();
    const auto failed = run_command(wanted_.start, [&] {
        beat();
        return !lost_ && taken_.empty() && !ended_from_outside(Step::start);
    });
    if (auto outside = ended_from_outside(Step::start)) return *outside;
    if (!failed.empty()) return said(What::failed, Step::start, fmt::format("{:?} {}", wanted_.start, failed));
    return said(What::done, Step::start, wanted_.start);
}

Runner::Record Runner::healthy() {
    const auto until = Clock::now() + time_of(wanted_.wait_healthy);
    // What was found before the start command ended speaks of the process before it. By the proxy's clock.
    const auto begun = find(What::begun, Step::healthy);
    const std::string since = wanted_.start.empty() || !begun ? "" : begun->at;
    FreshChecks fresh(since);
    while (true) {
        const auto answer = ask("GET", "/v1/upstreams/" + path_segment(wanted_.to));
        if (!answer.done()) return said(What::failed, Step::healthy, why(answer));
        std::size_t to_serve = 0, sound = 0;
        std::string sick;
        for (const auto& place : places_of(answer.json)) {
            ++to_serve;
            const auto wrong = fresh.wrong_with(place);
            if (wrong.empty()) ++sound;
            if (!wrong.empty() && sick.empty()) sick = fmt::format("; {} {}", place.value("address", ""), wrong);
        }
        const auto count = fmt::format("{} of {} of {}", sound, config::count_of(to_serve, "endpoint"), wanted_.to);
        if (to_serve > 0 && sound == to_serve) return said(What::done, Step::healthy, count);
        if (Clock::now() > until)
            return said(What::failed, Step::healthy,
                        to_serve == 0 ? fmt::format("{} has no endpoint that may serve", wanted_.to)
                                      : fmt::format("{} did not get healthy within {}: {}{}", wanted_.to,
                                                    wanted_.wait_healthy, count, sick));
        story_.now("healthy", count + sick);
        if (auto outside = wait(Step::healthy, kBetweenChecks)) return *outside;
    }
}

std::string Runner::smoke_host() const {
    const Json match = route_.value("match", Json::object());
    for (const auto& host : match.value("hosts", Json::array()))
        if (const auto name = host.get<std::string>(); name.find('*') == std::string::npos) return name;
    return {};
}

Runner::Record Runner::smoke() {
    // Those that are written and those that were discovered, each with the state that it has now.
    const auto upstream = ask("GET", "/v1/upstreams/" + path_segment(wanted_.to));
    if (!upstream.done()) return said(What::failed, Step::smoke, why(upstream));
    const Json endpoints = upstream.json.value("endpoints", Json::array());
    std::size_t good = 0;
    for (const auto& endpoint : endpoints)
        for (const auto& text : wanted_.smoke) {
            std::string ignored;
            const auto call = SmokeCall::parse(text, ignored);
            if (!call || endpoint.value("state", "up") != "up") continue;
            const auto address = address_of(endpoint);
            story_.now("smoke", fmt::format("{} at {}", text, address));
            const auto answer = make_call(*call, address, smoke_host());
            if (!call->good(answer.status))
                return said(What::failed, Step::smoke,
                            fmt::format("{} at {} of {} {}", text, address, wanted_.to,
                                        answer.status == 0 ? "was not answered: " + answer.why
                                                           : fmt::format("answered {}", answer.status)));
            ++good;
            beat();
            if (auto outside = ended_from_outside(Step::smoke)) return *outside;
        }
    if (good == 0) return said(What::failed, Step::smoke, fmt::format("{} has no endpoint to ask", wanted_.to));
    return said(What::done, Step::smoke, fmt::format("{} answered well", config::count_of(good, "call")));
}

Runner::Record Runner::smoke_through() {
    const auto status = ask("GET", "/v1/status");
    if (!status.done()) return said(What::failed, Step::smoke_through, why(status));
    std::string where = wanted_.through;
    const Json listeners = status.json.value("listeners", Json::array());
    if (where.empty() && !listeners.empty()) where = listeners.front().value("bound", "");
    // Bound to every address: this machine's, or the one that the admin API is asked at.
    const auto colon = where.rfind(':');
    const bool anywhere = where.starts_with("0.0.0.0:") || where.starts_with("[::]:");
    if (anywhere) {
        auto host = client_.url().substr(client_.url().find("://") + 3);
        where = host.substr(0, host.rfind(':')) + where.substr(colon);
    }
    const Json first =
        config_.value("listeners", Json::array()).empty() ? Json::object() : config_["listeners"].front();
    if (wanted_.through.empty() && first.contains("tls")) where = "https://" + where;
    for (const auto& text : wanted_.smoke_through) {
        std::string ignored;
        const auto call = SmokeCall::parse(text, ignored);
        if (!call) continue;
        const auto host = call->host().empty() ? smoke_host() : call->host();
        Json question = {{"method", call->method}, {"host", host.empty() ? "localhost" : host}, {"path", call->target}};
        for (const auto& [name, value] : call->headers) question["headers"][name] = value;
        story_.now("smoke_through", text);
        // A call that another release answers says nothing about this one.
        const auto told = ask("POST", "/v1/explain", question);
        if (!told.done()) return said(What::failed, Step::smoke_through, fmt::format("{}: {}", text, why(told)));
        if (const auto upstream = told.json.value("upstream", ""); upstream != wanted_.to)
            return said(What::failed, Step::smoke_through,
                        fmt::format("{} goes to {}, not to {}: route {} needs a rule for it", text,
                                    upstream.empty() ? "nobody" : upstream, wanted_.to, wanted_.route));
        const auto answer = make_call(*call, where, host);
        if (!call->good(answer.status))
            return said(What::failed, Step::smoke_through,
                        fmt::format("{} through the route {}", text,
                                    answer.status == 0 ? fmt::format("was not answered at {}: {}", where, answer.why)
                                                       : fmt::format("answered {}", answer.status)));
        beat();
        if (auto outside = ended_from_outside(Step::smoke_through)) return *outside;
    }
    return said(What::done, Step::smoke_through,
                fmt::format("{} through the route answered well by {}",
                            config::count_of(wanted_.smoke_through.size(), "call"), wanted_.to));
}

}  // namespace switchyard::control::cli::deploy
