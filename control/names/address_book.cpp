#include "control/names/address_book.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace switchyard::control {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Addresses = std::vector<std::string>;

bool is_localhost(const std::string& name) {
    return name == "localhost" || name.ends_with(".localhost");
}

Addresses united(const Addresses& a, const Addresses& b) {
    std::set<std::string> all(a.begin(), a.end());
    all.insert(b.begin(), b.end());
    return {all.begin(), all.end()};
}

// What of `a` is not in `b`; both sorted.
Addresses without(const Addresses& a, const Addresses& b) {
    Addresses out;
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
    return out;
}

Addresses sorted(Addresses addresses) {
    return united(addresses, {});
}

}  // namespace

AddressBook::Entry& AddressBook::entry(const std::string& name, Time now) {
    const auto [it, fresh] = entries_.try_emplace(name);
    if (fresh) {
        it->second.begun = now;
        it->second.due = now;
        by_file(name, it->second);
    }
    return it->second;
}

void AddressBook::restore(const std::string& name, std::vector<std::string> addresses, Time now) {
    auto& known = entry(name, now);
    if (known.by_file) return;
    std::array<Addresses, 2> next;
    for (auto& address : addresses) next[address.find(':') == std::string::npos ? 0 : 1].push_back(address);
    take(name, known, std::move(next));
    known.due.reset();
    known.why = "not looked up since the start";
    // No listener has to be told, and the store has it already.
    news_.clear();
    changed_.clear();
}

void AddressBook::introduce(const std::set<std::string>& names, Time now) {
    for (const auto& name : names) {
        auto& known = entry(name, now);
        if (!known.followed && !known.by_file && !known.asked) known.due = now;
    }
}

void AddressBook::follow(const std::set<std::string>& names, Time now) {
    for (auto& [name, known] : entries_)
        if (known.followed && names.count(name) == 0) {
            known.followed = false;
            known.due.reset();
        }
    for (const auto& name : names) {
        auto& known = entry(name, now);
        if (known.followed) continue;
        known.followed = true;
        known.begun = now;
        if (!known.by_file && !known.asked && !known.due) known.due = now;
    }
    forget_surplus();
}

void AddressBook::forget_surplus() {
    std::size_t unwanted = 0;
    for (const auto& [name, known] : entries_) unwanted += !known.followed;
    for (auto it = entries_.begin(); it != entries_.end() && unwanted > kRemembered;) {
        if (it->second.followed) {
            ++it;
            continue;
        }
        --unwanted;
        changed_.insert(it->first);
        if (known_.of.erase(it->first) != 0) ++known_.version;
        it = entries_.erase(it);
    }
}

void AddressBook::hosts(HostsFile entries, Time now) {
    file_ = std::move(entries);
    for (auto& [name, known] : entries_) {
        const bool before = known.by_file;
        known.by_file = false;
        by_file(name, known);
        if (before && !known.by_file && known.followed) known.due = now;
    }
}

// Whatever need not be asked for.
void AddressBook::by_file(const std::string& name, Entry& known) {
    std::array<Addresses, 2> next;
    if (is_localhost(name)) {
        next[0] = {"127.0.0.1"};
    } else {
        const auto found = file_.find(name);
        if (found == file_.end()) return;
        next = {found->second.v4, found->second.v6};
    }
    known.by_file = true;
    known.asked = false;
    known.had_outcome = true;
    known.due.reset();
    known.heard = {};
    take(name, known, std::move(next));
    well(name, known);
}

std::vector<std::string> AddressBook::due(Time now, std::size_t most) {
    std::vector<std::string> out;
    for (auto& [name, known] : entries_) {
        if (out.size() == most) break;
        if (!known.due || *known.due > now) continue;
        known.due.reset();
        known.asked = true;
        known.heard = {};
        out.push_back(name);
    }
    return out;
}

std::optional<AddressBook::Time> AddressBook::next_due() const {
    std::optional<Time> next;
    for (const auto& [name, known] : entries_)
        if (known.due && (!next || *known.due < *next)) next = known.due;
    return next;
}

void AddressBook::heard(const std::string& name, Family family, Answer answer, Time now) {
    const auto it = entries_.find(name);
    if (it == entries_.end() || !it->second.asked) return;  // forgotten, or by the file since
    auto& known = it->second;
    const auto half = static_cast<std::size_t>(family);
    if (answer.complete && answer.addresses.size() > kMostAddresses) {
        answer.complete = false;
        answer.why = fmt::format("{} addresses, more than {}", answer.addresses.size(), kMostAddresses);
    }
    answer.addresses = sorted(std::move(answer.addresses));
    known.heard[half] = std::move(answer);
    take_half(name, known, half);
    if (known.heard[0] && known.heard[1]) finish(name, known, now);
}

// Addresses are used as soon as one question is answered; that there are none of a family counts only beside some of
// the other one.
void AddressBook::take_half(const std::string& name, Entry& known, std::size_t half) {
    const Answer& answer = *known.heard[half];
    const auto& other = known.heard[1 - half];
    const bool other_has = other && other->complete && !other->addresses.empty();
    if (!answer.complete || (answer.addresses.empty() && !other_has)) return;
    auto next = known.current;
    next[half] = answer.addresses;
    if (other && other->complete) next[1 - half] = other->addresses;
    take(name, known, std::move(next));
}

void AddressBook::finish(const std::string& name, Entry& known, Time now) {
    known.asked = false;
    known.had_outcome = true;
    std::optional<seconds> ttl;
    std::string why;
    for (const auto& answer : known.heard) {
        if (answer->complete && !answer->addresses.empty()) ttl = std::min(ttl.value_or(answer->ttl), answer->ttl);
        if (!answer->complete && why.empty()) why = answer->why;
    }
    milliseconds pause;
    if (ttl) {
        well(name, known);
        pause = milliseconds(std::clamp(*ttl, kTtlFloor, kTtlCeiling));
        pause -= duration_cast<milliseconds>(pause * 0.1 * chance_());
        pause = std::max<milliseconds>(pause, kTtlFloor);
    } else {
        if (why.empty()) why = "the name has no address";
        if (!std::exchange(known.told, true)) news_.push_back({News::Kind::failed, name, {}, current(name), why});
        known.why = why;
        const unsigned doublings = std::min(known.failures++, 5U);
        pause = std::min<milliseconds>(kFirstRetry * (1 << doublings), kLastRetry);
        pause -= duration_cast<milliseconds>(pause * 0.5 * chance_());
    }
    known.heard = {};
    if (known.followed) known.due = now + pause;
}

void AddressBook::ask_again(Time now) {
    for (auto& [name, known] : entries_)
        if (known.followed && known.due && known.failures > 0) known.due = now;
}

void AddressBook::well(const std::string& name, Entry& known) {
    known.failures = 0;
    if (std::exchange(known.told, false)) news_.push_back({News::Kind::well_again, name, {}, current(name), {}});
    known.why.clear();
}

void AddressBook::take(const std::string& name, Entry& known, std::array<Addresses, 2> next) {
    for (auto& half : next) half = sorted(std::move(half));
    const auto before = united(known.current[0], known.current[1]);
    const auto now = united(next[0], next[1]);
    known.current = std::move(next);
    if (before == now) return;
    known.leaving = without(united(known.leaving, before), now);
    changed_.insert(name);
    // The two families answer one after the other: that is one move.
    const auto told = std::ranges::find_if(
        news_, [&](const News& news) { return news.kind == News::Kind::moved && news.name == name; });
    if (told == news_.end())
        news_.push_back({News::Kind::moved, name, before, now, {}});
    else
        told->now = now;
    show(name, known);
}

void AddressBook::show(const std::string& name, const Entry& known) {
    auto used = united(united(known.current[0], known.current[1]), known.leaving);
    if (known_.find(name) == used) return;
    known_.of[name] = std::move(used);  // not empty: what once had an address keeps one
    ++known_.version;
}

std::vector<std::string> AddressBook::with_leaving() const {
    std::vector<std::string> out;
    for (const auto& [name, known] : entries_)
        if (!known.leaving.empty()) out.push_back(name);
    return out;
}

void AddressBook::let_go(const std::string& name) {
    const auto it = entries_.find(name);
    if (it == entries_.end()) return;
    it->second.leaving.clear();
    show(name, it->second);
}

AddressBook::Sight AddressBook::sight(const std::string& name) const {
    const auto it = entries_.find(name);
    if (it == entries_.end()) return {Standing::unknown, {}, {}, "not looked up yet"};
    const auto& known = it->second;
    Sight out{Standing::current, known_.find(name), known.leaving, known.why};
    if (out.addresses.empty()) {
        out.standing = Standing::unknown;
        if (out.why.empty()) out.why = "not looked up yet";
    } else if (!known.why.empty()) {
        out.standing = Standing::stale;
    }
    return out;
}

bool AddressBook::had_outcome(const std::string& name) const {
    const auto it = entries_.find(name);
    return it != entries_.end() && it->second.had_outcome;
}

bool AddressBook::watches_any() const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [](const auto& pair) { return pair.second.followed || pair.second.due || pair.second.asked; });
}

bool AddressBook::all_asked(Time now) const {
    return std::all_of(entries_.begin(), entries_.end(), [&](const auto& pair) {
        const auto& known = pair.second;
        return !known.followed || known.had_outcome || !known_.find(pair.first).empty() ||
               now - known.begun >= kFirstLook;
    });
}

std::vector<AddressBook::News> AddressBook::take_news() {
    return std::exchange(news_, {});
}

std::set<std::string> AddressBook::take_changed() {
    return std::exchange(changed_, {});
}

std::vector<std::string> AddressBook::current(const std::string& name) const {
    const auto it = entries_.find(name);
    return it == entries_.end() ? Addresses{} : united(it->second.current[0], it->second.current[1]);
}

void AddressBook::discovered(const std::string& upstream, std::vector<config::Endpoint> endpoints) {
    const auto it = known_.discovered.find(upstream);
    if (it == known_.discovered.end() ? endpoints.empty() : it->second == endpoints) return;
    if (endpoints.empty())
        known_.discovered.erase(it);
    else
        known_.discovered[upstream] = std::move(endpoints);
    ++known_.version;
}

}  // namespace switchyard::control
