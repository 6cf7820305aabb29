#include "control/release/book/releases.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "proxy/base/log.h"

namespace switchyard::control::release {
namespace {

using Json = nlohmann::ordered_json;

std::string seconds(std::chrono::milliseconds length) {
    return fmt::format("{} s", std::chrono::duration_cast<std::chrono::seconds>(length).count());
}

// Cut between characters, never inside one.
void clip(std::string& text, std::size_t most) {
    if (text.size() <= most) return;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
    text.resize(most);
}

const config::Route* route_of(const config::Model& model, const std::string& name) {
    const auto it = std::ranges::find(model.routes, name, &config::Route::name);
    return it == model.routes.end() ? nullptr : &*it;
}

}  // namespace

void Releases::restore(const std::map<std::string, std::string>& kept) {
    for (const auto& [id, text] : kept) {
        auto release = parse_release(text);
        if (!release) {
            log_warn("the record of release {} cannot be read and is left out", id);
            continue;
        }
        all_.push_back(std::make_unique<Live>(Live{std::move(*release), doors_.clock.now()}));
    }
    std::ranges::sort(all_, [](const auto& a, const auto& b) {
        return std::tie(a->release.begun, a->release.id) < std::tie(b->release.begun, b->release.id);
    });
}

Releases::Live* Releases::live(const std::string& id) {
    const auto it = std::ranges::find_if(all_, [&](const auto& l) { return l->release.id == id; });
    return it == all_.end() ? nullptr : it->get();
}

const Release* Releases::find(const std::string& id) const {
    const auto it = std::ranges::find_if(all_, [&](const auto& l) { return l->release.id == id; });
    return it == all_.end() ? nullptr : &(*it)->release;
}

std::vector<const Release*> Releases::newest_first() const {
    std::vector<const Release*> out;
    for (auto it = all_.rbegin(); it != all_.rend(); ++it) out.push_back(&(*it)->release);
    return out;
}

Result<void> Releases::fits(const Beginning& wanted) const {
    const auto& model = doors_.routes.model();
    std::vector<config::Error> errors;
    if (route_of(model, wanted.route) == nullptr) errors.push_back({"/route", "there is no route " + wanted.route});
    for (const auto& [key, upstream] : {std::pair("/from", wanted.from), std::pair("/to", wanted.to)})
        if (!model.upstreams.contains(upstream)) errors.push_back({key, "there is no upstream " + upstream});
    if (wanted.from == wanted.to) errors.push_back({"/to", "is where the traffic comes from"});
    if (wanted.plan.dump().size() > kData) errors.push_back({"/plan", fmt::format("is longer than {} octets", kData)});
    if (!errors.empty()) return problems::invalid(std::move(errors), "release");
    return {};
}

Result<void> Releases::route_free(const Beginning& wanted) const {
    for (const auto& other : all_) {
        const auto& r = other->release;
        if (!r.running() || r.route != wanted.route || r.id == wanted.id) continue;
        return problems::conflict(fmt::format(
            "route {} is being released by release {} of {} ({} → {}, begun {}, its runner was heard {} ago); wait for "
            "it, or go on with it: --release-id {}",
            r.route, r.id, r.who, r.from, r.to, r.begun, seconds(doors_.clock.now() - other->heard), r.id));
    }
    return {};
}

void Releases::tell(const Release& release, const char* kind, const Caller& caller, const std::string& line) {
    doors_.pages.note(fmt::format("release-{}", kind), caller, line);
    doors_.pages.event(Json{{"release", release.id},
                            {"kind", kind},
                            {"route", release.route},
                            {"outcome", word(release.outcome)},
                            {"text", line}});
}

Result<void> Releases::change(Live& live, Release next) {
    if (auto kept = doors_.pages.keep(next.id, text_of(next)); !kept) return kept.error();
    live.release = std::move(next);
    return {};
}

Result<Releases::Begun> Releases::begin(const Beginning& wanted, const Caller& caller, bool dry_run) {
    auto* const known = live(wanted.id);
    if (known != nullptr) {
        const auto& r = known->release;
        if (r.route != wanted.route || r.to != wanted.to)
            return problems::conflict(fmt::format(
                "release {} is one of route {} to {}; another release needs another id", r.id, r.route, r.to));
        const bool open = r.running() || r.outcome == Outcome::abandoned || r.outcome == Outcome::failed;
        if (!open) return Begun{&r, false};
    }
    if (auto free = route_free(wanted); !free) return free.error();
    return known != nullptr ? go_on(*known, wanted, caller, dry_run) : begin_new(wanted, caller, dry_run);
}

// One that is under way, was given up, or failed and is tried again.
Result<Releases::Begun> Releases::go_on(Live& known, const Beginning& wanted, const Caller& caller, bool dry_run) {
    const bool again = known.release.outcome == Outcome::failed;
    if (!again && known.release.wanted != wanted.wanted)
        return problems::conflict(
            fmt::format("release {} was begun with other steps ({}); go on with the same options, or begin another",
                        wanted.id, to_json(known.release.wanted).dump()));
    if (again)
        if (auto fit = fits(wanted); !fit) return fit.error();
    if (dry_run) return Begun{&known.release, again};
    auto next = known.release;
    next.runner = wanted.runner;
    next.within = wanted.within;
    if (again) {
        Record record;
        record.what = Record::What::again;
        record.at = doors_.clock.timestamp();
        next.steps.push_back(std::move(record));
        next.from = wanted.from;
        next.wanted = wanted.wanted;
        next.plan = wanted.plan;
        next.generation = doors_.routes.generation();
        next.split = route_of(doors_.routes.model(), wanted.route)->split;
    }
    next.outcome = Outcome::running;
    next.reason.clear();
    next.ended.clear();
    if (auto kept = change(known, std::move(next)); !kept) return kept.error();
    known.heard = doors_.clock.now();
    tell(known.release, "resume", caller, fmt::format("release {} goes on", wanted.id));
    return Begun{&known.release, false};
}

Result<Releases::Begun> Releases::begin_new(const Beginning& wanted, const Caller& caller, bool dry_run) {
    if (auto fit = fits(wanted); !fit) return fit.error();
    if (dry_run) return Begun{nullptr, true};
    Release r;
    r.id = wanted.id;
    r.route = wanted.route;
    r.from = wanted.from;
    r.to = wanted.to;
    r.who = caller.who;
    r.origin = caller.from;
    r.begun = doors_.clock.timestamp();
    r.wanted = wanted.wanted;
    r.plan = wanted.plan;
    r.generation = doors_.routes.generation();
    r.split = route_of(doors_.routes.model(), wanted.route)->split;
    r.runner = wanted.runner;
    r.within = wanted.within;
    if (auto kept = doors_.pages.keep(r.id, text_of(r)); !kept) return kept.error();
    all_.push_back(std::make_unique<Live>(Live{std::move(r), doors_.clock.now()}));
    const auto& begun = all_.back()->release;
    tell(begun, "begin", caller,
         fmt::format("release {}: route {}, {} → {}", begun.id, begun.route, begun.from, begun.to));
    forget_oldest();
    return Begun{&begun, true};
}

Result<Releases::Live*> Releases::writable(const std::string& id, const std::string& runner) {
    auto* const found = live(id);
    if (found == nullptr) return problems::not_found("there is no release " + id);
    const auto& r = found->release;
    if (!r.running())
        return problems::conflict(fmt::format("release {} is {}{}", id, word(r.outcome),
                                              r.outcome == Outcome::abandoned
                                                  ? ": its runner was not heard of in time; "
                                                    "begin it again to go on"
                                                  : " and over"));
    if (r.runner != runner) return problems::conflict(fmt::format("release {} was taken over by another runner", id));
    return found;
}

Result<const Release*> Releases::take(const std::string& id, const std::string& runner, Record record,
                                      const Caller& caller) {
    auto found = writable(id, runner);
    if (!found) return found.error();
    auto& here = **found;
    if (here.release.steps.size() >= kMostRecords)
        return problems::conflict(fmt::format("release {} has {} records, and no more are taken", id, kMostRecords));
    if (record.data.dump().size() > kData)
        return problems::invalid({config::Error{"/data", fmt::format("is longer than {} octets", kData)}}, "body");
    clip(record.detail, kDetail);
    record.at = doors_.clock.timestamp();
    auto next = here.release;
    next.steps.push_back(std::move(record));
    const auto machine = machine_of(next.wanted, next.steps);
    next.outcome = machine.outcome();
    next.reason = machine.reason();
    if (!next.running()) next.ended = next.steps.back().at;
    if (auto kept = change(here, std::move(next)); !kept) return kept.error();
    here.heard = doors_.clock.now();
    const auto& r = here.release;
    if (!r.running())
        tell(r, "end", caller,
             fmt::format("release {}: {}{}{}", r.id, word(r.outcome), r.reason.empty() ? "" : ": ", r.reason));
    return &r;
}

Result<const Release*> Releases::alive(const std::string& id, const std::string& runner,
                                       std::chrono::milliseconds within) {
    auto found = writable(id, runner);
    if (!found) return found.error();
    // In memory: after a restart every runner gets its time anew.
    (*found)->release.within = within;
    (*found)->heard = doors_.clock.now();
    return &(*found)->release;
}

Result<const Release*> Releases::may_undo(const std::string& id) const {
    const auto* const wanted = find(id);
    if (wanted == nullptr) return problems::not_found("there is no release " + id);
    if (wanted->running())
        return problems::conflict(
            fmt::format("release {} is running; interrupt its runner, and it takes everything back", id));
    if (wanted->outcome == Outcome::failed)
        return problems::conflict(fmt::format("release {} failed, and everything is as it was before it", id));
    if (wanted->outcome == Outcome::undone)
        return problems::conflict(fmt::format("release {} was undone by {} before", id, wanted->undone_by));
    for (const auto& other : newest_first()) {
        if (other == wanted) break;
        if (other->route == wanted->route && (other->running() || other->stands()))
            return problems::conflict(
                fmt::format("release {} came after it on route {}; undo that one first", other->id, other->route));
    }
    return wanted;
}

void Releases::undone(const std::string& id, std::uint64_t generation, const Caller& caller) {
    auto* const found = live(id);
    if (found == nullptr) return;
    auto next = found->release;
    next.outcome = Outcome::undone;
    next.undone_by = caller.who;
    next.reason =
        caller.reason.empty() ? "undone by " + caller.who : fmt::format("undone by {}: {}", caller.who, caller.reason);
    next.ended = doors_.clock.timestamp();
    Record record;
    record.what = Record::What::undone;
    record.step = Step::traffic;
    record.generation = generation;
    record.detail = next.reason;
    record.at = next.ended;
    next.steps.push_back(std::move(record));
    // The traffic has gone back whatever the disk says.
    if (auto kept = doors_.pages.keep(id, text_of(next)); !kept) log_error("{}", kept.error().detail);
    found->release = std::move(next);
    doors_.pages.event(Json{{"release", id},
                            {"kind", "undo"},
                            {"route", found->release.route},
                            {"outcome", "undone"},
                            {"text", found->release.reason}});
}

void Releases::gone(Live& live) {
    auto next = live.release;
    next.outcome = Outcome::abandoned;
    const bool confirmed = machine_of(next.wanted, next.steps).confirmed();
    const auto rollout = confirmed ? std::string() : doors_.routes.abort_rollout(next);
    next.reason = fmt::format("its runner was not heard of for {}{}", seconds(doors_.clock.now() - live.heard),
                              !rollout.empty() ? fmt::format("; rollout {} was aborted", rollout)
                              : confirmed      ? "; the traffic stays where it is"
                                               : "");
    if (auto kept = doors_.pages.keep(next.id, text_of(next)); !kept) log_error("{}", kept.error().detail);
    live.release = std::move(next);
    log_warn("release {} of route {}: {}", live.release.id, live.release.route, live.release.reason);
    tell(live.release, "abandon", {"switchyard", "", ""},
         fmt::format("release {}: {}", live.release.id, live.release.reason));
}

void Releases::look() {
    for (const auto& each : all_)
        if (each->release.running() && doors_.clock.now() - each->heard > each->release.within) gone(*each);
}

void Releases::forget_oldest() {
    std::set<std::string> latest;  // routes whose latest has been seen
    std::vector<std::string> ids;
    std::size_t ended = 0;
    for (auto it = all_.rbegin(); it != all_.rend(); ++it) {
        const auto& r = (*it)->release;
        if (r.running()) continue;
        if (!latest.insert(r.route).second && ++ended > kKept) ids.push_back(r.id);
    }
    if (ids.empty()) return;
    if (auto forgotten = doors_.pages.forget(ids); !forgotten) return;  // with the next one, then
    std::erase_if(all_, [&](const auto& l) { return std::ranges::find(ids, l->release.id) != ids.end(); });
}

}  // namespace switchyard::control::release
