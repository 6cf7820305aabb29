// The parts of control tied together: who tells whom.
#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "control/control_members.h"
#include "control/made_again.h"
#include "control/rollout/runner/holders.h"
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
    registry.passed() = switchyard::net::PassedSockets::of_environment();
    for (const auto& [route, by] : rollout::holders(kept.journals)) led.to.emplace(route, by.to);
}

void Control::Members::keep(StoreWriter::Write write) {
    store.write(std::move(write), [this](const Result<void>& stored) {
        if (!stored && deciding) log_error("{}", stored.error().detail);
    });
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
