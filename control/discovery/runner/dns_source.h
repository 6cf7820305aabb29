// Name servers: the addresses of a name, or the services behind one (SRV), looked up again as their TTL says.
//
// Both families are asked; half an answer adds and takes nothing away – unless the family that fails brought nothing
// the
//   last time either, as with servers that refuse AAAA –, and so does one in which a target of a service is not known.
//   The lowest priority of services serves, the others are backups; weight 0, which RFC 2782 gives a small chance,
//   is 1.
// Times: the least TTL of all that was needed, within min_ttl and max_ttl, less up to a tenth; a complete nothing is
//   asked for again after kNothing; after a failure kFirstRetry, doubled up to kLastRetry, less up to half. Without
//   servers in the configuration /etc/resolv.conf is read again after each failure, and every kRenew.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <set>
#include <vector>

#include "control/discovery/runner/source.h"
#include "control/names/dns_client.h"

namespace switchyard::control::discovery {

class DnsSource final : public EndpointSource {
  public:
    static constexpr std::chrono::seconds kNothing{30}, kFirstRetry{1}, kLastRetry{30};
    static constexpr std::chrono::minutes kRenew{5};
    static constexpr std::size_t kMostTargets = 256;  // of a service: each is two questions

    DnsSource(const Surroundings& around, config::Discover discover, const config::Discovery& rules);
    void start(Heard heard) override;
    void look() override;

  private:
    // One look: questions under way, and what they have brought.
    struct Look {
        std::vector<SrvRecord> services;  // to be resolved
        // By name; whether the family had addresses in its last complete answer.
        std::map<std::string, std::vector<std::pair<AddressBook::Answer, bool>>> answers;
        std::size_t waiting = 0;
        std::chrono::milliseconds ttl{0};
    };

    void ask();
    void resolve(std::shared_ptr<Look> look, const std::set<std::string>& names);
    void finish(const Look& look);
    void done(Sighting sighting, std::chrono::milliseconds ttl);
    void arm(std::chrono::milliseconds pause);

    const config::Discover discover_;
    const config::Discovery rules_;
    const bool own_servers_;
    DnsClient client_;
    boost::asio::steady_timer timer_;
    Heard heard_;
    std::set<std::pair<std::string, AddressBook::Family>> bring_;  // questions whose last complete answer had addresses
    unsigned failures_ = 0;
    bool asking_ = false;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::chrono::steady_clock::time_point renewed_ = std::chrono::steady_clock::now();
};

}  // namespace switchyard::control::discovery
