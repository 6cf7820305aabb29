#include "control/core/event_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "control/base/timestamp.h"

namespace switchyard::control {

void EventLog::add(std::string kind, nlohmann::ordered_json body) {
    body["at"] = timestamp(std::chrono::system_clock::now());
    auto data = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    data.shrink_to_fit();
    bytes_ += data.size();
    events_.push_back({next_++, std::move(kind), std::move(data)});
    while (events_.size() > kKept || (bytes_ > kKeptBytes && events_.size() > 1)) {
        bytes_ -= events_.front().data.size();
        events_.pop_front();
    }
    // A copy: a bell may unsubscribe itself.
    const auto bells = bells_;
    for (const auto& [number, ring] : bells) ring();
}

EventLog::Since EventLog::since(std::uint64_t id, std::size_t most) const {
    Since out;
    const std::uint64_t first_kept = events_.empty() ? next_ : events_.front().id;
    // An id that was never given out is from before a restart after which the clock went back.
    const bool unknown = id >= next_;
    out.gap = unknown || (id != 0 && id + 1 < first_kept);
    auto next = std::find_if(events_.begin(), events_.end(), [&](const Event& e) { return unknown || e.id > id; });
    for (std::size_t bytes = 0; next != events_.end() && bytes < most; ++next) {
        bytes += next->data.size();
        out.events.push_back(*next);
    }
    return out;
}

nlohmann::ordered_json EventLog::newest(std::size_t bytes) const {
    auto from = events_.end();
    for (std::size_t sum = 0; from != events_.begin(); --from) {
        sum += std::prev(from)->data.size();
        if (sum > bytes) break;
    }
    nlohmann::ordered_json out = {{"next", next_}, {"events", nlohmann::ordered_json::array()}};
    for (; from != events_.end(); ++from)
        out["events"].push_back({{"id", from->id}, {"kind", from->kind}, {"data", from->data}});
    return out;
}

void EventLog::go_on_after(const nlohmann::ordered_json& log) {
    for (const auto& event : log.value("events", nlohmann::ordered_json::array())) {
        events_.push_back({event.value("id", std::uint64_t{0}), event.value("kind", ""), event.value("data", "")});
        bytes_ += events_.back().data.size();
    }
    next_ = log.value("next", next_);
}

unsigned EventLog::subscribe(std::function<void()> ring) {
    bells_.emplace(next_bell_, std::move(ring));
    return next_bell_++;
}

void EventLog::unsubscribe(unsigned subscription) {
    bells_.erase(subscription);
}

}  // namespace switchyard::control
