#include "control/upgrade/predecessors.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "control/upgrade/peer.h"
#include "proxy/base/log.h"

namespace switchyard::control::upgrade {

Predecessors::Predecessors(boost::asio::any_io_executor executor, Account& account, Takeover& takeover)
    : executor_(std::move(executor)), account_(account), takeover_(takeover), ages_by_(executor_) {}

void Predecessors::add(switchyard::net::Descriptor line, Json about) {
    all_.push_back(std::make_unique<One>(std::move(line)));
    all_.back()->adopted = about.value("adopted", std::uint64_t{0});
    about.erase("adopted");
    // As it is seen from here, which need not be how another process has seen it.
    about["pid"] = peer_of(all_.back()->line.descriptor()).pid;
    all_.back()->about = std::move(about);
}

void Predecessors::count_in() {
    for (auto& one : all_) join(*one);
}

// What it has said before counts as if it were said now.
void Predecessors::join(One& one) {
    if (std::exchange(one.counted, true)) return;
    if (std::exchange(one.paused, false))
        account_.adopted(one.number, one.adopted);
    else
        one.number = account_.joined(one.counts(), one.adopted);
    for (const auto& message : std::exchange(one.early, {})) count(one, message);
}

void Predecessors::count(One& one, const Message& message) {
    account_.counts(one.number, !all_.empty() && &one == all_.back().get(), message);
}

void Predecessors::listen_to(One& one) {
    one.line.listen(
        executor_, [this, &one](Message message) { heard(one, std::move(message)); },
        [this, &one](const std::string&) { ended(one); });
}

void Predecessors::listen() {
    for (auto& one : all_) listen_to(*one);
}

void Predecessors::rest() {
    for (auto& one : all_) {
        if (auto last = one->line.rest()) heard(*one, std::move(*last));
        if (std::exchange(one->counted, false)) {
            one->paused = one->counts();
            one->paused ? account_.paused(one->number) : account_.left(one->number);
        }
        one->asked = {};
    }
}

void Predecessors::heard(One& one, Message message) {
    const auto type = message.type();
    if (type == "adopted") {
        one.adopted = std::max(one.adopted, message.body.value("generation", std::uint64_t{0}));
        if (one.counted) account_.adopted(one.number, one.adopted);
        return;
    }
    if (type == "counts") {
        one.asked = {};
        if (one.counted)
            count(one, message);
        else
            one.early.push_back(std::move(message));
        return look_whether_all_answered();
    }
    if (type == "ages") {
        Ages ages{
            message.body.value("requests", std::uint64_t{0}), message.body.value("tunnels", std::uint64_t{0}), {}};
        if (ages.requests + ages.tunnels > 0)
            ages.youngest = std::chrono::milliseconds(message.body.value("youngest_ms", std::int64_t{0}));
        return tell_ages(ages);
    }
    if (&one == all_.back().get()) takeover_.said(message);
}

void Predecessors::ended(One& one) {
    const auto it = std::find_if(all_.begin(), all_.end(), [&](const auto& each) { return each.get() == &one; });
    if (it == all_.end()) return;
    const bool newest = it + 1 == all_.end();
    gone_.clear();
    if (!one.early.empty()) join(one);  // its last words
    gone_.push_back(std::move(*it));
    all_.erase(it);
    log_info("process {}, which served before this one, has ended", one.about.value("pid", 0));
    if (one.counted) account_.left(one.number);
    look_whether_all_answered();
    tell_ages(std::nullopt);
    if (newest) takeover_.gone();
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
    for (const auto& one : all_) {
        out.push_back(one->about);
        out.back()["adopted"] = one->adopted;
    }
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

void Predecessors::ask_oldest(Told then) {
    if (all_.empty() || !all_.front()->counts()) return then(std::nullopt);
    ages_wanted_.push_back(std::move(then));
    all_.front()->line.send({{"type", "ages"}});
    ages_by_.expires_after(kSayAges);
    ages_by_.async_wait([this](boost::system::error_code ec) {
        if (!ec) tell_ages(std::nullopt);
    });
}

void Predecessors::tell_ages(const std::optional<Ages>& ages) {
    for (const auto& told : std::exchange(ages_wanted_, {})) told(ages);
}

void Predecessors::cut_oldest() {
    if (!all_.empty()) all_.front()->line.send({{"type", "end"}, {"within_ms", 0}});
}

// Whose number it is: its line has not ended, so no other process has it.
void Predecessors::kill_those_left() {
    for (const auto& one : all_) {
        const auto peer = peer_of(one->line.descriptor());
        if (peer.pid <= 1 || peer.pid == ::getpid()) continue;
        log_warn("process {}, which served before this one, has not ended in its time: it is killed", peer.pid);
        ::kill(peer.pid, SIGKILL);
    }
}

std::vector<int> Predecessors::lines() const {
    std::vector<int> out;
    for (const auto& one : all_) out.push_back(one->line.descriptor());
    return out;
}

}  // namespace switchyard::control::upgrade
