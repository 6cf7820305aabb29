// A real worker's core turned by hand, on the test's own thread: nothing runs unless turned.
//
// Client and endpoint sides are real loopback connections, driven by the test through Wire.
//   Time stands still but for pass(), so a time limit of a minute takes no time to test.
// Threads: the test's. Owns: the core with all that a worker owns, every socket it hands out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/files/file_pool.h"
#include "proxy/snapshot/registry.h"
#include "proxy/worker_core.h"
#include "tests/support/wire.h"

namespace switchyard::test {

class Crank {
  public:
    explicit Crank(const std::string& config);
    Crank(const Crank&) = delete;
    Crank& operator=(const Crank&) = delete;

    // A new client connection, past the accept queue; the client seems to come from that address.
    Wire client(std::string_view address = "127.0.0.1");
    // By the front door: where that listener's clients connect.
    std::uint16_t port(std::size_t listener = 0) const;
    // Turns until nothing is left to do.
    void turn();
    // Turns, and waits for the kernel, until `condition` holds; throws at a generous deadline.
    void until(const char* what, const std::function<bool()>& condition);
    // Lets so much time pass on the worker's clock, tick by tick.
    void pass(std::int64_t milliseconds);
    // Routes by this from now on; the number of the generation.
    std::uint64_t publish(const std::string& config);
    std::uint64_t publish(std::shared_ptr<const config::Model> model);

    // Of the kind that `Wire::seen` holds after `turn`: sends and turns, reads and turns until so much was seen.
    void send(Wire& wire, std::string_view bytes);
    // Until `wire` has seen `text`; gives everything it has seen.
    const std::string& see(Wire& wire, std::string_view text);
    // Until the other side has closed in order or cut.
    const std::string& see_end(Wire& wire);
    Wire accept(ListeningWire& listening);

    // As a worker does where a listener has gone, or the worker ends.
    void end_lanes();

    // What was counted since the last call.
    WorkerReport report();
    std::size_t sessions() const { return core.sessions(); }
    std::size_t generations() const { return core.generations(); }

    // Reads nothing but by do_one().
    const std::shared_ptr<files::FilePool> files = std::make_shared<files::FilePool>(0, 4);
    Registry registry;
    std::vector<upstream::Suspect> suspects;
    std::vector<std::uint64_t> adopted, retired;  // a generation each, as the worker has said it
    WorkerCore core;
    serve::WorkerContext& context;

  private:
    ListeningWire entrance_;
    std::uint64_t generation_ = 0;
};

// {"listeners": …, "upstreams": …, "routes": …} of the usual small case: one listener, one upstream "app" with these
// ports, one route "all" to it. The extras are members, without a comma in front: "\"debug_headers\": true".
std::string one_route(const std::vector<std::uint16_t>& ports, const std::string& route_extra = {},
                      const std::string& upstream_extra = {}, const std::string& listener_extra = {});

}  // namespace switchyard::test
