#include "control/service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iterator>
#include <utility>

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
// Between two attempts to send what is owed: one that is busy has read on by then, one that has gone costs nothing.
constexpr seconds kAgain{1};

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
    say(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now().count()));
    return {this, [this](const Service*) {
                if (!stopping_) say("READY=1");
            }};
}

void Service::stopping(std::chrono::milliseconds grace) {
    settle();  // from here on the workers close their descriptors
    stopping_ = true;
    say("STOPPING=1\n" + more_time(grace + kToEnd) + "STATUS=ending; what is in flight is finished");
}

void Service::say(std::string lines) {
    unsaid_ = !manager_.listens() || manager_.tell(lines) ? "" : std::move(lines);
}

void Service::came(const std::set<std::string>& names) {
    if (manager_.listens()) stale_.insert(names.begin(), names.end());
}

void Service::silent() {
    if (manager_.listens()) other_ = std::exchange(manager_, {});
}

void Service::speak() {
    if (!other_.listens()) return;
    manager_ = std::exchange(other_, {});
    kept_.clear();
    ready_ = false;
}

void Service::keep(const Snapshot& next) {
    if (manager_.keeps_sockets()) {
        wanted_.clear();
        for (const auto& plan : next.listeners) {
            wanted_[plan->name] = plan->sockets;
            const auto was = kept_.find(plan->name);
            if (was == kept_.end() || was->second.lock() != plan->sockets) plan->sockets->share();
        }
    }
    if (!settle()) log_warn("the service manager does not take the listening sockets into its keeping; tried again");
}

void Service::make_up() {
    if ((unsaid_.empty() && !behind_) || steady_clock::now() < next_try_) return;
    next_try_ = steady_clock::now() + kAgain;
    if (!unsaid_.empty()) say(std::move(unsaid_));
    if (behind_ && settle()) log_info("the service manager keeps the listening sockets");
}

// Every name that departs is forgotten before anything is stored. The manager passes over a descriptor that it holds
// already, under whatever name: a renamed listener's sockets would stay under the old one, and go with it.
bool Service::settle() {
    if (stopping_) return !behind_;
    for (auto was = kept_.begin(); was != kept_.end();) {
        const auto still = wanted_.find(was->first);
        const bool same = still != wanted_.end() && still->second.lock() == was->second.lock();
        if (!same) stale_.insert(was->first);
        was = same ? std::next(was) : kept_.erase(was);
    }
    // Also what a process before may have left under such a name, or an attempt that came to half.
    for (const auto& [name, sockets] : wanted_)
        if (!kept_.contains(name)) stale_.insert(name);
    std::erase_if(stale_, [this](const std::string& name) { return manager_.forget(name); });
    behind_ = !stale_.empty();
    if (behind_) return false;
    for (const auto& [name, held] : wanted_) {
        if (kept_.contains(name)) continue;
        const auto sockets = held.lock();
        if (sockets && give(name, *sockets))
            kept_.emplace(name, held);
        else
            behind_ = true;
    }
    return !behind_;
}

bool Service::give(const std::string& name, switchyard::net::ListeningSockets& sockets) const {
    std::vector<int> descriptors;
    for (unsigned worker = 0; worker < sockets.count(); ++worker) descriptors.push_back(sockets.descriptor(worker));
    return manager_.keep(name, descriptors);
}

}  // namespace switchyard::control
