// Every call that a worker makes fails once, at each step: nothing is lost, what is counted comes out even, no
// descriptor is left behind, and the worker goes on.
#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "failing_calls.h"
#include "proxy/base/guarded.h"
#include "tests/support/crank.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

const std::string kAsk = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kAnswered = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr int kClients = 3, kRequestsEach = 2;
constexpr std::size_t kMostSteps = 2'000;

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

// A worker with clients that come by its front door and an endpoint that answers at once.
class Yard {
  public:
    Yard() : crank_(one_route({listening_.port()})) {}

    // As the worker's own loop does it: what escapes is given up, and the loop goes on.
    void turn() {
        for (bool more = true; more;) {
            const Working works;
            more = !guarded("a worker", escaped_, [&] { more = crank_.core.turn(); }) || more;
        }
        while (true) {
            Wire came = listening_.accept();
            if (!came.is_open()) break;
            endpoint_.push_back(std::move(came));
        }
        for (Wire& each : endpoint_) {
            if (each.ended || each.cut) continue;
            each.read();
            if (each.seen.find("\r\n\r\n") == each.seen.npos) continue;
            each.take();
            each.write(kAnswered);
        }
    }
    void pass(std::int64_t milliseconds) {
        for (std::int64_t left = milliseconds; left > 0; left -= net::Wheel::kTick) {
            crank_.context.now_ms += net::Wheel::kTick;
            crank_.context.now_us = crank_.context.now_ms * 1000;
            {
                const Working works;
                guarded("a worker", escaped_, [&] { crank_.core.tick(); });
            }
            turn();
        }
    }
    // Until the client has its answer, or its connection has ended. False: neither, however long it waits.
    bool ask(Wire& client) {
        client.take();
        for (std::string_view left = kAsk; !left.empty() && !client.cut;) left.remove_prefix(client.write(left));
        return settled(client);
    }
    bool settled(Wire& client) {
        const auto over = [&] {
            client.read();
            return client.ended || client.cut || client.seen.ends_with("ok") ||
                   client.seen.find("\"status\":503") != client.seen.npos;
        };
        for (int i = 0; i < 400; ++i) {
            turn();
            if (over()) return true;
            if (i % 20 == 19) pass(1000);  // what waits for better times has them
        }
        return false;
    }
    Wire come() { return Wire::connect(crank_.port()); }
    void all_leave() {
        for (Wire& each : endpoint_) each.close();
        for (int i = 0; i < 100 && crank_.sessions() != 0; ++i) pass(1000);
    }

    Crank& crank() { return crank_; }
    std::uint64_t escaped() const { return escaped_; }

  private:
    ListeningWire listening_;
    Crank crank_;
    std::vector<Wire> endpoint_;
    std::uint64_t escaped_ = 0;
};

void check_even(Yard& yard) {
    serve::WorkerContext& context = yard.crank().context;
    CHECK(yard.crank().sessions() == 0);
    CHECK(context.client_connections == 0);
    CHECK(context.active_exchanges == 0);
    CHECK(context.active_retries == 0);
    CHECK(context.waiting == 0);
    CHECK(context.in_force->pins == 0);
    for (const auto& sent : context.in_force->sent) CHECK(sent.requests + sent.tunnels == 0);
    for (const auto& upstream : context.in_force->snapshot->upstreams)
        for (const auto& endpoint : upstream->endpoints) CHECK(endpoint.state->in_flight.load() == 0);
    for (const auto& local : context.endpoints)
        if (local) CHECK(local->pool.leased == 0);
}

// How many calls of that kind the story makes: with so many of them failing from each step on.
std::size_t every_step_of(Failing what, std::size_t count = 1) {
    for (std::size_t step = 1; step < kMostSteps; ++step) {
        CAPTURE(step);
        const std::size_t before = open_descriptors();
        std::size_t calls = 0;
        {
            Yard yard;
            {
                const FailuresFrom failures(what, step, count);
                std::vector<Wire> clients;
                for (int i = 0; i < kClients; ++i) {
                    clients.push_back(yard.come());
                    for (int request = 0; request < kRequestsEach; ++request) {
                        Wire& client = clients.back();
                        if (client.ended || client.cut) break;
                        REQUIRE_MESSAGE(yard.ask(client), "a client waits in vain");
                    }
                }
                calls = failures.calls();
            }
            // It goes on as if nothing had been.
            Wire client = yard.come();
            REQUIRE(yard.ask(client));
            CHECK(client.seen.starts_with("HTTP/1.1 200"));
            client.close();
            yard.all_leave();
            check_even(yard);
        }
        CHECK(open_descriptors() == before);
        if (calls < step) return step - 1;
    }
    throw std::runtime_error("the story has no end");
}

}  // namespace

TEST_CASE("accept4 fails at each step: clients wait in the kernel's queue, and none is lost") {
    CHECK(every_step_of(Failing::accepts) >= kClients);
}

TEST_CASE("socket fails at each step: the request is answered, and the endpoint is asked again") {
    CHECK(every_step_of(Failing::sockets) >= 1);
}

TEST_CASE("epoll_ctl fails at each step: the connection ends, its descriptor too") {
    CHECK(every_step_of(Failing::watches) >= kClients);
}

TEST_CASE("memory runs out at each step, once or for a while: the connection ends, and nothing of it is left") {
    CHECK(every_step_of(Failing::memory) >= 1);
    CHECK(every_step_of(Failing::memory, 8) >= 1);
}

TEST_CASE("a listener that cannot be watched at first is heard a moment later") {
    std::unique_ptr<Yard> yard;
    {
        const FailuresFrom failures(Failing::watches, 1);
        yard = std::make_unique<Yard>();
        yard->turn();
        CHECK(failures.calls() == 1);
    }
    yard->pass(200);
    Wire client = yard->come();
    REQUIRE(yard->ask(client));
    CHECK(client.seen.starts_with("HTTP/1.1 200"));
}
