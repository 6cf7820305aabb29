// The core of control tied together: the controller and what it drives – the workers, who watches the endpoints, and
// the certificates.
#include <boost/asio/post.hpp>
#include <set>

#include "control/admin/handlers/upstream_view.h"
#include "control/control_members.h"
#include "control/made_again.h"
#include "proxy/base/log.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using std::chrono::system_clock;

CompileResult Control::Members::CoreDoors::compile(std::shared_ptr<const config::Model> model,
                                                   std::uint64_t generation) {
    m.names->introduce(*model);
    m.look_who_leads();
    auto compiled = switchyard::compile(std::move(model), generation, m.registry, m.names->known(), m.led);
    return_over();
    return compiled;
}

void Control::Members::CoreDoors::publish(std::shared_ptr<const Snapshot> snapshot) {
    m.hand_to_workers(std::move(snapshot));
}

void Control::Members::CoreDoors::follow(const config::Model& model) {
    m.health->follow(model, m.names->known());
    m.ejection->follow(model, m.names->known());
    m.names->follow(model);
    m.certificates->follow();
    if (m.acme) m.acme->follow();
    // Where the kernel chose the port, that is the listener's.
    auto own = model.listeners;
    for (std::size_t i = 0; i < own.size(); ++i) own[i].bind = m.controller->snapshot()->listeners[i]->sockets->bound();
    m.discovery->follow(model, own);
    m.holds->follow(model);
    m.pages->follow();
}

Facts Control::Members::CoreDoors::facts(const config::Model& model) const {
    return facts_of(model, m.registry, m.names->known(), m.health.get());
}

std::uint32_t Control::Members::CoreDoors::upstream_id(const std::string& name) const {
    return m.registry.upstream(name);
}

void Control::Members::CoreDoors::cut(std::uint64_t before, const std::set<std::uint32_t>& upstreams) {
    m.pool->cut(before, upstreams);
    nlohmann::ordered_json named = nlohmann::ordered_json::array();
    for (const auto id : upstreams) named.push_back(m.registry.upstream_name(id));
    m.predecessors->tell_those_that_count({{"type", "cut"}, {"before", before}, {"upstreams", std::move(named)}});
}

void Control::Members::CoreDoors::read_first(const config::Model& model, std::function<void()> then) {
    m.certificates->read_first(model, [this, files = PageShelf::files_of(model), then = std::move(then)] {
        m.pages->read_first(files, then);
    });
}

std::vector<std::string> Control::Members::CoreDoors::fit_for_return(config::Model& earlier, const config::Model& now) {
    return m.certificates->keep_usable(earlier, now);
}

void Control::Members::CoreDoors::return_over() {
    m.registry.certificates().excuse_nobody();
    m.registry.certificates().clear_away();
}

void Control::Members::build_watch() {
    const auto find = [this](const std::string& upstream, const std::string& address) {
        return registry.endpoint(upstream, address);
    };
    health = std::make_unique<HealthChecker>(io.get_executor(), find, [this](HealthChecker::Transition t) {
        log_info("endpoint {} of {} is {}{}", t.address, t.upstream, t.up ? "up" : "down: ", t.detail);
        controller->events().add(
            "health", {{"upstream", t.upstream}, {"endpoint", t.address}, {"up", t.up}, {"detail", t.detail}});
        if (!t.up) went_down(t.upstream, t.address);
        names->health_changed();
        discovery->health_changed(t.upstream);
        look_whether_settled();
        look_whether_to_open();
    });
    ejection = std::make_unique<Ejection>(io.get_executor(), find, [this](Ejection::Change c) {
        if (c.ejected)
            log_warn("endpoint {} of {} ejected for {} s", c.address, c.upstream, c.length.count() / 1000);
        else
            log_info("endpoint {} of {} is back from ejection", c.address, c.upstream);
        controller->events().add(
            "ejection",
            {{"upstream", c.upstream}, {"endpoint", c.address}, {"ejected", c.ejected}, {"for_ms", c.length.count()}});
        if (c.ejected) went_down(c.upstream, c.address);
    });
}

void Control::Members::build_pool() {
    WorkerPool::Events events;
    events.adopted = [this](unsigned worker, std::uint64_t generation, std::vector<InFlight> older) {
        controller->adopted(worker, generation, std::move(older));
        look_whether_serving();
    };
    events.retired = [this](unsigned worker, std::uint64_t generation, bool last) {
        if (last) controller->retired(worker, generation);
        release();
    };
    events.suspect = [this](upstream::Suspect suspect) { ejection->suspect(suspect); };
    pool = std::make_unique<WorkerPool>(workers, io.get_executor(), std::move(events));
}

void Control::Members::build_core() {
    build_watch();
    build_pool();
    controller = std::make_unique<Controller>(io.get_executor(), workers, *reader, store,
                                              Controller::Doors{core_doors, core_doors, &aside});
    build_certificates();
    Holds::Ports ports;
    ports.model = [this]() -> const config::Model& { return controller->model(); };
    ports.change = [this](Change change, Answered done) { controller->change(std::move(change), std::move(done)); };
    ports.decides = [this] { return deciding; };
    ports.now_s = [] { return std::int64_t{system_clock::to_time_t(system_clock::now())}; };
    holds = std::make_unique<Holds>(io.get_executor(), std::move(ports));
    pages = std::make_unique<Pages>(io.get_executor(), registry.pages(),
                                    Pages::Ports{[this]() -> const config::Model& { return controller->model(); },
                                                 [this] {
                                                     ++led.version;
                                                     make_again("the error pages stay as they were");
                                                 }});
}

void Control::Members::build_certificates() {
    health->speak_as([this](const std::string& upstream) -> std::shared_ptr<const switchyard::net::OutwardTls> {
        if (!controller->snapshot()) return nullptr;
        for (const auto& one : controller->snapshot()->upstreams)
            if (one->name == upstream) return one->tls;
        return nullptr;
    });
    certificates = std::make_unique<Certificates>(io.get_executor(), registry.certificates(), controller->events(),
                                                  Certificates::Doors{certificate_doors, certificate_doors});
}

const config::Model& Control::Members::CertificateDoors::model() const {
    return m.controller->model();
}

std::uint64_t Control::Members::CertificateDoors::generation() const {
    return m.controller->generation();
}

void Control::Members::CertificateDoors::publish() {
    ++m.led.version;
    m.make_again("the certificates stay as they were");
}

void Control::Members::CertificateDoors::everywhere(std::function<void()> then) {
    m.pool->reach(std::move(then));
}

void Control::Members::CertificateDoors::keep(const AuditEntry& entry) {
    m.keep([entry](Store& s) { return s.note(entry); });
}

std::int64_t Control::Members::CertificateDoors::now() const {
    return system_clock::to_time_t(system_clock::now());
}

std::int64_t Control::Members::CertificateDoors::steady() const {
    return std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now().time_since_epoch()).count();
}

std::string Control::Members::CertificateDoors::timestamp() const {
    return control::timestamp(system_clock::now());
}

// Not from within the check or the ejection that has found it: a rollback makes them follow another generation.
void Control::Members::went_down(const std::string& upstream, const std::string& address) {
    asio::post(io, [this, upstream, address] {
        if (rollouts && deciding) rollouts->went_down(upstream, address);
    });
}

void Control::Members::hand_to_workers(std::shared_ptr<const Snapshot> next) {
    const bool as_led = next->led == led.version;
    // An authority may be looking: what it asks for is answered at every moment.
    next = with_challenges(std::move(next), registry);
    registry.published(*next);
    service.keep(*next);
    const auto generation = next->generation;
    // A change may take a listener away: clients that wait in its queue are answered.
    if (generation != opening_generation) open();
    pool->publish(std::move(next));
    if (deciding) predecessors->tell({{"type", "generation"}, {"generation", generation}});
    if (as_led) return;
    // While it waited for its disk, a certificate, a list of revocations, a secret or a rollout has led elsewhere.
    asio::post(io, [this] {
        if (!ending && controller->snapshot()->led != led.version) make_again("what it refers to stays");
    });
}

}  // namespace switchyard::control
