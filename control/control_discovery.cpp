// How discovered endpoints are tied to the rest of control.
#include "control/control_members.h"
#include "control/roll_news.h"
#include "control/upstream_health.h"

namespace switchyard::control {

discovery::Vital Control::Members::DiscoveryDoors::vital(const std::string& upstream,
                                                         const config::Address& address) const {
    const auto& settings = m.controller->model().upstreams.at(upstream);
    const auto text = address.text();
    if (const auto wanted = settings.endpoint_overrides.find(text);
        wanted != settings.endpoint_overrides.end() &&
        (wanted->second.state != config::EndpointState::up || wanted->second.weight == 0U))
        return discovery::Vital::idle;
    if (settings.health.type == config::Health::Type::none) return discovery::Vital::unchecked;
    const auto* seen = m.health->seen(upstream, text);
    if (seen == nullptr || seen->state == HealthRule::State::unknown) return discovery::Vital::unknown;
    return seen->state == HealthRule::State::up ? discovery::Vital::up : discovery::Vital::down;
}

bool Control::Members::DiscoveryDoors::others(const std::string& upstream) const {
    return usable_written(m.controller->model(), upstream, m.registry, m.names->known());
}

void Control::Members::DiscoveryDoors::found(const std::string& upstream, std::vector<config::Endpoint> endpoints) {
    m.names->discovered(upstream, std::move(endpoints));
}

void Control::Members::DiscoveryDoors::keep(const discovery::Rows& rows) {
    std::map<std::string, std::pair<std::string, std::string>> all;
    for (const auto& [upstream, row] : rows) all[upstream] = {row.source, row.kept};
    m.keep([all](Store& s) { return s.put_rolls(all); });
}

void Control::Members::DiscoveryDoors::tell(const std::string& upstream, const discovery::Sight& sight,
                                            const discovery::Roll::News& news) {
    tell_of_roll(upstream, sight, news, m.controller->events());
}

std::unique_ptr<discovery::EndpointSource> Control::Members::DiscoveryDoors::source(const config::Discover& discover,
                                                                                    const config::Discovery& rules) {
    return discovery::make_source(*around, discover, rules);
}

Result<void> Control::Members::build_discovery(const config::Process& process) {
    const auto kept_rolls = reader->rolls();
    if (!kept_rolls) return kept_rolls.error();
    discovery::Rows rows;
    for (const auto& [upstream, row] : *kept_rolls) rows[upstream] = {row.first, row.second};
    discovery_doors.around.emplace(discovery::Surroundings{io.get_executor(), process.sources, process.resolver});
    discovery = std::make_unique<discovery::Discovery>(
        io.get_executor(), discovery::Discovery::Doors{discovery_doors, discovery_doors, discovery_doors},
        std::move(rows));
    return {};
}

}  // namespace switchyard::control
