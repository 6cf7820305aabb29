// Kubernetes' API server: EndpointSlices listed, then watched from there.
//
// A watch ends by itself after kWatch and goes on where it was; one that is silent for kSilence is broken off. What is
//   too old to go on from (410) is listed anew. A list comes in pages of kPage slices, which have up to a hundred
//   endpoints each. The token is read for each call: it is exchanged every hour.
// Times: after a failure kFirstRetry, doubled up to kLastRetry, less up to half.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "control/discovery/kubernetes_slices.h"
#include "control/discovery/runner/source.h"
#include "control/net/credential.h"
#include "control/net/http_client.h"

namespace switchyard::control::discovery {

class KubernetesSource final : public EndpointSource {
  public:
    static constexpr std::chrono::seconds kWatch{240}, kSilence{300}, kFirstRetry{1}, kLastRetry{30}, kCall{10};
    static constexpr std::chrono::milliseconds kPause{500};  // between two watches: a server may end them at once
    static constexpr unsigned kPage = 100;                   // slices; of the largest about five megabytes
    static constexpr unsigned kMostPages = 100;              // of one list: a server may say "go on" without end

    KubernetesSource(const Surroundings& around, config::DiscoverKubernetes what);
    void start(Heard heard) override;
    void look() override;

  private:
    using Called = std::function<void(net::HttpCall call)>;
    using Unread = std::function<void(std::string why)>;  // the token cannot be read
    void call(const std::string& more, Called called, Unread unread);
    // A list from its first page to its last.
    struct Listing {
        explicit Listing(std::string port) : slices(std::move(port)) {}
        KubernetesSlices slices;
        unsigned pages = 0;
        std::function<void(std::string why)> done;  // empty: all of it is there
    };
    void read_page(net::HttpClient& client, const std::shared_ptr<Listing>& listing);
    void list();
    void watch();
    void watch_by(net::HttpCall watching);
    void failed(std::string why);
    void again(std::chrono::milliseconds pause, void (KubernetesSource::*what)());

    const config::KubernetesApi api_;
    const config::DiscoverKubernetes what_;
    net::HttpClient client_, side_;
    net::Credential token_;
    KubernetesSlices slices_;
    boost::asio::steady_timer timer_;
    Heard heard_;
    unsigned failures_ = 0;
    bool looking_ = false;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace switchyard::control::discovery
