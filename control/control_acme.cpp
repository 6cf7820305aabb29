// How certificates that are asked for, and challenges of others, are tied to the rest of control.
#include "control/control_members.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {

void Control::Members::build_acme() {
    acme::Acme::Ports ports;
    ports.model = [this]() -> const config::Model& { return controller->model(); };
    ports.desk.publish = [this](std::shared_ptr<const switchyard::net::ChallengeBook> book) {
        registry.open_challenges(std::move(book));
        ++led.version;
        make_again("challenges stay as they were");
        return controller->snapshot()->led == led.version;
    };
    ports.desk.everywhere = [this](std::function<void()> then) { pool->reach(std::move(then)); };
    ports.in_force = [this](const std::string& name) -> switchyard::net::TlsBook::Identity {
        if (!controller->model().certificates.contains(name)) return nullptr;
        const auto* shelved = registry.certificates().find(files_of(controller->model(), name));
        return shelved == nullptr ? nullptr : shelved->identity;
    };
    ports.look = [this](std::function<void(bool)> done) { certificates->look(std::move(done)); };
    ports.now = [] { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); };
    acme = std::make_unique<acme::Acme>(io.get_executor(), controller->model().process.state_dir, controller->events(),
                                        std::move(ports));
}

}  // namespace switchyard::control
