#include "control/core/drain_book.h"

#include <algorithm>
#include <utility>

namespace switchyard::control {

void DrainBook::forget(std::uint32_t upstream) {
    names_.erase(upstream);
    for (auto& [id, drain] : drains_) drain.upstreams.erase(upstream);
}

void DrainBook::open(Drain drain) {
    drains_.insert_or_assign(drain.generation, std::move(drain));
    if (drains_.size() <= kKept) return;
    const auto finished = std::find_if(drains_.begin(), drains_.end(),
                                       [](const auto& d) { return d.second.state != Drain::State::running; });
    drains_.erase(finished == drains_.end() ? drains_.begin() : finished);
}

bool DrainBook::adopted(unsigned worker, std::uint64_t generation, std::vector<InFlight> older, WallTime now) {
    latest_.at(worker) = std::move(older);
    // A generation is adopted again with each change of the addresses it goes by: its drain began with the first time.
    const bool again = generation <= adopted_.at(worker);
    adopted_.at(worker) = std::max(adopted_.at(worker), generation);
    if (const auto drain = drains_.find(generation); !again && drain != drains_.end())
        drain->second.at_start = in_flight(drain->second);
    settle(now);
    return true;
}

void DrainBook::joined(std::uint64_t generation, bool tells) {
    latest_.emplace_back();
    adopted_.push_back(tells ? 0 : generation);
    if (tells) not_heard_[static_cast<unsigned>(adopted_.size() - 1)] = generation;
}

bool DrainBook::adopted_elsewhere(unsigned number, std::uint64_t generation, WallTime now) {
    if (const auto first = not_heard_.find(number); first != not_heard_.end()) {
        first->second = std::max(first->second, generation);
        return false;
    }
    return adopted(number, generation, latest_.at(number), now);
}

void DrainBook::paused(unsigned number) {
    not_heard_.try_emplace(number, std::exchange(adopted_.at(number), 0));
}

bool DrainBook::left(unsigned number, WallTime now) {
    latest_.at(number).clear();
    not_heard_.erase(number);
    adopted_.at(number) = UINT64_MAX;
    return settle(now);
}

bool DrainBook::retired(unsigned worker, std::uint64_t generation, WallTime now) {
    std::erase_if(latest_.at(worker), [&](const InFlight& f) { return f.generation == generation; });
    return settle(now);
}

bool DrainBook::reported(unsigned worker, const std::vector<InFlight>& in_flight, WallTime now) {
    const bool changed = latest_.at(worker).size() != in_flight.size();
    latest_.at(worker) = in_flight;
    if (const auto first = not_heard_.extract(worker))
        adopted_.at(worker) = std::max(adopted_.at(worker), first.mapped());
    return settle(now) || changed;
}

bool DrainBook::settle(WallTime now) {
    bool ended = false;
    for (auto& [id, drain] : drains_) {
        if (drain.state == Drain::State::done) continue;
        if (std::any_of(adopted_.begin(), adopted_.end(), [&, g = id](auto a) { return a < g; })) continue;
        const auto counts = in_flight(drain);
        if (!std::all_of(counts.begin(), counts.end(), [](const auto& c) { return c.second.zero(); })) continue;
        drain.state = Drain::State::done;
        drain.ended = now;
        ended = true;
    }
    return ended;
}

std::vector<std::uint64_t> DrainBook::expire(std::chrono::steady_clock::time_point now, WallTime shown) {
    std::vector<std::uint64_t> to_cut;
    for (auto& [id, drain] : drains_) {
        if (drain.state != Drain::State::running || drain.cut || !drain.due || *drain.due > now) continue;
        if (drain.policy == DrainPolicy::cut) {
            drain.cut = true;
            to_cut.push_back(id);
            continue;
        }
        drain.state = Drain::State::expired;
        drain.ended = shown;
    }
    return to_cut;
}

const Drain* DrainBook::find(std::uint64_t generation) const {
    const auto it = drains_.find(generation);
    return it == drains_.end() ? nullptr : &it->second;
}

std::vector<const Drain*> DrainBook::newest_first() const {
    std::vector<const Drain*> out;
    for (auto it = drains_.rbegin(); it != drains_.rend(); ++it) out.push_back(&it->second);
    return out;
}

InFlightByUpstream DrainBook::in_flight(const Drain& drain) const {
    InFlightByUpstream out;
    for (const auto upstream : drain.upstreams) {
        const auto name = names_.find(upstream);
        auto& count = out[name == names_.end() ? std::to_string(upstream) : name->second];
        for (const auto& worker : latest_)
            for (const auto& f : worker)
                if (f.generation < drain.generation && f.upstream == upstream) {
                    count.requests += f.requests;
                    count.tunnels += f.tunnels;
                    count.streams += f.streams;
                }
    }
    return out;
}

bool DrainBook::any_running() const {
    return std::any_of(drains_.begin(), drains_.end(),
                       [](const auto& d) { return d.second.state == Drain::State::running; });
}

std::optional<std::chrono::steady_clock::time_point> DrainBook::next_due() const {
    std::optional<std::chrono::steady_clock::time_point> next;
    for (const auto& [id, drain] : drains_)
        if (drain.state == Drain::State::running && !drain.cut && drain.due && (!next || *drain.due < *next))
            next = drain.due;
    return next;
}

}  // namespace switchyard::control
