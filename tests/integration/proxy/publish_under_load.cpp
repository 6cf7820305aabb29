#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "small_endpoint.h"
#include "talk.h"
#include "tests/support/crank.h"
#include "tests/support/test_proxy.h"

using namespace switchyard::test;

namespace {

std::uint64_t generation_of(const StrictMessage& message) {
    const auto debug = message.values("x-switchyard");
    if (debug.size() != 1) throw std::runtime_error("no X-Switchyard, status " + std::to_string(message.status));
    return std::stoull(debug[0].substr(debug[0].find('=') + 1));
}

}  // namespace

TEST_CASE("after adoption by every worker no request is routed by an older generation, and none is lost") {
    const SmallEndpoint blue("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nblue");
    const SmallEndpoint green("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ngreen");
    const auto config = [&](bool to_green) {
        return one_route({to_green ? green.port() : blue.port()}, R"("debug_headers": true)");
    };
    TestProxy proxy(config(false), 2);
    std::atomic<std::uint64_t> adopted{1};
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> asked{0}, stale{0}, wrong{0}, lost{0};
    std::vector<std::thread> clients;
    for (int c = 0; c < 4; ++c) {
        clients.emplace_back([&, c] {
            Wire wire = Wire::connect(proxy.port());
            for (int i = 0; !over; ++i) {
                if (c == 3 || i % 500 == 499) wire = Wire::connect(proxy.port());  // some clients come new each time
                const std::uint64_t at_least = adopted;
                try {
                    const auto answer = ask(wire, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                    const auto generation = generation_of(answer);
                    stale += generation < at_least;
                    // Odd generations lead to blue, even ones to green.
                    wrong += answer.body != (generation % 2 == 1 ? "blue" : "green");
                } catch (const std::exception&) {
                    ++lost;
                    wire = Wire::connect(proxy.port());
                }
                ++asked;
            }
        });
    }
    bool stuck = false;
    for (int i = 0; i < 100 && !stuck; ++i) {
        const auto generation = proxy.publish(config(i % 2 == 0));
        adopted = generation;
        const auto enough = asked + 20;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (asked < enough && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
        stuck = asked < enough;
    }
    over = true;
    for (auto& client : clients) client.join();
    REQUIRE_FALSE(stuck);
    CHECK(asked >= 2000);
    CHECK(stale == 0);
    CHECK(wrong == 0);
    CHECK(lost == 0);
    for (std::uint64_t generation = 1; generation <= 100; ++generation) proxy.wait_retired(generation);
}
