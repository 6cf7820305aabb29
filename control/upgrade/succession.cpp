#include "control/upgrade/succession.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "control/base/timestamp.h"
#include "control/upgrade/child.h"
#include "control/upgrade/newcomer.h"
#include "proxy/base/log.h"

namespace switchyard::control::upgrade {
namespace {

using Phase = ElderMachine::Phase;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// A process whose line has ended is about to be gone: how it ended is worth a moment.
constexpr milliseconds kLastBreath{100};
// What this process says last is out before it ends, but who does not listen does not keep it.
constexpr milliseconds kLastWordOut{1'000};

}  // namespace

ElderMachine Succession::over() {
    ElderMachine out;
    out.on(Event::refused);
    return out;
}

Succession::Succession(boost::asio::any_io_executor executor, const Doors& doors)
    : executor_(std::move(executor)), doors_(doors), limit_(executor_), probation_(executor_) {}

Result<void> Succession::may_begin() const {
    if (under_way()) return problems::conflict("an upgrade is under way already");
    return {};
}

Result<Json> Succession::start(const Order& order) {
    if (auto may = may_begin(); !may) return may.error();
    if (::access(order.binary.c_str(), X_OK) != 0)
        return problems::invalid(fmt::format("{} is no program that can be run here", order.binary));
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return problems::internal("no line to another process can be made: too many files are open");
    switchyard::net::Descriptor ours(ends[0]), theirs(ends[1]);
    auto child = Child::start(order.binary, doors_.launch.arguments(), doors_.launch.environment(), theirs.get());
    if (!child) return child.error();
    log_info("upgrade: process {} is started from {}", (*child)->pid(), order.binary);
    begin(order, std::move(*child), std::make_unique<Channel>(std::move(ours)));
    return view_;
}

Result<Json> Succession::take(const Order& order, std::shared_ptr<Channel> line, Json hello) {
    if (auto may = may_begin(); !may) return may.error();
    auto other = std::make_unique<Newcomer>(line->descriptor());
    log_info("upgrade: process {} has come to take this one's place", other->pid());
    begin(order, std::move(other), std::move(line));
    heard({std::move(hello), {}});
    return view_;
}

void Succession::begin(const Order& order, std::unique_ptr<OtherProcess> other, std::shared_ptr<Channel> line) {
    old_lines_.clear();
    order_ = order;
    other_ = std::move(other);
    line_ = std::move(line);
    ++number_;
    other_counts_ = handed_over_ = false;
    machine_ = {};
    phase_since_ = steady_clock::now();
    const auto now = timestamp(system_clock::now());
    view_ = {{"id", now},
             {"state", "running"},
             {"phase", word(machine_.phase())},
             {"by", order.by},
             {"pid", other_->pid()},
             {"started", now},
             {"drain_within_ms", order.drain_within.count()},
             {"probation_ms", order.probation.count()}};
    if (!order.binary.empty()) view_["binary"] = order.binary;
    line_->listen(
        executor_, [this](Message message) { heard(std::move(message)); },
        [this](const std::string& why) {
            if (machine_.phase() == Phase::drain) doors_.following.left_alone();
            on(Event::gone, why);
        });
    arm_for(Phase::hello);
}

void Succession::arm(milliseconds limit, Event event, std::string why) {
    limit_.expires_after(limit);
    limit_.async_wait([this, event, why = std::move(why), alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (!ec && !alive.expired()) on(event, why);
    });
}

void Succession::arm_for(Phase phase) {
    const auto late = [&](milliseconds limit, const char* what) {
        arm(limit, Event::late, fmt::format("{} within {} s", what, limit.count() / 1000));
    };
    switch (phase) {
        case Phase::hello:
            return late(kHello, "it has not said a word");
        case Phase::rehearsal:
            return late(kRehearsal, "it has not come through its rehearsal");
        case Phase::freeze:
            return late(kFreeze, "what was under way has not ended");
        case Phase::takeover:
            return late(kTakeover, "its workers have not begun to serve");
        case Phase::probation:
            return late(kSilence, "nothing was heard of it");
        case Phase::drain:
        case Phase::over:
            limit_.cancel();
    }
}

void Succession::heard(Message message) {
    const auto type = message.type();
    if (type == "hello") {
        view_["version"] = message.body.value("version", "");
        other_counts_ = message.body.value("counts", false);
        on(Event::hello);
    } else if (type == "ready") {
        if (message.body.contains("rehearsed")) view_["rehearsed"] = message.body["rehearsed"];
        on(Event::ready);
    } else if (type == "refused") {
        on(Event::refused, "it refuses: " + message.body.value("why", std::string("it does not say why")));
    } else if (type == "serving") {
        on(Event::serving);
    } else if (type == "alive") {
        if (machine_.phase() == Phase::probation) arm_for(Phase::probation);
    } else if (type == "generation") {
        if (machine_.follows()) doors_.following.follow();
    } else if (type == "reopen") {
        doors_.following.reopen_logs();
    } else if (type == "end") {
        order_.drain_within = milliseconds(message.body.value("within_ms", std::int64_t{0}));
        if (machine_.phase() == Phase::drain)
            doors_.following.let_go(order_.drain_within, {});
        else
            on(Event::ends);
    } else if (machine_.follows() && doors_.following.wanted(message)) {
        return;
    } else {
        on(Event::refused, fmt::format("it says what is not understood: {}", type));
    }
}

void Succession::on(Event event, const std::string& why) {
    const auto before = machine_.phase();
    gone_ = event == Event::gone;
    const auto acts = machine_.on(event);
    if (machine_.phase() != before) {
        const auto now = steady_clock::now();
        const auto took = std::chrono::duration_cast<milliseconds>(now - std::exchange(phase_since_, now));
        view_["took_ms"][word(before)] = took.count();
        view_["phase"] = word(machine_.phase() == Phase::over ? before : machine_.phase());
        arm_for(machine_.phase());
    }
    for (const auto each : acts) act(each, why);
}

void Succession::act(ElderMachine::Act act, const std::string& why) {
    using Act = ElderMachine::Act;
    switch (act) {
        case Act::rehearse:
            return rehearse();
        case Act::freeze:
            return freeze();
        case Act::hand_over:
            return hand_over();
        case Act::park:
            doors_.handover.park();
            view_["state"] = "probation";
            log_info("upgrade: process {} serves; it is on probation for {} ms", other_->pid(),
                     order_.probation.count());
            if (!line_->send({{"type", "committed"}})) return on(Event::gone, "it does not listen");
            probation_.expires_after(order_.probation);
            probation_.async_wait([this, n = number_, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
                if (!ec && !alive.expired() && n == number_) on(Event::steady);
            });
            return;
        case Act::let_go:
            probation_.cancel();
            other_->let_go();
            line_->send({{"type", "alone"}});
            return doors_.following.let_go(order_.drain_within, [this, alive = std::weak_ptr(alive_)] {
                if (!alive.expired()) on(Event::drained);
            });
        case Act::end_it:
            return end_it(why);
        case Act::thaw:
            return left_over_ ? void() : doors_.handover.thaw();
        case Act::take_back:
            return doors_.handover.take_back(!left_over_);
        case Act::failed:
            view_["state"] = "failed";
            view_["ended"] = timestamp(system_clock::now());
            log_error("upgrade: failed in its phase {}: {}; this process goes on", view_["phase"].get<std::string>(),
                      view_["detail"].get<std::string>());
            return doors_.launch.event(view_);
        case Act::done:
            view_["state"] = "done";
            log_info("upgrade: the probation is over; this process finishes what it has, for at most {} ms",
                     order_.drain_within.count());
            return;
        case Act::exit:
            if (line_) line_->flush(kLastWordOut);
            return doors_.following.exit();
    }
}

void Succession::end_it(const std::string& why) {
    probation_.cancel();
    doors_.handover.speak_up();
    line_->send({{"type", "abort"}, {"why", why}});
    const auto end = other_->end(gone_ ? kLastBreath : milliseconds{0}, handed_over_ ? kFarewell : milliseconds{0});
    view_["detail"] = end.how.empty() ? why : why + "; " + end.how;
    line_->rest();
    left_over_ = handed_over_ && !end.gone;
    if (left_over_)
        line_->listen(
            executor_, [](const Message&) {},
            [this](const std::string&) {
                left_over_ = false;
                doors_.handover.decide();
            });
    old_lines_.push_back(std::move(line_));
}

void Succession::rehearse() {
    doors_.launch.rehearsal(
        [this, n = number_, alive = std::weak_ptr(alive_)](Result<Json> message, std::vector<int> with) {
            if (alive.expired() || n != number_ || machine_.phase() != Phase::rehearsal) return;
            if (!message) return on(Event::refused, message.error().detail);
            (*message)["type"] = "rehearse";
            if (!line_->send(*message, with)) on(Event::gone, "it does not listen");
        });
}

void Succession::freeze() {
    const auto still = [this, n = number_, alive = std::weak_ptr(alive_)] {
        return !alive.expired() && n == number_ && machine_.phase() == Phase::freeze;
    };
    doors_.launch.reversible([this, still](Result<void> reversible) {
        if (!still()) return;
        if (!reversible) return on(Event::refused, reversible.error().detail);
        doors_.handover.freeze([this, still](Result<void> frozen) {
            if (!still()) return;
            if (frozen) return on(Event::frozen);
            on(Event::refused, frozen.error().detail);
        });
    });
}

void Succession::hand_over() {
    handed_over_ = true;
    auto [message, with] = doors_.handover.state();
    message["type"] = "state";
    message["upgrade"] = view_;
    // It does nothing but read now, and begins when it has everything.
    if (!line_->send(message, with) || !line_->flush(kTakeover)) on(Event::gone, "it does not listen");
}

void Succession::adopted(std::uint64_t generation) {
    tell({{"type", "adopted"}, {"generation", generation}});
}

void Succession::tell(const Json& message) {
    if (machine_.follows() && line_) line_->send(message);
}

void Succession::cancel(const std::string& why) {
    on(Event::refused, why);
}

Json Succession::view() const {
    return view_;
}

}  // namespace switchyard::control::upgrade
