#include "control/service.h"

#include <fmt/format.h>
#include <unistd.h>

#include "proxy/base/log.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// A start waits for the first check of every endpoint, however long their limits are: the manager is asked for more
// time every so often, for longer than until the next time.
constexpr seconds kWord{5}, kMoreTime{20};
// After what is in flight: the store's last write, and the log.
constexpr seconds kToEnd{15};

microseconds now() {
    return std::chrono::duration_cast<microseconds>(steady_clock::now().time_since_epoch());  // CLOCK_MONOTONIC
}

std::string more_time(microseconds time) {
    return fmt::format("EXTEND_TIMEOUT_USEC={}\n", time.count());
}

}  // namespace

void Service::waiting() {
    if (!manager_.listens() || steady_clock::now() < next_word_) return;
    next_word_ = steady_clock::now() + kWord;
    manager_.tell(more_time(kMoreTime) + "STATUS=waiting for the first check of every endpoint");
}

void Service::ready(std::uint64_t generation, unsigned workers) {
    // Told again at the next occasion when it could not be sent: without this one the manager gives the start up.
    ready_ = !manager_.listens() ||
             manager_.tell(fmt::format("READY=1\nMAINPID={}\nSTATUS=ready; {} workers, started with generation {}",
                                       ::getpid(), workers, generation));
}

std::shared_ptr<const void> Service::reloading() {
    if (!ready_ || stopping_ || !manager_.listens()) return {};
    manager_.tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now().count()));
    return {this, [](const Service* service) {
                if (!service->stopping_) service->manager_.tell("READY=1");
            }};
}

void Service::stopping(std::chrono::milliseconds grace) {
    stopping_ = true;
    manager_.tell("STOPPING=1\n" + more_time(grace + kToEnd) + "STATUS=ending; what is in flight is finished");
}

void Service::keep(const Snapshot& next) {
    if (!manager_.keeps_sockets()) return;
    std::map<std::string, std::weak_ptr<net::ListeningSockets>> named;
    for (const auto& plan : next.listeners) {
        const auto& sockets = plan->sockets;
        named[plan->name] = sockets;
        if (const auto was = kept_.find(plan->name); was != kept_.end() && was->second.lock() == sockets) continue;
        // Also what the process before has left under that name: all that is in use goes there anew.
        manager_.forget(plan->name);
        std::vector<int> descriptors;
        for (unsigned worker = 0; worker < sockets->count(); ++worker)
            descriptors.push_back(sockets->descriptor(worker));
        sockets->share();
        if (!manager_.keep(plan->name, descriptors))
            log_warn("listener {}: its sockets could not be given into the service manager's keeping", plan->name);
    }
    for (const auto& [name, sockets] : kept_)
        if (!named.contains(name)) manager_.forget(name);
    kept_ = std::move(named);
}

}  // namespace switchyard::control
