#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <thread>

#include "talk.h"
#include "tests/support/crank.h"
#include "tests/support/test_proxy.h"

using namespace switchyard::test;

namespace {

constexpr std::size_t kBody = 100 * 1024 * 1024;

std::size_t resident_kilobytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmRSS:") {
            std::size_t kilobytes = 0;
            status >> kilobytes;
            return kilobytes;
        }
    return 0;
}

void wait_for(int fd, short events) {
    pollfd polled{fd, events, 0};
    ::poll(&polled, 1, 100);
}

// Sanitizers keep freed memory for a while: there the size of the process says nothing of the proxy.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kMostGrowthKilobytes = 1024 * 1024;
#else
// One block of 20 KiB each way; the rest is noise of the allocator.
constexpr std::size_t kMostGrowthKilobytes = 4 * 1024;
#endif

// Pours kBody octets into one wire as fast as it takes them, reads the other in small sips, and says how much the
// process grew in the middle of it.
std::size_t growth_while_pouring(Wire& from, Wire& to, std::size_t already) {
    const std::string block(64 * 1024, 'x');
    const auto before = resident_kilobytes();
    std::size_t sent = 0, got = already, most = 0, reads = 0;
    while (got < kBody && !to.ended && !to.cut) {
        while (sent < kBody) {
            const auto n = from.write(std::string_view(block).substr(0, kBody - sent));
            if (n == 0) break;
            sent += n;
        }
        const auto n = to.read(256 * 1024);
        got += n;
        to.take();
        if (n == 0) wait_for(to.descriptor(), POLLIN);
        if (++reads % 16 == 0) most = std::max(most, resident_kilobytes());
    }
    CHECK(got == kBody);
    return most > before ? most - before : 0;
}

}  // namespace

TEST_CASE("a hundred megabytes from a fast endpoint to a slow client fit in two small buffers") {
    ListeningWire listening;
    TestProxy proxy(one_route({listening.port()}));
    Wire client = Wire::connect(proxy.port());
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    Wire endpoint;
    while (!endpoint.is_open()) endpoint = listening.accept();
    while (endpoint.seen.find("\r\n\r\n") == std::string::npos) endpoint.read();
    endpoint.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kBody) + "\r\n\r\n");
    while (client.seen.find("\r\n\r\n") == std::string::npos) {
        client.read(1024);
        wait_for(client.descriptor(), POLLIN);
    }
    const auto body = client.seen.size() - client.seen.find("\r\n\r\n") - 4;
    client.take();
    CHECK(growth_while_pouring(endpoint, client, body) < kMostGrowthKilobytes);
}

TEST_CASE("a hundred megabytes from a fast client to a slow endpoint fit in two small buffers") {
    ListeningWire listening;
    TestProxy proxy(one_route({listening.port()}));
    Wire client = Wire::connect(proxy.port());
    client.write("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kBody) + "\r\n\r\n");
    Wire endpoint;
    while (!endpoint.is_open()) endpoint = listening.accept();
    while (endpoint.seen.find("\r\n\r\n") == std::string::npos) endpoint.read();
    endpoint.take();
    CHECK(growth_while_pouring(client, endpoint, 0) < kMostGrowthKilobytes);
    endpoint.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    CHECK(ask(client, "").status == 200);
}
