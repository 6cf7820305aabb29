#include "control/cli/deploy/runner.h"

#include <fmt/format.h>

#include <random>
#include <thread>

#include "control/cli/deploy/interruption.h"

namespace switchyard::control::cli::deploy {
namespace {

constexpr std::chrono::milliseconds kBetweenCalls{200};

std::string random_word() {
    std::random_device device;
    return fmt::format("{:08x}{:08x}", device(), device());
}

int code_of(release::Outcome outcome) {
    switch (outcome) {
        case release::Outcome::succeeded:
            return kDone;
        case release::Outcome::incomplete:
        case release::Outcome::abandoned:
        case release::Outcome::running:
            return kIncomplete;
        case release::Outcome::failed:
        case release::Outcome::undone:
            break;
    }
    return kRefused;
}

}  // namespace

Runner::Runner(const Options& options, WantedRelease wanted)
    : options_(options),
      wanted_(std::move(wanted)),
      client_(options.client),
      story_(options.json),
      runner_(random_word()),
      machine_(wanted_.steps()) {}

std::string Runner::reason() const {
    return fmt::format("release {}{}", wanted_.id, options_.reason.empty() ? "" : ": " + options_.reason);
}

std::string Runner::on_route() const {
    return "/v1/routes/" + path_segment(wanted_.route);
}

Runner::Record Runner::said(What what, Step step, std::string detail, std::uint64_t generation) const {
    Record record;
    record.what = what;
    record.step = step;
    // Sentences are put together; a detail that comes from elsewhere may end with a full stop.
    if (detail.ends_with('.')) detail.pop_back();
    record.detail = std::move(detail);
    record.generation = generation;
    return record;
}

std::string Runner::why(const ClientAnswer& answer) {
    if (!answer.json.is_object() || !answer.json.contains("detail")) return answer.text;
    return answer.json.value("detail", "");
}

ClientAnswer Runner::ask(const std::string& method, const std::string& path, const Json& body, const std::string& key) {
    std::map<std::string, std::string> headers;
    if (method != "GET") headers["X-Reason"] = reason();
    if (!key.empty()) headers["Idempotency-Key"] = key;
    const std::string text = body.is_null() ? "" : body.dump();
    const auto until = Clock::now() + kPatience;
    while (true) {
        auto answer = client_.call(method, path, text, headers);
        if (answer.status != 0 || Clock::now() > until) return answer;
        std::this_thread::sleep_for(kBetweenCalls);
    }
}

bool Runner::write(Record record) {
    Json body = to_json(record);
    body["runner"] = runner_;
    const auto answer = ask("POST", "/v1/releases/" + path_segment(wanted_.id) + "/steps", body);
    if (!answer.done()) {
        lost_ = true;
        lost_why_ = why(answer);
        return false;
    }
    const Json lines = answer.json.value("steps", Json::array());
    if (!lines.empty()) record.at = lines.back().value("at", "");  // by the proxy's clock
    journal_.push_back(record);
    machine_.take(record);
    return true;
}

void Runner::beat() {
    if (Clock::now() < next_beat_) return;
    next_beat_ = Clock::now() + kBeat;
    const Json alive = {{"runner", runner_}, {"within", kWithin}};
    const auto heard = client_.call("POST", "/v1/releases/" + path_segment(wanted_.id) + "/alive", alive.dump(), {});
    if (heard.status == 409) lost_ = true, lost_why_ = why(heard);
    if (pending_ == 0) return;
    const auto longer = client_.call("POST", fmt::format("/v1/changes/{}/confirm", pending_),
                                     Json{{"within", kWithin}}.dump(), {{"X-Reason", reason()}});
    if (longer.status != 404) return;
    const auto generation = std::exchange(pending_, 0);
    const auto newest = ask("GET", "/v1/generations?limit=1");
    const auto list = newest.json.is_object() ? newest.json.value("generations", Json::array()) : Json::array();
    if (list.empty()) return;
    const auto& last = list.front();
    if (last.value("generation", std::uint64_t{0}) == generation) return;  // it was confirmed from elsewhere
    const auto verb = last.value("verb", "");
    by_person_ = verb != "not-confirmed";
    taken_ = by_person_
                 ? fmt::format("generation {} was taken back by {} ({})", generation, last.value("who", ""), verb)
                 : fmt::format(
                       "the proxy took generation {} back: this runner did not say in time that it is "
                       "still there",
                       generation);
}

std::optional<Runner::Record> Runner::ended_from_outside(Step step) {
    if (lost_) return said(What::failed, step, lost_why_);
    if (!taken_.empty()) {
        const auto detail = std::exchange(taken_, "");
        return said(std::exchange(by_person_, false) ? What::failed : What::lapsed, step, detail);
    }
    if (heed_ && interruption() != 0)
        return said(What::interrupted, step,
                    fmt::format("interrupted by {}", interruption() == SIGINT ? "SIGINT" : "SIGTERM"));
    return std::nullopt;
}

std::optional<Runner::Record> Runner::wait(Step step, std::chrono::milliseconds length) {
    beat();
    if (auto ended = ended_from_outside(step)) return ended;
    std::this_thread::sleep_for(length);
    return std::nullopt;
}

Json Runner::split() {
    const auto answer = ask("GET", "/v1/status");
    if (answer.json.is_object())
        for (const auto& route : answer.json.value("routes", Json::array()))
            if (route.value("name", "") == wanted_.route) return route.value("split", Json::object());
    return Json::object();
}

bool Runner::all_to(const std::string& upstream) {
    const Json now = split();
    for (const auto& [name, weight] : now.items())
        if ((weight != 0) != (name == upstream)) return false;
    return now.contains(upstream);
}

bool Runner::gets_nothing(const std::string& upstream) {
    const Json now = split();
    return !now.empty() && now.value(upstream, 0) == 0;
}

std::optional<Runner::Record> Runner::find(What what, Step step) const {
    for (auto it = journal_.rbegin(); it != journal_.rend() && it->what != What::lapsed && it->what != What::again;
         ++it)
        if (it->what == what && it->step == step) return *it;
    return std::nullopt;
}

Runner::Record Runner::act(Step step) {
    switch (step) {
        case Step::endpoints:
            return endpoints();
        case Step::start:
            return start();
        case Step::healthy:
            return healthy();
        case Step::smoke:
            return smoke();
        case Step::smoke_through:
            return smoke_through();
        case Step::traffic:
            return traffic();
        case Step::judged:
            return judged();
        case Step::drained:
            return drained();
        case Step::confirm:
            return confirm();
        case Step::stop:
            break;
    }
    return stop();
}

int Runner::gave_up(const std::string& why) {
    const bool final = machine_.confirmed();
    fmt::print(stderr, "switchyard: release {} is not carried on here: {}; {}\n", wanted_.id, safe_text(why),
               final ? "the traffic stays where it is"
                     : fmt::format("what was not confirmed the proxy takes back by itself within {}", kWithin));
    return kIncomplete;
}

int Runner::finish() {
    const auto outcome = machine_.outcome();
    if (options_.json) {
        const auto answer = ask("GET", "/v1/releases/" + path_segment(wanted_.id));
        if (!answer.done()) return print_problem(options_, answer);
        fmt::print("{}\n", json_text(answer.json));
        return code_of(outcome);
    }
    if (outcome == release::Outcome::succeeded)
        story_.say(fmt::format("done: {} serves {}{}", wanted_.to, wanted_.route,
                               wanted_.stop.empty() ? "" : fmt::format(", {} is stopped", from_)));
    else if (outcome == release::Outcome::failed)
        story_.say(
            fmt::format("FAILED: {}; {} serves {} as before{}", machine_.reason(), from_, wanted_.route,
                        wanted_.start.empty() ? "" : fmt::format(" (what was started of {} still runs)", wanted_.to)));
    else
        story_.say(fmt::format("NOT COMPLETE: {}", machine_.reason()));
    return code_of(outcome);
}

int Runner::run() {
    if (const int refused = preflight(); refused != kDone) return refused;
    if (options_.dry_run) {
        story_.say(
            fmt::format("dry run: route {}, {} → {}, nothing was done; the steps:", wanted_.route, from_, wanted_.to));
        for (const auto step : machine_.steps()) story_.say(fmt::format("  {}", word(step)));
        if (options_.json)
            fmt::print("{}\n",
                       json_text({{"dry_run", true}, {"route", wanted_.route}, {"from", from_}, {"to", wanted_.to}}));
        return kDone;
    }
    heed_interruptions();
    if (const auto over = begin()) return *over;
    while (!lost_) {
        const auto next = machine_.next();
        using Kind = release::Machine::Next::Kind;
        if (next.kind == Kind::end) return finish();
        beat();
        const bool back = next.kind == Kind::take_back;
        heed_ = !back;
        Record record;
        if (back) {
            record = take_back(next.step);
            story_.settled(fmt::format("back: {}", word(next.step)), record.detail);
        } else {
            auto begun = said(What::begun, next.step, "");
            if (next.step == Step::endpoints && endpoints_before().is_null()) begun.data = endpoints_now();
            if (next.step == Step::traffic && !find(What::begun, Step::traffic)) begun.data = newest_rollout();
            story_.now(std::string(word(next.step)), "…");
            if (!write(begun)) break;
            auto outside = ended_from_outside(next.step);
            record = outside ? *outside : act(next.step);
            const bool good = record.what == What::done;
            story_.settled(std::string(word(next.step)),
                           good ? record.detail
                                : fmt::format("{}: {}",
                                              record.what == What::lapsed       ? "AGAIN"
                                              : record.what == What::unfinished ? "NOT COMPLETE"
                                                                                : "FAILED",
                                              record.detail));
        }
        if (lost_ || !write(record)) break;
    }
    story_.make_room();
    return gave_up(lost_why_);
}

}  // namespace switchyard::control::cli::deploy
