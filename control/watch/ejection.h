// Ejection: workers report suspects, control takes them out for a while and brings them back.
//
// The thin shell around EjectionRule: it knows which endpoints exist, holds the clock and sets the `ejected` bit.
// Threads: control.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "config/model/forward.h"
#include "control/watch/ejection_rule.h"
#include "proxy/base/metrics.h"
#include "proxy/snapshot/known_addresses.h"
#include "proxy/upstream/endpoint_state.h"

namespace switchyard::control {

class Ejection {
  public:
    using FindEndpoint = std::function<std::shared_ptr<upstream::EndpointState>(const std::string& upstream,
                                                                                const std::string& address)>;
    struct Change {
        std::string upstream, address;
        bool ejected = false;
        std::chrono::milliseconds length{0};  // how long it stays out
        std::uint32_t times = 0;
    };

    Ejection(boost::asio::any_io_executor executor, FindEndpoint find, std::function<void(Change)> changed);

    // Each address of a name counts as an endpoint (snapshot/members.h).
    void follow(const config::Model& model, const KnownAddresses& known = {});
    void suspect(const upstream::Suspect& suspect);
    void counted(const std::vector<EndpointDelta>& growth);
    void stop();

    // What another process needs to go on with it: who is out and until when, and how often everyone was.
    using Key = std::pair<std::string, std::string>;  // upstream, address
    struct Past {
        std::map<Key, EjectionRule::Past> standings;
        std::map<Key, std::uint64_t> total;
    };
    Past past() const;
    // There, before follow().
    void begin_with(Past past);

    // Ejections so far, by upstream and address.
    const std::map<Key, std::uint64_t>& total() const { return total_; }
    // The endpoint is not known any more.
    void forget(const std::string& upstream, const std::string& address) { total_.erase({upstream, address}); }

  private:
    using Endpoints = std::map<std::uint32_t, std::shared_ptr<upstream::EndpointState>>;
    void take_out(const EjectionRule::Verdict& verdict);
    void bring_back();
    void arm();
    EjectionRule* rule_of(std::uint32_t endpoint);

    const FindEndpoint find_;
    const std::function<void(Change)> changed_;
    std::map<std::string, EjectionRule> rules_;  // by upstream
    Endpoints endpoints_;                        // of the generation in force, by Registry id
    std::map<Key, std::uint64_t> total_;
    std::map<Key, EjectionRule::Past> before_;  // of another process; each is taken when its endpoint is followed
    boost::asio::steady_timer timer_;
    bool stopped_ = false;
};

}  // namespace switchyard::control
