// How names are tied to the rest of control.
#include "control/control_members.h"
#include "control/made_again.h"
#include "control/name_news.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {

const config::Model& Control::Members::NameDoors::model() const {
    return m.controller->model();
}

std::uint64_t Control::Members::NameDoors::published() const {
    return m.controller->snapshot()->facts;
}

bool Control::Members::NameDoors::usable(const std::string& upstream, const std::string& member) const {
    return m.registry.endpoint(upstream, member)->healthy();
}

void Control::Members::NameDoors::follow(const KnownAddresses& known) {
    m.health->follow(model(), known);
    m.ejection->follow(model(), known);
}

void Control::Members::NameDoors::publish(const KnownAddresses& known) {
    m.controller->republish(with_addresses(*m.controller->snapshot(), m.registry, known));
}

void Control::Members::NameDoors::keep(const AddressRows& rows) {
    m.keep([rows](Store& s) { return s.put_addresses(rows); });
}

void Control::Members::NameDoors::tell(const AddressBook::News& news) {
    tell_of_name(news, m.controller->events());
}

Result<void> Control::Members::build_names(const config::Resolver& settings) {
    const auto addresses = reader->addresses();
    if (!addresses) return addresses.error();
    names = std::make_unique<Names>(io.get_executor(), settings, Names::Doors{name_doors, name_doors}, *addresses);
    return {};
}

}  // namespace switchyard::control
