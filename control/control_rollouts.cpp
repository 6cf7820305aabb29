// How rollouts are tied to the rest of control: what stands behind their doors, and who leads which route.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/control_members.h"
#include "control/made_again.h"
#include "control/rollout/runner/holders.h"
#include "control/upstream_health.h"
#include "proxy/base/log.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {

using std::chrono::steady_clock;
using std::chrono::system_clock;

rollout::Monotonic Control::Members::RolloutDoors::now() const {
    return std::chrono::duration_cast<rollout::Monotonic>(steady_clock::now().time_since_epoch());
}

std::string Control::Members::RolloutDoors::timestamp() const {
    return control::timestamp(system_clock::now());
}

std::string Control::Members::RolloutDoors::time_of_day(rollout::Duration ahead) const {
    return control::timestamp(system_clock::now() + ahead).substr(11, 8) + "Z";
}

unsigned Control::Members::RolloutDoors::count() const {
    return m.workers;
}

void Control::Members::RolloutDoors::collect() {
    m.collect();
}

bool Control::Members::RolloutDoors::adopted(std::uint64_t generation) const {
    return m.controller->adoption().everywhere(generation);
}

void Control::Members::RolloutDoors::note_marks(const std::string& route, const std::optional<MarkLimits>& limits) {
    m.registry.marks(route)->note(limits);
}

std::uint32_t Control::Members::RolloutDoors::route_id(const std::string& name) const {
    return m.registry.route(name);
}

std::uint32_t Control::Members::RolloutDoors::upstream_id(const std::string& name) const {
    return m.registry.upstream(name);
}

std::optional<std::pair<std::string, std::string>> Control::Members::RolloutDoors::endpoint(std::uint32_t id) const {
    const auto state = m.registry.endpoint(id);
    if (!state) return std::nullopt;
    return std::pair{state->upstream, state->address};
}

bool Control::Members::RolloutDoors::usable(const std::string& upstream) const {
    return control::usable(m.controller->model(), upstream, m.registry, m.names->known());
}

rollout::UpstreamHealth Control::Members::RolloutDoors::health(const std::string& upstream) const {
    return health_of(m.controller->model(), upstream, m.registry, m.names->known(), *m.health);
}

const config::Model& Control::Members::RolloutDoors::model() const {
    return m.controller->model();
}

void Control::Members::RolloutDoors::change(Change change, Answered done) {
    m.controller->change(std::move(change), std::move(done));
}

void Control::Members::RolloutDoors::led() {
    m.follow_rollouts();
}

void Control::Members::RolloutDoors::keep(const std::string& id, const std::string& text, Kept done) {
    m.journals.put(id, text, std::move(done));
}

void Control::Members::RolloutDoors::forget(const std::vector<std::string>& ids, Kept done) {
    m.journals.forget(ids);
    m.store.write([ids](Store& s) { return s.drop_journals(ids); }, std::move(done));
}

void Control::Members::RolloutDoors::event(nlohmann::ordered_json body) {
    const auto word = [&](const char* key) { return body.value(key, std::string()); };
    const std::string kind = word("kind");
    const std::string line =
        fmt::format("rollout {}: {}: {}", word("rollout"), kind, word(body.contains("text") ? "text" : "detail"));
    if (kind == "start" || kind == "step" || kind == "pause" || kind == "resume" || kind == "done")
        log_info("{}", line);
    else
        log_warn("{}", line);  // something was taken back, or waits for the operator
    m.controller->events().add("rollout", std::move(body));
}

void Control::Members::RolloutDoors::call(const rollout::HttpAsk& ask, rollout::HttpDone done) {
    const auto& admin = m.controller->model().process.admin;
    rollout::http_call(
        m.io.get_executor(), ask, std::move(done),
        {.ca_file = admin.rollout_ca_file, .chain_file = admin.rollout_certificate, .key_file = admin.rollout_key});
}

void Control::Members::build_rollouts() {
    auto& d = rollout_doors;
    rollouts = std::make_unique<rollout::Rollouts>(rollout::Doors{d, d, d, d, d, d},
                                                   controller->model().process.keep_rollouts);
    controller->hold_with([this](const std::string& route) { return rollouts->holder(route); });
}

void Control::Members::look_who_leads() {
    if (!restored) return;  // until then what the journals say
    auto now = led_by(*rollouts);
    if (now == led.to) return;
    led.to = std::move(now);
    ++led.version;
}

// Where a rule means another upstream since a rollout began or ended.
void Control::Members::follow_rollouts() {
    look_who_leads();
    if (!restored || controller->snapshot()->led == led.version || !speaks_of_candidates(controller->model())) return;
    make_again("@candidate stays as it was");
}

}  // namespace switchyard::control
