// Active health checks of every endpoint of the generation in force.
//
// Invariants: an endpoint that was never checked is not up; type `none` is up at once. What is known about an endpoint
//   survives generations as long as it stays configured. A new endpoint that does not answer yet is starting, for as
//   long as its `grace` allows, and not down. An endpoint that asks to be drained by its answers is up. Checks are
//   spread by jitter, so that a thousand endpoints are not asked in the same millisecond.
// Threads: control. Writes the `up` and `draining` bits and up_since_ms of EndpointState, nothing else.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/model/forward.h"
#include "config/model/upstream.h"
#include "control/watch/health_check.h"
#include "control/watch/health_rule.h"
#include "proxy/net/tls_outward.h"
#include "proxy/snapshot/known_addresses.h"
#include "proxy/upstream/endpoint_state.h"

namespace switchyard::control {

class HealthChecker {
  public:
    using FindEndpoint = std::function<std::shared_ptr<upstream::EndpointState>(const std::string& upstream,
                                                                                const std::string& address)>;
    struct Transition {
        std::string upstream, address;
        bool up = false;
        std::string detail;  // why it is down
        enum class To : std::uint8_t { up, down, starting, draining, taking };
        To to = To::up;
    };

    struct Seen {
        HealthRule::State state = HealthRule::State::unknown;
        std::string detail;  // of the last check that failed; empty after one that did not
        std::chrono::system_clock::time_point checked{};
        std::chrono::microseconds took{0};
        bool drains = false;  // it asks for no new requests
        bool known() const { return state != HealthRule::State::unknown || checked.time_since_epoch().count() != 0; }
    };
    struct Counts {
        std::uint64_t ok = 0;
        std::uint64_t failed = 0;
    };

    HealthChecker(boost::asio::any_io_executor executor, FindEndpoint find, std::function<void(Transition)> changed);
    ~HealthChecker();

    // How endpoints of an upstream are spoken to, asked before each check; null: in clear.
    using FindTls = std::function<std::shared_ptr<const switchyard::net::OutwardTls>(const std::string& upstream)>;
    void speak_as(FindTls tls) { tls_ = std::move(tls); }
    // Follow this configuration, and its names at these addresses, from now on. Each address of a name is an endpoint
    // of its own (snapshot/members.h); a name without one is none.
    void follow(const config::Model& model, const KnownAddresses& known = {});
    void stop();
    // What another process has found: an endpoint that is followed anew begins with it.
    using Found = std::map<std::pair<std::string, std::string>, Seen>;
    Found found() const;
    void begin_with(Found found) { before_ = std::move(found); }

    // By the identity of a member.
    const Seen* seen(const std::string& upstream, const std::string& member) const;
    const std::map<std::string, Counts>& counts() const { return counts_; }  // by upstream, ever growing
    // On top of another process's.
    void go_on_from(std::map<std::string, Counts> counts) { counts_ = std::move(counts); }
    // The upstream is not known any more.
    void forget(const std::string& upstream) { counts_.erase(upstream); }
    // Every endpoint has been checked at least once.
    bool all_checked() const;
    // Whether of each upstream an endpoint is known to be up, or all that it has were checked.
    bool each_upstream_known() const;

  private:
    struct Probe;
    using Key = std::pair<std::string, std::string>;
    void follow(const std::shared_ptr<Probe>& probe, const config::Upstream& upstream);
    void finished(Probe& probe, CheckResult result, std::chrono::microseconds took);
    void not_asked(const Probe& probe, const std::string& why);
    static boost::asio::awaitable<void> watch(std::shared_ptr<Probe> probe, std::uint64_t life);

    const boost::asio::any_io_executor executor_;
    const FindEndpoint find_;
    const std::function<void(Transition)> changed_;
    FindTls tls_;
    std::map<std::string, std::vector<std::string>> programs_;  // of process.checks
    std::map<Key, std::shared_ptr<Probe>> probes_;
    std::map<std::string, Counts> counts_;
    Found before_;
    std::chrono::steady_clock::time_point quiet_until_{};
};

}  // namespace switchyard::control
