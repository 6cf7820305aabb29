#include "control/upgrade/predecessors.h"

#include <algorithm>
#include <utility>

#include "proxy/base/log.h"

namespace switchyard::control::upgrade {

Predecessors::Predecessors(boost::asio::any_io_executor executor, Ports ports)
    : executor_(std::move(executor)), ports_(std::move(ports)) {}

void Predecessors::add(switchyard::net::Descriptor line, Json about) {
    all_.push_back(std::make_unique<One>(std::move(line)));
    all_.back()->about = std::move(about);
}

void Predecessors::count_in() {
    for (auto& one : all_)
        if (!std::exchange(one->counted, true) && !std::exchange(one->paused, false))
            one->number = ports_.joined(one->counts());
}

void Predecessors::listen_to(One& one) {
    one.line.listen(
        executor_, [this, &one](Message message) { heard(one, message); },
        [this, &one](const std::string&) { ended(one); });
}

void Predecessors::listen() {
    for (auto& one : all_) listen_to(*one);
}

void Predecessors::rest() {
    for (auto& one : all_) {
        if (const auto last = one->line.rest()) heard(*one, *last);
        if (std::exchange(one->counted, false)) {
            one->paused = one->counts();
            one->paused ? ports_.paused(one->number) : ports_.left(one->number);
        }
        one->asked = {};
    }
}

void Predecessors::heard(One& one, const Message& message) {
    if (message.type() == "adopted") {
        if (one.counted) ports_.adopted(one.number, message.body.value("generation", std::uint64_t{0}));
        return;
    }
    const bool newest = &one == all_.back().get();
    if (message.type() == "counts") {
        one.asked = {};
        if (one.counted) ports_.counts(one.number, newest, message);
        return look_whether_all_answered();
    }
    if (newest) ports_.said(message);
}

void Predecessors::ended(One& one) {
    const auto it = std::find_if(all_.begin(), all_.end(), [&](const auto& each) { return each.get() == &one; });
    if (it == all_.end()) return;
    const bool newest = it + 1 == all_.end();
    gone_.clear();
    gone_.push_back(std::move(*it));
    all_.erase(it);
    log_info("process {}, which served before this one, has ended", one.about.value("pid", 0));
    if (one.counted) ports_.left(one.number);
    look_whether_all_answered();
    if (newest) ports_.gone();
}

bool Predecessors::await_all(std::function<void()> then) {
    when_all_ = std::move(then);
    const bool some =
        std::any_of(all_.begin(), all_.end(), [](const auto& one) { return one->counts() && !one->requests; });
    if (!some) when_all_ = {};
    return some;
}

void Predecessors::look_whether_all_answered() {
    if (!when_all_ ||
        std::any_of(all_.begin(), all_.end(), [](const auto& one) { return one->counts() && !one->requests; }))
        return;
    std::exchange(when_all_, {})();
}

Json Predecessors::view() const {
    Json out = Json::array();
    for (const auto& one : all_) {
        Json about = one->about;
        about.erase("counts");
        if (one->requests) about["requests"] = *one->requests;
        if (one->tunnels) about["tunnels"] = *one->tunnels;
        if (one->connections) about["connections"] = *one->connections;
        out.push_back(std::move(about));
    }
    return out;
}

Json Predecessors::handed_on() const {
    Json out = Json::array();
    for (const auto& one : all_) out.push_back(one->about);
    return out;
}

void Predecessors::ask(const std::function<Json(unsigned)>& message) {
    const auto now = std::chrono::steady_clock::now();
    for (auto& one : all_) {
        if (!one->counted || !one->counts()) continue;
        const bool waits = one->asked != std::chrono::steady_clock::time_point{} && now - one->asked < kAskAgain;
        if (!waits && one->line.offer(message(one->number))) one->asked = now;
    }
}

void Predecessors::has(unsigned number, std::uint64_t requests, std::uint64_t tunnels, std::uint64_t connections) {
    for (auto& one : all_)
        if (one->counted && one->number == number)
            one->requests = requests, one->tunnels = tunnels, one->connections = connections;
}

void Predecessors::tell(const Json& message) {
    for (auto& one : all_) one->line.send(message);
}

void Predecessors::tell_those_that_count(const Json& message) {
    for (auto& one : all_)
        if (one->counts()) one->line.send(message);
}

void Predecessors::tell_newest(const Json& message) {
    if (!all_.empty()) all_.back()->line.send(message);
}

void Predecessors::cut_oldest() {
    if (!all_.empty()) all_.front()->line.send({{"type", "end"}, {"within_ms", 0}});
}

std::vector<int> Predecessors::lines() const {
    std::vector<int> out;
    for (const auto& one : all_) out.push_back(one->line.descriptor());
    return out;
}

}  // namespace switchyard::control::upgrade
