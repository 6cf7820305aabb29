// The parts of control tied together: who tells whom.
#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "control/admin/handlers/upstream_view.h"
#include "control/control_members.h"
#include "control/made_again.h"
#include "control/name_news.h"
#include "control/roll_news.h"
#include "control/rollout/runner/holders.h"
#include "control/upstream_health.h"
#include "proxy/base/log.h"
#include "proxy/net/listening_socket.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using std::chrono::system_clock;

Control::Members::Members(ConfigPlace place_, OpenedState opened, unsigned workers_)
    : place(std::move(place_)),
      config_file(place.name()),
      state_dir(std::move(opened.dir)),
      store(std::move(opened.store), io.get_executor()),
      reader(std::move(opened.reader)),
      kept(std::move(opened.kept)),
      workers(workers_),
      registry(workers_),
      journals([this](const std::string& id, const std::string& text, rollout::Ports::Kept done) {
          store.write([id, text](Store& s) { return s.put_journal(id, text); }, std::move(done));
      }) {
    registry.passed() = net::PassedSockets::of_environment();
    for (const auto& [route, by] : rollout::holders(kept.journals)) led.to.emplace(route, by.to);
}

void Control::Members::keep(StoreWriter::Write write) {
    store.write(std::move(write), [](const Result<void>& stored) {
        if (!stored) log_error("{}", stored.error().detail);
    });
}

Result<void> Control::Members::build_names(const config::Resolver& settings) {
    const auto addresses = reader->addresses();
    if (!addresses) return addresses.error();
    Names::Ports ports;
    ports.model = [this]() -> const config::Model& { return controller->model(); };
    ports.published = [this] { return controller->snapshot()->facts; };
    ports.follow = [this](const KnownAddresses& known) {
        health->follow(controller->model(), known);
        ejection->follow(controller->model(), known);
    };
    ports.publish = [this](const KnownAddresses& known) {
        controller->republish(with_addresses(*controller->snapshot(), registry, known));
    };
    ports.usable = [this](const std::string& upstream, const std::string& member) {
        return registry.endpoint(upstream, member)->healthy();
    };
    ports.keep = [this](const AddressRows& rows) { keep([rows](Store& s) { return s.put_addresses(rows); }); };
    ports.tell = [this](const AddressBook::News& news) { tell_of_name(news, controller->events()); };
    names = std::make_unique<Names>(io.get_executor(), settings, std::move(ports), *addresses);
    return {};
}

discovery::Vital Control::Members::vital(const std::string& upstream, const config::Address& address) const {
    const auto& settings = controller->model().upstreams.at(upstream);
    const auto text = address.text();
    if (const auto wanted = settings.endpoint_overrides.find(text);
        wanted != settings.endpoint_overrides.end() &&
        (wanted->second.state != config::EndpointState::up || wanted->second.weight == 0U))
        return discovery::Vital::idle;
    if (settings.health.type == config::Health::Type::none) return discovery::Vital::unchecked;
    const auto* seen = health->seen(upstream, text);
    if (seen == nullptr || seen->state == HealthRule::State::unknown) return discovery::Vital::unknown;
    return seen->state == HealthRule::State::up ? discovery::Vital::up : discovery::Vital::down;
}

Result<void> Control::Members::build_discovery(const config::Process& process) {
    const auto kept_rolls = reader->rolls();
    if (!kept_rolls) return kept_rolls.error();
    discovery::Discovery::Rows rows;
    for (const auto& [upstream, row] : *kept_rolls) rows[upstream] = {row.first, row.second};
    discovery::Discovery::Ports ports;
    ports.vital = [this](const std::string& upstream, const config::Address& address) {
        return vital(upstream, address);
    };
    ports.others = [this](const std::string& upstream) {
        return usable_written(controller->model(), upstream, registry, names->known());
    };
    ports.found = [this](const std::string& upstream, std::vector<config::Endpoint> endpoints) {
        names->discovered(upstream, std::move(endpoints));
    };
    ports.keep = [this](const discovery::Discovery::Rows& changed) {
        std::map<std::string, std::pair<std::string, std::string>> all;
        for (const auto& [upstream, row] : changed) all[upstream] = {row.source, row.kept};
        keep([all](Store& s) { return s.put_rolls(all); });
    };
    ports.tell = [this](const std::string& upstream, const discovery::Discovery::Sight& sight,
                        const discovery::Roll::News& news) {
        tell_of_roll(upstream, sight, news, controller->events());
    };
    const discovery::Surroundings around{io.get_executor(), process.sources, process.resolver};
    ports.source = [around](const config::Discover& discover, const config::Discovery& rules) {
        return discovery::make_source(around, discover, rules);
    };
    discovery = std::make_unique<discovery::Discovery>(io.get_executor(), std::move(ports), std::move(rows));
    return {};
}

void Control::Members::build_core() {
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
    WorkerPool::Events events;
    events.adopted = [this](unsigned worker, std::uint64_t generation, std::vector<InFlight> older) {
        controller->adopted(worker, generation, std::move(older));
    };
    events.retired = [this](unsigned worker, std::uint64_t generation, bool last) {
        if (last) controller->retired(worker, generation);
        release();
    };
    events.suspect = [this](upstream::Suspect suspect) { ejection->suspect(suspect); };
    pool = std::make_unique<WorkerPool>(workers, io.get_executor(), std::move(events));

    Controller::Ports ports;
    ports.compile = [this](std::shared_ptr<const config::Model> model, std::uint64_t generation) {
        names->introduce(*model);
        look_who_leads();
        auto compiled = compile(std::move(model), generation, registry, names->known(), led);
        registry.certificates().excuse_nobody();
        registry.certificates().clear_away();
        return compiled;
    };
    ports.publish = [this](std::shared_ptr<const Snapshot> next) { hand_to_workers(std::move(next)); };
    ports.cut = [this](std::uint64_t before, const std::set<std::uint32_t>& upstreams) {
        pool->cut(before, upstreams);
    };
    ports.facts = [this](const config::Model& model) {
        return facts_of(model, registry, names->known(), health.get());
    };
    ports.upstream_id = [this](const std::string& name) { return registry.upstream(name); };
    ports.follow = [this](const config::Model& model) {
        health->follow(model, names->known());
        ejection->follow(model, names->known());
        names->follow(model);
        certificates->follow();
        if (acme) acme->follow();
        // Where the kernel chose the port, that is the listener's.
        auto own = model.listeners;
        for (std::size_t i = 0; i < own.size(); ++i)
            own[i].bind = controller->snapshot()->listeners[i]->sockets->bound();
        discovery->follow(model, own);
    };
    add_certificate_ports(ports);
    ports.aside = [this](std::function<void()> work, std::function<void()> then) {
        return aside.run(std::move(work), std::move(then));
    };
    controller = std::make_unique<Controller>(io.get_executor(), workers, *reader, store, std::move(ports));
    build_certificates();
}

// What the controller asks of files that a change is the first to name, or a return comes back to.
void Control::Members::add_certificate_ports(Controller::Ports& ports) {
    ports.fit_for_return = [this](config::Model& earlier, const config::Model& now) {
        return certificates->keep_usable(earlier, now);
    };
    ports.return_over = [this] {
        registry.certificates().excuse_nobody();
        registry.certificates().clear_away();
    };
    ports.read_first = [this](const config::Model& model, std::function<void()> then) {
        certificates->read_first(model, std::move(then));
    };
}

void Control::Members::build_certificates() {
    health->speak_as([this](const std::string& upstream) -> std::shared_ptr<const switchyard::net::OutwardTls> {
        if (!controller->snapshot()) return nullptr;
        for (const auto& one : controller->snapshot()->upstreams)
            if (one->name == upstream) return one->tls;
        return nullptr;
    });
    Certificates::Ports ports;
    ports.model = [this]() -> const config::Model& { return controller->model(); };
    ports.generation = [this] { return controller->generation(); };
    ports.publish = [this] {
        ++led.version;
        make_again("the certificates stay as they were");
    };
    ports.everywhere = [this](std::function<void()> then) { pool->reach(std::move(then)); };
    ports.keep = [this](const AuditEntry& entry) { keep([entry](Store& s) { return s.note(entry); }); };
    ports.now = [] { return system_clock::to_time_t(system_clock::now()); };
    ports.steady = [] {
        return std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now().time_since_epoch()).count();
    };
    ports.timestamp = [] { return timestamp(system_clock::now()); };
    certificates = std::make_unique<Certificates>(io.get_executor(), registry.certificates(), controller->events(),
                                                  std::move(ports));
}

// Not from within the check or the ejection that has found it: a rollback makes them follow another generation.
void Control::Members::went_down(const std::string& upstream, const std::string& address) {
    asio::post(io, [this, upstream, address] {
        if (rollouts) rollouts->went_down(upstream, address);
    });
}

void Control::Members::build_rollouts() {
    rollout::Ports ports;
    ports.workers = workers;
    ports.now = [] { return std::chrono::duration_cast<rollout::Monotonic>(steady_clock::now().time_since_epoch()); };
    ports.collect = [this] { collect(); };
    ports.timestamp = [] { return timestamp(system_clock::now()); };
    ports.time_of_day = [](rollout::Duration ahead) {
        return timestamp(system_clock::now() + ahead).substr(11, 8) + "Z";
    };
    ports.note_marks = [this](const std::string& route, const std::optional<MarkLimits>& limits) {
        registry.marks(route)->note(limits);
    };
    ports.model = [this]() -> const config::Model& { return controller->model(); };
    ports.change = [this](Change change, Answered done) { controller->change(std::move(change), std::move(done)); };
    ports.led = [this] { follow_rollouts(); };
    ports.adopted = [this](std::uint64_t generation) { return controller->adoption().everywhere(generation); };
    ports.keep = [this](const std::string& id, const std::string& text, rollout::Ports::Kept done) {
        journals.put(id, text, std::move(done));
    };
    ports.forget = [this](const std::vector<std::string>& ids, rollout::Ports::Kept done) {
        journals.forget(ids);
        store.write([ids](Store& s) { return s.drop_journals(ids); }, std::move(done));
    };
    ports.event = [this](nlohmann::ordered_json body) {
        const auto word = [&](const char* key) { return body.value(key, std::string()); };
        const std::string kind = word("kind");
        const std::string line =
            fmt::format("rollout {}: {}: {}", word("rollout"), kind, word(body.contains("text") ? "text" : "detail"));
        if (kind == "start" || kind == "step" || kind == "pause" || kind == "resume" || kind == "done")
            log_info("{}", line);
        else
            log_warn("{}", line);  // something was taken back, or waits for the operator
        controller->events().add("rollout", std::move(body));
    };
    ports.route_id = [this](const std::string& name) { return registry.route(name); };
    ports.upstream_id = [this](const std::string& name) { return registry.upstream(name); };
    ports.endpoint = [this](std::uint32_t id) -> std::optional<std::pair<std::string, std::string>> {
        const auto state = registry.endpoint(id);
        if (!state) return std::nullopt;
        return std::pair{state->upstream, state->address};
    };
    ports.usable = [this](const std::string& upstream) {
        return usable(controller->model(), upstream, registry, names->known());
    };
    ports.health = [this](const std::string& upstream) {
        return health_of(controller->model(), upstream, registry, names->known(), *health);
    };
    ports.call = [this](const rollout::HttpAsk& ask, rollout::HttpDone done) {
        rollout::http_call(io.get_executor(), ask, std::move(done));
    };
    rollouts = std::make_unique<rollout::Rollouts>(std::move(ports), controller->model().process.keep_rollouts);
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

void Control::Members::follow_secrets() {
    if (!refers_to_secrets(controller->model())) return;
    ++led.version;
    make_again("the secrets stay as they were");
}

void Control::Members::hand_to_workers(std::shared_ptr<const Snapshot> next) {
    const bool as_led = next->led == led.version;
    // An authority may be looking: what it asks for is answered at every moment.
    next = with_challenges(std::move(next), registry);
    registry.published(*next);
    service.keep(*next);
    pool->publish(std::move(next));
    if (as_led) return;
    // While it waited for its disk, a certificate, a list of revocations, a secret or a rollout has led elsewhere.
    asio::post(io, [this] {
        if (!ending && controller->snapshot()->led != led.version) make_again("what it refers to stays");
    });
}

void Control::Members::make_again(const char* otherwise) {
    auto compiled = compile(controller->shared_model(), controller->generation(), registry, names->known(), led);
    if (compiled.snapshot) return controller->republish(std::move(compiled.snapshot));
    for (const auto& error : compiled.errors)  // what has compiled before
        log_error("{}: {}: {}", otherwise, error.pointer, error.detail);
}

}  // namespace switchyard::control
