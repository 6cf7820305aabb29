// Each endpoint of a configuration checked once, as its health checks would; those that fail are looked at again.
//
// At most kAtOnce at a time: many endpoints may be one machine, whose queue of connections is short. Those that are up
// for the running program come first.
// Threads: that of its executor. Lives as long as that turns. Errors: words, by endpoint.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "config/model/forward.h"
#include "control/watch/health_check.h"
#include "proxy/snapshot/known_addresses.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {

using EndpointName = std::pair<std::string, std::string>;  // upstream, endpoint
using EndpointNames = std::set<EndpointName>;

class Checks {
  public:
    static constexpr std::size_t kAtOnce = 64;
    static constexpr std::chrono::milliseconds kAgain{200};

    // `snapshot`: how endpoints are spoken to by TLS.
    Checks(const config::Model& model, const KnownAddresses& known, const Snapshot& snapshot,
           const EndpointNames& first);
    void begin(const boost::asio::any_io_executor& executor);

    bool all_checked() const { return unknown_.empty(); }
    const EndpointNames& up() const { return up_; }
    const EndpointNames& unknown() const { return unknown_; }
    const std::map<EndpointName, std::string>& down() const { return down_; }

  private:
    struct One {
        EndpointName name;
        config::Address address, configured;
        config::Health health;
        CheckBy by;
    };
    boost::asio::awaitable<void> work();
    boost::asio::awaitable<void> check(One& one);

    std::deque<One> waiting_, again_;
    EndpointNames up_, unknown_;
    std::map<EndpointName, std::string> down_;
};

}  // namespace switchyard::control
