// etcd: each key below a prefix is one endpoint, as in a file's list; leases take away an endpoint that has died.
//
// Read as a whole, then watched from the revision behind; a read beside the watch, every kCompare, tells whether the
//   watch is true: etcd may be silent behind a compaction, after a restore from backup, or when a member is cut off.
// A key whose value is no endpoint is told, and until it is mended nothing is taken away for it.
// Times: after a failure kFirstRetry, doubled up to kLastRetry, less up to half.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <map>

#include "control/discovery/runner/source.h"
#include "control/etcd/etcd_client.h"

namespace switchyard::control::discovery {

class EtcdSource final : public EndpointSource {
  public:
    static constexpr std::chrono::seconds kCompare{10}, kFirstRetry{1}, kLastRetry{30};

    EtcdSource(const Surroundings& around, config::DiscoverEtcd what);
    void start(Heard heard) override;
    void look() override;

  private:
    void read();
    void took(const etcd::RangeAnswer& range);
    void watch();
    void said(const etcd::WatchLine& line);
    void failed(std::string why);
    void read_after(std::chrono::milliseconds pause);
    Sighting sighting() const;

    const config::DiscoverEtcd what_;
    etcd::EtcdClient client_;
    boost::asio::steady_timer timer_;
    Heard heard_;
    std::map<std::string, std::string> values_;  // by key
    std::int64_t revision_ = 0;
    bool watching_ = false, reading_ = false;
    unsigned failures_ = 0;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace switchyard::control::discovery
