// The parts of control tied together: who tells whom.
#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

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
      journals([this](const std::string& id, const std::string& text, rollout::Journals::Kept done) {
          store.write([id, text](Store& s) { return s.put_journal(id, text); }, std::move(done));
      }) {
    registry.passed() = net::PassedSockets::of_environment();
    for (const auto& [route, by] : rollout::holders(kept.journals)) led.to.emplace(route, by.to);
}

void Control::Members::keep(StoreWriter::Write write) {
    store.write(std::move(write), [this](const Result<void>& stored) {
        if (!stored && deciding) log_error("{}", stored.error().detail);
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

void Control::Members::follow_secrets() {
    if (!refers_to_secrets(controller->model())) return;
    ++led.version;
    make_again("the secrets stay as they were");
}

void Control::Members::make_again(const char* otherwise) {
    auto compiled = compile(controller->shared_model(), controller->generation(), registry, names->known(), led);
    if (compiled.snapshot) return controller->republish(std::move(compiled.snapshot));
    for (const auto& error : compiled.errors)  // what has compiled before
        log_error("{}: {}: {}", otherwise, error.pointer, error.detail);
}

}  // namespace switchyard::control
