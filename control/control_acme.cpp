// How certificates that are asked for, and challenges of others, are tied to the rest of control.
#include "control/control_members.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {

bool Control::Members::AcmeDoors::publish(std::shared_ptr<const switchyard::net::ChallengeBook> book) {
    m.registry.open_challenges(std::move(book));
    ++m.led.version;
    m.make_again("challenges stay as they were");
    return m.controller->snapshot()->led == m.led.version;
}

void Control::Members::AcmeDoors::everywhere(std::function<void()> then) {
    m.pool->reach(std::move(then));
}

const config::Model& Control::Members::AcmeDoors::model() const {
    return m.controller->model();
}

switchyard::net::TlsBook::Identity Control::Members::AcmeDoors::identity(const std::string& name) const {
    if (!model().certificates.contains(name)) return nullptr;
    const auto* shelved = m.registry.certificates().find(files_of(model(), name));
    return shelved == nullptr ? nullptr : shelved->identity;
}

void Control::Members::AcmeDoors::look(std::function<void(bool)> done) {
    m.certificates->look(std::move(done));
}

std::int64_t Control::Members::AcmeDoors::now() const {
    return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

void Control::Members::build_acme() {
    acme = std::make_unique<acme::Acme>(io.get_executor(), controller->model().process.state_dir, controller->events(),
                                        acme::Acme::Doors{acme_doors, acme_doors});
}

}  // namespace switchyard::control
