// A client of etcd for reading: a prefix at once, and then what changes in it.
//
// Every call says that it wants a leader, so that a member that is cut off fails at once instead of being silent or
// old. A call has kCall, then the next member is asked once, then it has failed. A token that is no longer known (they
// live
//   in one member's memory) is fetched again, once.
// Threads: that of its executor. Errors: words. After the destructor nothing is called any more.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/model/sources.h"
#include "control/etcd/etcd_wire.h"
#include "control/net/credential.h"
#include "control/net/http_client.h"

namespace switchyard::control::etcd {

class EtcdClient {
  public:
    static constexpr std::chrono::milliseconds kCall{1500};
    static constexpr std::chrono::seconds kSilence{3600};  // of a watch: reads beside it tell whether it is true

    using Answered = std::function<void(std::optional<RangeAnswer>, std::string why)>;
    using Said = std::function<void(WatchLine)>;
    using Lost = std::function<void(std::string why)>;

    EtcdClient(const boost::asio::any_io_executor& executor, config::EtcdServers servers);

    // All below the prefix, as of now (linearizable).
    void read(const std::string& prefix, Answered done);
    // Everything from this revision on; `lost` once, when it has ended. One at a time: another one ends it unheard.
    void watch(const std::string& prefix, std::int64_t from_revision, Said said, Lost lost);
    void stop_watching() { watching_.reset(); }

  private:
    void call(const std::string& path, const std::string& body, unsigned tries, net::HttpClient::Done done);
    void authenticate(std::function<void(std::string why)> done);
    net::HttpCall call_of(const std::string& path, const std::string& body) const;
    void next_member();

    const boost::asio::any_io_executor executor_;
    const config::EtcdServers servers_;
    std::size_t member_ = 0;
    std::unique_ptr<net::HttpClient> client_, watching_;
    net::Credential password_;
    std::string token_;
};

}  // namespace switchyard::control::etcd
