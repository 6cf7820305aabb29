#include "control/discovery/runner/etcd_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/discovery/list_text.h"
#include "control/discovery/runner/chance.h"

namespace switchyard::control::discovery {

using std::chrono::milliseconds;

EtcdSource::EtcdSource(const Surroundings& around, config::DiscoverEtcd what)
    : what_(std::move(what)), client_(around.executor, around.sources.etcd), timer_(around.executor) {}

void EtcdSource::start(Heard heard) {
    heard_ = std::move(heard);
    read();
}

void EtcdSource::look() {
    if (!reading_) read();
}

void EtcdSource::read() {
    reading_ = true;
    timer_.cancel();
    client_.read(what_.prefix, [this](std::optional<etcd::RangeAnswer> range, std::string why) {
        reading_ = false;
        if (!range) return failed(std::move(why));
        failures_ = 0;
        took(*range);
    });
}

void EtcdSource::took(const etcd::RangeAnswer& range) {
    std::map<std::string, std::string> now;
    for (const auto& pair : range.pairs) now[pair.key] = pair.value;
    // A read that shows something else than the watch has told, or an older store: the watch is not true.
    const bool other = now != values_;
    if (range.revision < revision_ || other) watching_ = false;
    values_ = std::move(now);
    revision_ = range.revision;
    if (!watching_) watch();
    read_after(kCompare);
    heard_(sighting());
}

void EtcdSource::watch() {
    watching_ = true;
    client_.watch(
        what_.prefix, revision_ + 1, [this](etcd::WatchLine line) { said(line); },
        [this](std::string why) {
            watching_ = false;
            failed(std::move(why));
        });
}

void EtcdSource::said(const etcd::WatchLine& line) {
    using Kind = etcd::WatchLine::Kind;
    if (line.kind == Kind::created || line.kind == Kind::progress) return;
    if (line.kind != Kind::events) {
        watching_ = false;
        // What is behind a compaction is read as a whole; that is no failure.
        if (line.kind == Kind::compacted) return read_after(milliseconds{0});
        return failed(line.why);
    }
    for (const auto& event : line.events) {
        if (event.deleted)
            values_.erase(event.pair.key);
        else
            values_[event.pair.key] = event.pair.value;
        revision_ = std::max(revision_, event.pair.mod_revision);
    }
    heard_(sighting());
}

Sighting EtcdSource::sighting() const {
    Sighting out;
    out.complete = true;
    std::string wrong;
    for (const auto& [key, value] : values_) {
        std::string why;
        if (auto found = read_one(value, &why))
            out.found.push_back(std::move(*found));
        else
            wrong = fmt::format("{}: {}", key, why);
    }
    if (!wrong.empty() && out.found.empty()) return Sighting::failed(std::move(wrong));
    out.may_remove = wrong.empty();
    return out;
}

void EtcdSource::failed(std::string why) {
    read_after(less_up_to(0.5, std::min<milliseconds>(kFirstRetry * (1U << std::min(failures_++, 5U)), kLastRetry)));
    heard_(Sighting::failed(std::move(why)));
}

void EtcdSource::read_after(milliseconds pause) {
    timer_.expires_after(pause);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (!ec && !alive.expired() && !reading_) read();
    });
}

}  // namespace switchyard::control::discovery
