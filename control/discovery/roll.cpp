#include "control/discovery/roll.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "control/discovery/shape.h"

namespace switchyard::control::discovery {

using std::chrono::milliseconds;

namespace {

config::Endpoint endpoint_of(const Found& found) {
    config::Endpoint out;
    out.address = found.address;
    out.weight = found.weight;
    out.backup = found.backup;
    if (found.draining || found.down) out.state = config::EndpointState::drain;
    return out;
}

constexpr std::size_t kMostNamed = 4;  // times max_endpoints, with those that are named again

// A log line, an event and the history show the first of many.
void cut(std::vector<std::string>& names) {
    if (names.size() <= Roll::kToldNames) return;
    const auto more = names.size() - Roll::kToldNames;
    names.resize(Roll::kToldNames);
    names.push_back(fmt::format("and {} more", more));
}

}  // namespace

const char* word(Roll::Held held) {
    switch (held) {
        case Roll::Held::no:
            return "";
        case Roll::Held::hold:
            return "hold";
        case Roll::Held::parts:
            return "parts";
        case Roll::Held::mass:
            return "mass";
        case Roll::Held::kept_last:
            return "kept-last";
        case Roll::Held::empty:
            return "empty";
        case Roll::Held::error:
            return "error";
    }
    return "";
}

const char* word(Roll::State state) {
    switch (state) {
        case Roll::State::starting:
            return "starting";
        case Roll::State::current:
            return "current";
        case Roll::State::stale:
            return "stale";
    }
    return "";
}

void Roll::restore(const Kept& kept, Now now) {
    number_ = kept.number;
    for (const auto& member : kept.members) {
        Entry entry{member, std::nullopt, 0, Held::no};
        entry.member.held = Held::no;
        if (member.absent_since_ms) entry.absent_since = now.steady;  // how long it was absent before is not known
        entries_.emplace(member.found.address, std::move(entry));
    }
    if (!entries_.empty()) {
        state_ = State::stale;
        why_ = "nothing was heard since the start";
        stale_since_ = now.steady;
    }
}

std::optional<std::vector<Found>> Roll::taken(const Sighting& sighting, std::string* why) {
    const auto too_many = [&](std::size_t endpoints) {
        *why = fmt::format("{} endpoints, more than max_endpoints ({})", endpoints, rules_.max_endpoints);
        return std::nullopt;
    };
    // Before anything is collected: what is far too much costs nothing more. Some may be named more than once.
    if (sighting.found.size() > kMostNamed * rules_.max_endpoints) return too_many(sighting.found.size());
    std::map<config::Address, Found> all;
    std::vector<std::string> refused;
    for (const auto& found : sighting.found) {
        if (auto no = why_refused(found.address, rules_.allow, own_); !no.empty()) {
            refused.push_back(std::move(no));
            continue;
        }
        const auto [it, fresh] = all.emplace(found.address, found);
        if (!fresh && it->second.draining && !found.draining) it->second = found;
    }
    std::ranges::sort(refused);
    if (refused != refused_) {
        refused_ = refused;
        if (!refused.empty()) {
            News news;
            news.kind = News::Kind::refused;
            news.about = refused;
            news_.push_back(std::move(news));
        }
    }
    if (all.empty() && !refused.empty()) {
        *why = refused.size() == 1
                   ? refused.front()
                   : fmt::format("{}, and {} more that are refused", refused.front(), refused.size() - 1);
        return std::nullopt;
    }
    if (all.size() > rules_.max_endpoints) return too_many(all.size());
    std::vector<Found> out;
    for (auto& [address, found] : all) out.push_back(std::move(found));
    // A registry that has no member left is ignored about it: our own checks say which serve.
    if (std::ranges::all_of(out, &Found::down))
        for (auto& found : out) found.down = false;
    return out;
}

void Roll::failed(const std::string& why, Now now) {
    const bool fresh = state_ != State::stale || why_ != why;
    if (state_ != State::stale) stale_since_ = now.steady;
    state_ = State::stale;
    why_ = why;
    if (!fresh) return;
    News news;
    news.kind = News::Kind::failed;
    news.why = why;
    news_.push_back(std::move(news));
}

// Whether a complete nothing is believed by now.
bool Roll::empty_counts(Now now) {
    if (!empty_since_) empty_since_ = now.steady;
    ++empties_;
    const bool counts = entries_.empty() || (rules_.allow_empty && empties_ >= kConfirmations &&
                                             now.steady - *empty_since_ >= rules_.confirm_after);
    empty_held_ = !counts;
    if (counts || std::exchange(empty_told_, true)) return counts;
    News news;
    news.kind = News::Kind::held;
    news.held = Held::empty;
    for (const auto& [address, entry] : entries_) news.about.push_back(address.text());
    news_.push_back(std::move(news));
    return false;
}

bool Roll::heard(const Sighting& sighting, const Health& health, Now now) {
    std::string why = sighting.why;
    const auto found = sighting.complete ? taken(sighting, &why) : std::nullopt;
    if (!found) {
        failed(why.empty() ? "no answer" : why, now);
        return judge(health, now);
    }
    last_heard_ = now.steady;
    if (state_ == State::stale) {
        News news;
        news.kind = News::Kind::well_again;
        news_.push_back(std::move(news));
    }
    state_ = State::current;
    why_.clear();
    stale_since_.reset();
    in_parts_ = sighting.in_parts;
    bool counts = true;
    if (found->empty()) {
        counts = empty_counts(now);
    } else {
        empty_since_.reset();
        empties_ = 0;
        empty_told_ = empty_held_ = false;
    }
    bool changed = false;
    if (counts) {
        mark_absent(sighting, *found, now);
        changed = take(*found, now);
    }
    if (changed) ++number_;
    return judge(health, now) || changed;
}

// What is named: taken at once.
bool Roll::take(const std::vector<Found>& found, Now now) {
    News news;
    bool changed = false;
    for (const auto& one : found) {
        const auto [it, fresh] = entries_.try_emplace(one.address);
        auto& entry = it->second;
        if (fresh) {
            entry.member.since_ms = now.wall_ms;
            news.added.push_back(one.address.text());
        }
        changed = changed || fresh || endpoint_of(entry.member.found) != endpoint_of(one);
        entry.member.found = one;
        entry.member.absent_since_ms.reset();
        entry.member.held = Held::no;
        entry.absent_since.reset();
        entry.lacking = 0;
        entry.told = Held::no;
    }
    if (!news.added.empty()) news_.push_back(std::move(news));
    return changed;
}

// Who of the present members is not named.
void Roll::mark_absent(const Sighting& sighting, const std::vector<Found>& found, Now now) {
    std::set<config::Address> named;
    for (const auto& one : found) named.insert(one.address);
    if (!sighting.may_remove) return;
    std::size_t lacking = 0;
    for (auto& [address, entry] : entries_) {
        if (named.contains(address)) continue;
        ++lacking;
        ++entry.lacking;
        if (entry.absent_since) continue;
        entry.absent_since = now.steady;
        entry.member.absent_since_ms = now.wall_ms;
        went_[address].push_back(now.steady);
    }
    forget_flaps(now.steady);
    constexpr std::size_t kFew = 3;  // below, a single one is more than half
    const auto before = entries_.size();
    const bool confirmed_empty = found.empty();
    // Once it is one it stays one until it is confirmed, though some of them are gone by now: they were down.
    const bool mass = before >= kFew && lacking * 100 > before * rules_.max_removed_percent;
    if (!confirmed_empty && lacking > 0 && (mass || mass_waits(now.steady))) {
        if (!mass_since_) mass_since_ = now.steady;
        ++masses_;
    } else {
        mass_since_.reset();
        masses_ = 0;
    }
}

bool Roll::mass_waits(Time now) const {
    return mass_since_ && (masses_ < kConfirmations || now - *mass_since_ < rules_.confirm_after);
}

void Roll::forget_flaps(Time now) {
    for (auto it = went_.begin(); it != went_.end();) {
        while (!it->second.empty() && now - it->second.front() > kFlapWindow) it->second.pop_front();
        it = it->second.empty() ? went_.erase(it) : std::next(it);
    }
    while (went_.size() > kRemembered) went_.erase(went_.begin());
}

milliseconds Roll::hold_of(const config::Address& address, Time now) {
    const auto it = went_.find(address);
    auto hold = std::chrono::duration_cast<milliseconds>(rules_.hold);
    if (it == went_.end()) return hold;
    const auto times =
        static_cast<std::size_t>(std::ranges::count_if(it->second, [&](Time at) { return now - at <= kFlapWindow; }));
    for (std::size_t i = kFlaps; i <= times && hold < kLongestHold; ++i)
        hold = std::min<milliseconds>(hold * 2, kLongestHold);
    return hold;
}

Roll::Held Roll::why_held(Entry& entry, Vital vital, bool any_serves, Time now) {
    if (vital == Vital::down) return Held::no;
    const auto base = std::chrono::duration_cast<milliseconds>(rules_.hold);
    const auto hold = hold_of(entry.member.found.address, now);
    entry.member.flaps = hold > base;
    if (const auto end = *entry.absent_since + hold; now < end) {
        next_ = next_ ? std::min(*next_, end) : end;
        return Held::hold;
    }
    if (in_parts_ && entry.lacking < kConfirmations) return Held::parts;
    if (mass_waits(now)) return Held::mass;
    if (!any_serves && (vital == Vital::up || vital == Vital::unknown)) return Held::kept_last;
    return Held::no;
}

void Roll::hold(Entry& entry, Held why) {
    entry.member.held = why;
    const bool guard = why == Held::mass || why == Held::kept_last;
    if (!guard || entry.told == why) return;
    entry.told = why;
    const auto address = entry.member.found.address.text();
    if (!news_.empty() && news_.back().kind == News::Kind::held && news_.back().held == why) {
        news_.back().about.push_back(address);
        return;
    }
    News news;
    news.kind = News::Kind::held;
    news.held = why;
    news.about = {address};
    news_.push_back(std::move(news));
}

bool Roll::judge(const Health& health, Now now) {
    next_.reset();
    if (state_ != State::current || empty_held_) {
        // Nothing leaves, whatever was heard before: who is asked may have meant to take it back.
        for (auto& [address, entry] : entries_)
            if (empty_held_ || entry.absent_since) hold(entry, empty_held_ ? Held::empty : Held::error);
        return false;
    }
    const auto serves = [&](const Entry& entry) {
        if (entry.absent_since || entry.member.found.draining || entry.member.found.down ||
            entry.member.found.weight == 0)
            return false;
        const auto vital = health.of(entry.member.found.address);
        return vital == Vital::up || vital == Vital::unchecked;
    };
    const bool any_serves =
        health.others || std::ranges::any_of(entries_, [&](const auto& each) { return serves(each.second); });
    News news;
    for (auto it = entries_.begin(); it != entries_.end();) {
        auto& entry = it->second;
        if (!entry.absent_since) {
            entry.member.held = Held::no;
            ++it;
            continue;
        }
        const auto held = why_held(entry, health.of(it->first), any_serves, now.steady);
        if (held != Held::no) {
            hold(entry, held);
            ++it;
            continue;
        }
        news.removed.push_back(it->first.text());
        it = entries_.erase(it);
    }
    if (news.removed.empty()) return false;
    news_.push_back(std::move(news));
    ++number_;
    return true;
}

std::optional<Roll::Time> Roll::next_look() const {
    if (state_ != State::current || !last_heard_) return std::nullopt;
    const bool empty = empty_since_ && rules_.allow_empty && !entries_.empty();
    const bool mass = mass_since_ && masses_ > 0;
    if (!empty && !mass) return std::nullopt;
    const auto pause = std::chrono::duration_cast<milliseconds>(rules_.confirm_after) / kConfirmations;
    return *last_heard_ + std::max(pause, kSoonestLook);
}

std::vector<config::Endpoint> Roll::endpoints() const {
    std::vector<config::Endpoint> out;
    for (const auto& [address, entry] : entries_) out.push_back(endpoint_of(entry.member.found));
    return out;
}

std::vector<Roll::Member> Roll::members() const {
    std::vector<Member> out;
    for (const auto& [address, entry] : entries_) out.push_back(entry.member);
    return out;
}

std::size_t Roll::held() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(entries_, [](const auto& each) { return each.second.member.held != Held::no; }));
}

std::vector<Roll::News> Roll::take_news() {
    for (auto& news : news_)
        for (auto* names : {&news.added, &news.removed, &news.about}) cut(*names);
    return std::exchange(news_, {});
}

}  // namespace switchyard::control::discovery
