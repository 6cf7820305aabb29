// In steady state an exchange allocates nothing: every `new` of the worker is counted, the test's own are not.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/crank.h"

namespace {

bool counting = false;
std::size_t allocations = 0;

void* counted(std::size_t size, std::size_t alignment) {
    if (counting) ++allocations;
    void* memory = alignment <= alignof(std::max_align_t)
                       ? std::malloc(size)
                       : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

// Not inlined: the compiler would see malloc behind one and free behind the other and complain of a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
    return counted(size, 1);
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    if (counting) ++allocations;
    return std::malloc(size);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
    return counted(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

using namespace switchyard::test;

namespace {

const std::string kGet =
    "GET /a/path?query=1 HTTP/1.1\r\nHost: a.example\r\nUser-Agent: test/1.0 with a longer name\r\n"
    "Accept: */*\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n\r\n";

// Allocations of the worker per exchange, once it is warm.
double allocations_per_exchange(const std::string& request, const std::string& response, const std::string& route = {},
                                bool marks_noted = false) {
    constexpr int kWarm = 50, kMeasured = 200;
    ListeningWire listening;
    Crank crank(one_route({listening.port()}, route));
    if (marks_noted) crank.registry.marks("all")->slow_us = 1;
    Wire client = crank.client(), endpoint;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    const auto work = [&](bool count) {
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("no answer to\n" + request);
        counting = count;
        crank.turn();
        counting = false;
    };
    const auto exchange = [&](const std::string& sent, bool count) {
        client.write(sent);
        const auto body = sent.substr(sent.find("\r\n\r\n"));
        do {
            work(count);
            if (!endpoint.is_open()) endpoint = listening.accept();
            endpoint.read();
        } while (endpoint.seen.find(body) == std::string::npos);
        endpoint.take();
        std::string_view left = response;
        do {
            left.remove_prefix(endpoint.write(left));
            work(count);
            client.read();
        } while (client.seen.find("done") == std::string::npos);
        client.take();
    };
    // What cannot be repeated goes out on a kept connection only where the endpoint has shown its patience.
    exchange(request, false);
    crank.pass(switchyard::upstream::Patience::kProofMs);
    exchange(kGet, false);
    for (int i = 0; i < kWarm; ++i) exchange(request, false);
    allocations = 0;
    for (int i = 0; i < kMeasured; ++i) exchange(request, true);
    return static_cast<double>(allocations) / kMeasured;
}

}  // namespace

TEST_CASE("a warm worker allocates nothing per exchange") {
    const std::string length = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ndone";
    const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n0\r\n\r\n";
    CHECK(allocations_per_exchange(kGet, length) == 0);
    CHECK(allocations_per_exchange(kGet, chunks) == 0);
    const std::string body = std::string(300'000, 'x') + "done";
    CHECK(allocations_per_exchange(
              kGet, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body) == 0);
    CHECK(allocations_per_exchange("POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello", length) ==
          0);
    CHECK(allocations_per_exchange(kGet, length, R"("debug_headers": true)") == 0);
    // What a rollout wants to know of an answer has its place.
    CHECK(allocations_per_exchange(kGet, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ndone", {}, true) == 0);
    CHECK(allocations_per_exchange(kGet, length, R"("sticky": {"by": "cookie:session"})") == 0);
}
