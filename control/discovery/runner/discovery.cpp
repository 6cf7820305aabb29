#include "control/discovery/runner/discovery.h"

#include <algorithm>
#include <utility>

#include "config/model.h"
#include "control/discovery/kept_text.h"

namespace switchyard::control::discovery {
namespace {

using std::chrono::steady_clock;

Roll::Now now() {
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    return {steady_clock::now(), std::chrono::duration_cast<std::chrono::milliseconds>(wall).count()};
}

}  // namespace

struct Discovery::Entry {
    Entry(std::string name_, const config::Upstream& settings)
        : name(std::move(name_)), discover(*settings.discover), roll(settings.discovery) {}

    const std::string name;
    config::Discover discover;
    config::Discovery rules;
    Roll roll;
    std::unique_ptr<EndpointSource> source;  // none: not in force yet
    std::deque<Happening> history;
    steady_clock::time_point begun = steady_clock::now();
    std::optional<steady_clock::time_point> looked;  // for a confirmation
    bool answered = false;
    bool said_stale = false;
};

Discovery::Discovery(boost::asio::any_io_executor executor, Doors doors, Rows restored)
    : executor_(std::move(executor)),
      doors_(doors),
      restored_(std::move(restored)),
      timer_(executor_),
      keep_timer_(executor_) {}

Discovery::~Discovery() = default;

Discovery::Entry& Discovery::entry(const std::string& upstream, const config::Upstream& settings) {
    auto& place = entries_[upstream];
    if (place) return *place;
    place = std::make_unique<Entry>(upstream, settings);
    if (const auto row = restored_.find(upstream);
        row != restored_.end() && row->second.source == source_words(*settings.discover))
        if (const auto kept = read_kept(row->second.kept)) place->roll.restore(*kept, now());
    doors_.readers.found(upstream, place->roll.endpoints());
    return *place;
}

void Discovery::introduce(const config::Model& model) {
    for (const auto& [name, upstream] : model.upstreams)
        if (upstream.discover && restored_.contains(name)) entry(name, upstream);
}

void Discovery::follow(const config::Model& model, const std::vector<config::Listener>& own) {
    if (stopped_) return;
    for (auto it = entries_.begin(); it != entries_.end();) {
        const auto found = model.upstreams.find(it->first);
        if (found != model.upstreams.end() && found->second.discover) {
            ++it;
            continue;
        }
        const auto name = it->first;
        it = entries_.erase(it);
        restored_.erase(name);
        doors_.readers.found(name, {});
        keep_soon(name);
    }
    for (const auto& [name, upstream] : model.upstreams) {
        if (!upstream.discover) continue;
        auto& e = entry(name, upstream);
        e.roll.rules(upstream.discovery, own);
        const bool other = !(e.discover == *upstream.discover);
        // How often is asked is the source's, and made with it.
        if (e.source && !other && e.rules == upstream.discovery) continue;
        e.rules = upstream.discovery;
        if (other) {
            auto kept = e.roll.kept();
            e.roll = Roll(upstream.discovery);
            e.roll.rules(upstream.discovery, own);
            e.roll.restore(kept, now());
            e.discover = *upstream.discover;
            e.answered = false;
            e.begun = steady_clock::now();
        }
        e.source = doors_.sources.source(e.discover, e.rules);
        e.source->start([this, &e](const Sighting& sighting) { heard(e, sighting); });
    }
    arm();
}

void Discovery::health_changed(const std::string& upstream) {
    const auto it = entries_.find(upstream);
    if (it != entries_.end() && it->second->source && !stopped_) judge(*it->second);
}

void Discovery::stop() {
    stopped_ = true;
    timer_.cancel();
    keep_timer_.cancel();
    keep_now();
    for (auto& [name, e] : entries_) e->source.reset();
}

Roll::Health Discovery::health_of(const Entry& e) const {
    return {[this, &e](const config::Address& address) { return doors_.health.vital(e.name, address); },
            doors_.health.others(e.name)};
}

void Discovery::heard(Entry& e, const Sighting& sighting) {
    if (stopped_) return;
    e.answered = true;
    e.looked.reset();
    took_place(e, e.roll.heard(sighting, health_of(e), now()));
    arm();
}

void Discovery::judge(Entry& e) {
    took_place(e, e.roll.judge(health_of(e), now()));
    arm();
}

void Discovery::took_place(Entry& e, bool changed) {
    if (e.roll.state() != Roll::State::stale) e.said_stale = false;
    if (changed) {
        doors_.readers.found(e.name, e.roll.endpoints());
        keep_soon(e.name);
    }
    for (auto& news : e.roll.take_news()) {
        doors_.readers.tell(e.name, sight_of(e), news);
        e.history.push_front({now().wall_ms, e.roll.number(), std::move(news)});
        if (e.history.size() > kHistory) e.history.pop_back();
    }
}

std::optional<Sight> Discovery::sight(const std::string& upstream) const {
    const auto it = entries_.find(upstream);
    if (it == entries_.end()) return std::nullopt;
    auto out = sight_of(*it->second);
    out.history = it->second->history;
    return out;
}

Sight Discovery::sight_of(const Entry& e) const {
    Sight out;
    out.source = source_words(e.discover);
    out.state = e.roll.state();
    out.why = e.roll.why();
    if (const auto since = e.roll.stale_since())
        out.stale = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - *since);
    out.roll = e.roll.number();
    out.members = e.roll.members();
    return out;
}

bool Discovery::all_asked() const {
    return std::ranges::all_of(entries_, [](const auto& each) {
        return each.second->answered || steady_clock::now() - each.second->begun > kFirstAnswer;
    });
}

std::optional<steady_clock::time_point> Discovery::next_look(const Entry& e) {
    const auto due = e.roll.next_look();
    return due && e.looked ? std::max(*due, *e.looked + kLookAgain) : due;
}

void Discovery::arm() {
    if (stopped_) return;
    std::optional<steady_clock::time_point> next;
    const auto sooner = [&](std::optional<steady_clock::time_point> at) {
        if (at && (!next || *at < *next)) next = at;
    };
    for (const auto& [name, e] : entries_) {
        sooner(e->roll.next_judgement());
        sooner(next_look(*e));
        if (const auto since = e->roll.stale_since(); since && !e->said_stale) sooner(*since + kLongStale);
    }
    timer_.cancel();
    if (!next) return;
    timer_.expires_at(*next);
    timer_.async_wait([this](boost::system::error_code ec) {
        if (!ec && !stopped_) look_at_time();
    });
}

void Discovery::look_at_time() {
    const auto at = steady_clock::now();
    for (const auto& [name, e] : entries_) {
        if (!e->source) continue;
        if (const auto due = e->roll.next_judgement(); due && *due <= at)
            took_place(*e, e->roll.judge(health_of(*e), now()));
        if (const auto due = next_look(*e); due && *due <= at) {
            e->looked = at;
            e->source->look();
        }
        if (const auto since = e->roll.stale_since(); since && !e->said_stale && at - *since >= kLongStale) {
            e->said_stale = true;
            Roll::News news;
            news.kind = Roll::News::Kind::failed;
            news.why = e->roll.why();
            doors_.readers.tell(name, sight_of(*e), news);
        }
    }
    arm();
}

void Discovery::keep_soon(const std::string& upstream) {
    unkept_.insert(upstream);
    if (stopped_ || std::exchange(keeping_, true)) return;
    keep_timer_.expires_after(kKeepEvery);
    keep_timer_.async_wait([this](boost::system::error_code ec) {
        if (ec || stopped_) return;
        keeping_ = false;
        keep_now();
    });
}

void Discovery::keep_now() {
    if (unkept_.empty()) return;
    Rows rows;
    for (const auto& name : std::exchange(unkept_, {})) {
        const auto it = entries_.find(name);
        rows[name] =
            it == entries_.end() ? Row{} : Row{source_words(it->second->discover), kept_text(it->second->roll.kept())};
    }
    doors_.readers.keep(rows);
}

}  // namespace switchyard::control::discovery
