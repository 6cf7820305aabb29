// A data plane without a control plane: a WorkerPool run from a configuration text, for tests that drive it from
// outside through real sockets.
//
// All endpoints count as up from the start. Listeners may ask for port 0.
// Threads: create and use it on one thread; callbacks of the pool run on a control thread of its own. Every wait has a
//   deadline and throws when it passes. Owns: the pool, its control thread, the sockets.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/base/metrics.h"
#include "proxy/snapshot/snapshot.h"
#include "proxy/upstream/endpoint_state.h"
#include "proxy/worker_pool.h"

namespace switchyard::test {

// Generous: reached only when something is wrong.
inline constexpr std::chrono::seconds kDeadline{20};

class TestProxy {
  public:
    explicit TestProxy(const std::string& config, unsigned workers = 1);
    ~TestProxy();
    TestProxy(const TestProxy&) = delete;
    TestProxy& operator=(const TestProxy&) = delete;

    // Of the listener with that number.
    std::uint16_t port(std::size_t listener = 0) const;
    // Compiles the next generation, hands it to every worker and waits until all have adopted it. Its number.
    std::uint64_t publish(const std::string& config);
    // Hands it out without waiting.
    std::uint64_t publish_without_waiting(const std::string& config);
    void wait_adopted(std::uint64_t generation);
    // Publishes the latest generation again, with these addresses of names, and waits until all have adopted it.
    void publish_addresses(std::map<std::string, std::vector<std::string>> addresses);
    // Waits until every worker has said that nothing is pinned to this generation any more.
    void wait_retired(std::uint64_t generation);
    bool retired(std::uint64_t generation) const;  // so far

    // One report per worker, not merged.
    std::vector<WorkerReport> collect();
    // Collects until `enough` says so of the sum of everything collected so far by this call; false at the deadline.
    void collect_until(const std::function<bool(const std::vector<WorkerReport>&)>& enough);
    upstream::EndpointState& endpoint(const std::string& upstream, const std::string& address);
    std::uint32_t route_id(const std::string& name);
    std::uint32_t upstream_id(const std::string& name);
    std::vector<upstream::Suspect> suspects() const;
    // Starts a graceful end and waits for it. False: cut at the deadline.
    void drain(std::chrono::milliseconds grace);

  private:
    struct Members;
    std::unique_ptr<Members> members_;
};

}  // namespace switchyard::test
