// Kubernetes' API server: EndpointSlices listed, then watched from there.
//
// A watch ends by itself after kWatch and goes on where it was; one that is silent for kSilence is broken off. What is
//   too old to go on from (410) is listed anew. The token is read for each call: it is exchanged every hour.
// Times: after a failure kFirstRetry, doubled up to kLastRetry, less up to half.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <optional>

#include "control/discovery/kubernetes_slices.h"
#include "control/discovery/runner/source.h"
#include "control/net/http_client.h"

namespace switchyard::control::discovery {

class KubernetesSource final : public Source {
  public:
    static constexpr std::chrono::seconds kWatch{240}, kSilence{300}, kFirstRetry{1}, kLastRetry{30}, kCall{10};
    static constexpr std::chrono::milliseconds kPause{500};  // between two watches: a server may end them at once

    KubernetesSource(const Surroundings& around, config::DiscoverKubernetes what);
    void start(Heard heard) override;
    void look() override;

  private:
    std::optional<net::HttpCall> call(const std::string& more, std::string* why) const;  // none: no token
    void list();
    void watch();
    void failed(std::string why);
    void again(std::chrono::milliseconds pause, void (KubernetesSource::*what)());

    const config::KubernetesApi api_;
    const config::DiscoverKubernetes what_;
    net::HttpClient client_, side_;
    KubernetesSlices slices_;
    boost::asio::steady_timer timer_;
    Heard heard_;
    unsigned failures_ = 0;
    bool looking_ = false;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace switchyard::control::discovery
