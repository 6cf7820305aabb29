#include "control/core/controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "control/core/leaving.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

std::int64_t micros_since(steady_clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - start).count();
}

std::uint64_t first_event_id() {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now().time_since_epoch()).count());
}

}  // namespace

Controller::Controller(boost::asio::any_io_executor executor, unsigned workers, Store& store, StoreWriter& writer,
                       const Doors& doors)
    : executor_(std::move(executor)),
      store_(store),
      writer_(writer),
      doors_(doors),
      adoption_(workers),
      drains_(workers),
      events_(first_event_id()),
      turns_(executor_),
      confirmation_timer_(executor_),
      drain_timer_(executor_),
      store_timer_(executor_) {}

void Controller::begin(std::shared_ptr<const config::Model> model, std::shared_ptr<const Snapshot> snapshot,
                       std::uint64_t generation) {
    model_ = std::move(model);
    snapshot_ = std::move(snapshot);
    generation_ = generation;
    doors_.data_plane.follow(*model_);
}

void Controller::hold_changes(Problem why, std::function<void()> then) {
    refusing_ = std::move(why);
    confirmation_timer_.cancel();
    turns_.take(
        [this, then = std::move(then)](Turn turn) {
            if (!refusing_) return;
            held_turn_ = std::move(turn);
            then();
        },
        Turns::Place::after_all);
}

void Controller::go_on() {
    refusing_.reset();
    held_turn_.reset();
    arm_confirmation();
}

void Controller::take_up(std::shared_ptr<const config::Model> model, std::shared_ptr<const Snapshot> snapshot) {
    model_ = std::move(model);
    generation_ = snapshot->generation;
    snapshot_ = snapshot;
    doors_.data_plane.follow(*model_);
    doors_.data_plane.publish(std::move(snapshot));
}

unsigned Controller::joined(bool tells, std::uint64_t adopted) {
    drains_.joined(adopted, tells);
    return adoption_.joined(adopted);
}

void Controller::go_on_draining(std::vector<Drain> drains, const std::map<std::uint32_t, std::string>& upstreams) {
    for (const auto& [id, name] : upstreams) drains_.name(id, name);
    for (auto& drain : drains) drains_.open(std::move(drain));
    arm_drain_deadline();
}

void Controller::adopted_elsewhere(unsigned number, std::uint64_t generation) {
    if (stopped_) return;
    adoption_.adopted(number, generation);
    drains_.adopted_elsewhere(number, generation, system_clock::now());
    answer_who_waits();
    ring_drains();
}

void Controller::left(unsigned number) {
    if (stopped_) return;
    adoption_.left(number);
    drains_.left(number, system_clock::now());
    answer_who_waits();
    ring_drains();
}

void Controller::answer_who_waits() {
    // An answer may bring the next change, so the list is looked at afresh each time.
    while (!waiting_.empty() && adoption_.everywhere(waiting_.begin()->first)) finish(waiting_.begin()->first);
}

void Controller::stop() {
    stopped_ = true;
    turns_.stop();
    if (!unstored_.commits.empty()) write_in_order(unstored_.commits, {});  // the last chance
    store_timer_.cancel();
    confirmation_timer_.cancel();
    drain_timer_.cancel();
    waiting_.clear();
    drain_bells_.clear();
}

void Controller::republish(std::shared_ptr<const Snapshot> snapshot) {
    if (stopped_ || snapshot->generation != generation_) return;
    snapshot_ = snapshot;
    doors_.data_plane.publish(std::move(snapshot));
}

void Controller::open_drain(const Change& change, const config::Model& before, const config::Model& after) {
    Drain drain;
    for (const auto& name : leaving(before, after)) {
        const auto id = doors_.data_plane.upstream_id(name);
        drains_.name(id, name);
        drain.upstreams.insert(id);
    }
    if (drain.upstreams.empty()) return;
    drain.generation = generation_;
    drain.started = system_clock::now();
    if (change.drain_deadline) {
        drain.deadline = drain.started + *change.drain_deadline;
        drain.due = std::chrono::steady_clock::now() + *change.drain_deadline;
    }
    drain.policy = change.drain_policy;
    drains_.open(std::move(drain));
    arm_drain_deadline();
}

void Controller::finish(std::uint64_t generation) {
    // By number: the timer may have fired in the same turn in which the last worker adopted.
    auto node = waiting_.extract(generation);
    if (!node) return;
    auto& waiting = node.mapped();
    auto& receipt = waiting.receipt;
    receipt.waiting_for = adoption_.behind(generation);
    receipt.took_us = micros_since(waiting.arrived);
    if (receipt.waiting_for.empty()) {
        receipt.effective_at = timestamp(system_clock::now());
        const auto took = micros_since(waiting.published);
        publish_durations_.record(static_cast<std::uint64_t>(took));
        publish_seconds_ += static_cast<double>(took) / 1e6;
    }
    if (const auto* drain = drains_.find(receipt.generation)) receipt.in_flight = drains_.in_flight(*drain);
    waiting.done(std::move(receipt));
}

void Controller::adopted(unsigned worker, std::uint64_t generation, std::vector<InFlight> older) {
    if (stopped_) return;
    adoption_.adopted(worker, generation);
    drains_.adopted(worker, generation, std::move(older), system_clock::now());
    answer_who_waits();
    ring_drains();
}

void Controller::retired(unsigned worker, std::uint64_t generation) {
    if (stopped_) return;
    if (drains_.retired(worker, generation, system_clock::now())) ring_drains();
}

void Controller::reported(unsigned worker, const std::vector<InFlight>& in_flight) {
    if (stopped_) return;
    if (drains_.reported(worker, in_flight, system_clock::now())) ring_drains();
}

unsigned Controller::on_drain(std::function<void()> ring) {
    drain_bells_.emplace(next_drain_bell_, std::move(ring));
    return next_drain_bell_++;
}

void Controller::ring_drains() {
    const auto bells = drain_bells_;  // a bell may unsubscribe itself
    for (const auto& [number, ring] : bells) ring();
}

void Controller::arm_drain_deadline() {
    const auto next = drains_.next_due();
    if (!next) return;
    drain_timer_.expires_at(*next);
    drain_timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (ec || alive.expired() || stopped_) return;
        for (const auto id : drains_.expire(std::chrono::steady_clock::now(), system_clock::now())) {
            const auto* drain = drains_.find(id);
            events_.add("drain", {{"id", std::to_string(id)}, {"cut", to_json(drains_.in_flight(*drain))}});
            doors_.data_plane.cut(id, drain->upstreams);
        }
        ring_drains();
        arm_drain_deadline();
    });
}

}  // namespace switchyard::control
