// Consul's health endpoint, by blocking queries: each waits until something has changed, or for kWait.
//
// Times: never two calls within kPause; a call ends kWait and its jitter, and kSpare, after it began; after a failure
//   kFirstRetry, doubled up to kLastRetry, less up to half. The token is read again for each call where it stands in a
//   file; without it nothing is asked.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "control/discovery/runner/source.h"
#include "control/net/credential.h"
#include "control/net/http_client.h"

namespace switchyard::control::discovery {

class ConsulSource final : public EndpointSource {
  public:
    static constexpr std::chrono::seconds kWait{55}, kSpare{10}, kFirstRetry{1}, kLastRetry{30};
    static constexpr std::chrono::milliseconds kPause{100};

    ConsulSource(const Surroundings& around, config::DiscoverConsul what);
    void start(Heard heard) override;
    void look() override;

  private:
    void call(net::HttpClient& client, std::uint64_t index, bool waits);
    void ask();
    void heard(net::HttpAnswer answer, bool waited);
    void ask_after(std::chrono::milliseconds pause);

    const config::ConsulServer server_;
    const config::DiscoverConsul what_;
    net::HttpClient client_, side_;  // one waits; the other asks what is the case now
    net::Credential token_;
    boost::asio::steady_timer timer_;
    Heard heard_;
    std::uint64_t index_ = 0;
    unsigned failures_ = 0;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace switchyard::control::discovery
