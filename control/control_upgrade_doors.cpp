// How the parts of an upgrade reach the rest of control.
#include <nlohmann/json.hpp>

#include "control/control_members.h"

namespace switchyard::control {

using upgrade::HeirMachine;

unsigned Control::Members::UpgradeDoors::joined(bool counts, std::uint64_t adopted) {
    return m.controller->joined(counts, adopted);
}

void Control::Members::UpgradeDoors::adopted(unsigned number, std::uint64_t generation) {
    m.controller->adopted_elsewhere(number, generation);
}

void Control::Members::UpgradeDoors::paused(unsigned number) {
    m.controller->paused(number);
}

void Control::Members::UpgradeDoors::left(unsigned number) {
    m.controller->left(number);
    m.forget_predecessor(number);
    m.look_whether_ended();
}

void Control::Members::UpgradeDoors::counts(unsigned number, bool newest, const upgrade::Message& message) {
    m.heard_counts(number, newest, message);
}

void Control::Members::UpgradeDoors::said(const upgrade::Message& message) {
    const auto type = message.type();
    if (type == "committed") m.on_heir(HeirMachine::Event::committed);
    if (type == "alone") m.on_heir(HeirMachine::Event::alone);
    if (type == "abort") m.on_heir(HeirMachine::Event::abort);
}

void Control::Members::UpgradeDoors::gone() {
    m.on_heir(HeirMachine::Event::gone);
}

std::vector<std::string> Control::Members::UpgradeDoors::arguments() const {
    return m.run_arguments;
}

std::vector<std::string> Control::Members::UpgradeDoors::environment() const {
    return m.service.environment();
}

void Control::Members::UpgradeDoors::rehearsal(Described done) {
    m.describe_rehearsal(std::move(done));
}

void Control::Members::UpgradeDoors::reversible(std::function<void(Result<void>)> done) {
    m.look_whether_reversible(std::move(done));
}

void Control::Members::UpgradeDoors::event(upgrade::Json body) {
    m.forget_rehearsal();
    m.controller->events().add("upgrade", std::move(body));
}

void Control::Members::UpgradeDoors::freeze(std::function<void(Result<void>)> done) {
    m.freeze(std::move(done));
}

void Control::Members::UpgradeDoors::thaw() {
    m.decide_again();
}

std::pair<upgrade::Json, std::vector<int>> Control::Members::UpgradeDoors::state() {
    return m.everything();
}

void Control::Members::UpgradeDoors::park() {
    m.park();
}

void Control::Members::UpgradeDoors::speak_up() {
    if (!m.parked) return;
    m.service.speak();
    m.service.ready(m.controller->generation(), m.workers);
}

void Control::Members::UpgradeDoors::take_back(bool decides) {
    m.take_back(decides);
}

void Control::Members::UpgradeDoors::decide() {
    m.decide_late();
}

void Control::Members::UpgradeDoors::follow() {
    m.follow_newest(true);
}

void Control::Members::UpgradeDoors::reopen_logs() {
    m.pool->reopen_access_log();
}

bool Control::Members::UpgradeDoors::wanted(const upgrade::Message& message) {
    return m.wanted(message);
}

void Control::Members::UpgradeDoors::let_go(std::chrono::milliseconds within, std::function<void()> drained) {
    if (drained) m.on_drained = std::move(drained);
    m.predecessors->clear();  // the other process's now
    m.pool->drain(within, false, [this] { m.tell_the_last(); });
}

void Control::Members::UpgradeDoors::left_alone() {
    m.gives_counts = false;
    m.elsewhere.tell({});
}

void Control::Members::UpgradeDoors::exit() {
    m.collect_timer.cancel();
    m.io.stop();
}

}  // namespace switchyard::control
