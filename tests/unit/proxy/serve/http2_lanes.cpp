// Lanes of one HTTP/2 connection beside each other: turns, windows, room for what has to be said, and their ends.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <cstring>

#include "http2_stage.h"
#include "proxy/http2/connection.h"

using namespace switchyard;
using namespace switchyard::test;
using http2::ErrorCode;
using http2::FrameType;

namespace {

// A client that has stopped reading: its connection takes little, and what is put for it soon finds no room.
struct FullStage : Http2Stage {
    std::vector<Wire> connections;

    // So many requests, on the lanes from 3 on. The connection's window is spent before, by the one on lane 1.
    explicit FullStage(std::uint32_t requests) {
        client.credits = false;
        client.wire.shrink_buffers();
        shrink_other_end();
        for (std::uint32_t i = 0; i <= requests; ++i) {
            client.headers(1 + 2 * i, h2_request());
            std::string request;
            connections.push_back(asked(request));
        }
        crank->send(connections[0], "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + std::string(70'000, 'x'));
        client.until("the window to be spent", [&] { return client.now(1).body.size() == 65'535; });
    }
    // Both ends are this program's.
    void shrink_other_end() const {
        sockaddr_storage own{}, other{};
        socklen_t own_size = sizeof own;
        ::getsockname(client.wire.descriptor(), reinterpret_cast<sockaddr*>(&own), &own_size);
        for (int fd = 3; fd < 1'024; ++fd) {
            socklen_t size = sizeof other;
            if (::getpeername(fd, reinterpret_cast<sockaddr*>(&other), &size) != 0 || size != own_size) continue;
            const int small = 4'096;
            if (std::memcmp(&own, &other, size) == 0) ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
        }
    }
};

}  // namespace

TEST_CASE("a lane that is reset ends its exchange, and the connection goes on") {
    Http2Stage stage;
    stage.client.headers(1, h2_request());
    std::string request;
    Wire connection = stage.asked(request);
    stage.client.reset(1);
    stage.crank->see_end(connection);
    CHECK(stage.in_flight() == 0);
    CHECK(stage.crank->context.active_exchanges == 0);
    stage.client.headers(3, h2_request());
    Wire next = stage.asked(request);
    stage.crank->send(next, kOk);
    CHECK(stage.client.answer(3).body == "ok");
}

TEST_CASE("who hangs up leaves all his lanes") {
    Http2Stage stage;
    std::string request;
    stage.client.headers(1, h2_request());
    stage.client.headers(3, h2_request());
    Wire first = stage.asked(request);
    Wire second = stage.asked(request);
    stage.client.wire.reset();
    stage.crank->see_end(first);
    stage.crank->see_end(second);
    stage.crank->until("the session to end", [&] { return stage.crank->sessions() == 0; });
    CHECK(stage.crank->context.active_exchanges == 0);
    CHECK(stage.crank->context.http2.exchanges == 0);
    CHECK(stage.crank->context.http2.busy == 0);
}

TEST_CASE("a hundred lanes share one connection in turns, and one more is refused") {
    Http2Stage stage({}, R"("keepalive": {"max_idle": 200})");
    std::vector<Wire> connections;
    std::string request;
    for (std::uint32_t i = 0; i < http2::kMaxLanes; ++i) stage.client.headers(1 + 2 * i, h2_request());
    for (std::uint32_t i = 0; i < http2::kMaxLanes; ++i) connections.push_back(stage.asked(request));
    CHECK(stage.crank->context.active_exchanges == http2::kMaxLanes);
    stage.client.headers(201, h2_request());
    CHECK(stage.client.answer(201).reset == code(ErrorCode::refused_stream));
    const std::string body(30'000, 'y');
    std::string answer = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.size()) + body;
    for (auto& connection : connections) stage.crank->send(connection, answer);
    // Credited frame by frame, windows that are nearly shut never break the rest into crumbs.
    const auto done = [&] {
        std::uint32_t ended = 0;
        for (std::uint32_t i = 0; i < http2::kMaxLanes; ++i) ended += stage.client.now(1 + 2 * i).ended ? 1 : 0;
        return ended;
    };
    for (int i = 0; i < 200 && done() < http2::kMaxLanes; ++i) stage.crank->pass(100);
    CHECK(stage.client.goaway == -1);
    CHECK(stage.client.count(FrameType::data) < 3'000);
    for (std::uint32_t i = 0; i < http2::kMaxLanes; ++i) CHECK(stage.client.answer(1 + 2 * i).reset == -1);
    for (std::uint32_t i = 0; i < http2::kMaxLanes; ++i)
        CHECK(stage.client.answer(1 + 2 * i).body.size() == body.size());
    CHECK(stage.crank->context.active_exchanges == 0);
    stage.client.headers(203, h2_request());
    stage.crank->until("any connection to be asked", [&] {
        for (auto& connection : connections) {
            connection.read();
            if (connection.seen.empty()) continue;
            stage.crank->send(connection, kOk);
            return true;
        }
        return false;
    });
    CHECK(stage.client.answer(203).body == "ok");
}

TEST_CASE("lanes share the connection's window frame by frame, none before its turn") {
    Http2Stage stage;
    stage.client.credits = false;
    std::string request;
    std::vector<Wire> connections;
    for (std::uint32_t i = 0; i < 8; ++i) stage.client.headers(1 + 2 * i, h2_request());
    for (std::uint32_t i = 0; i < 8; ++i) connections.push_back(stage.asked(request));
    const std::string body(60'000, 'y');
    const std::string answer = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.size()) + body;
    for (auto& connection : connections) stage.crank->send(connection, answer);
    stage.client.turn();
    constexpr std::size_t kCredit = 64'000;
    for (int round = 0; round < 4; ++round) {
        stage.client.credit(0, kCredit);
        stage.client.turn();
    }
    stage.crank->pass(200);
    std::size_t all = 0, least = body.size(), most = 0;
    for (std::uint32_t i = 0; i < 8; ++i) {
        const std::size_t got = stage.client.now(1 + 2 * i).body.size();
        all += got;
        least = std::min(least, got);
        most = std::max(most, got);
    }
    CHECK(all == 65'535 + 4 * kCredit);
    CHECK(most - least <= 3 * std::size_t{http2::kMaxPayload});
}

TEST_CASE("heads that wait for room are put when there is some, though the connection's window is shut") {
    constexpr std::uint32_t kRequests = 40;
    FullStage stage(kRequests);
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: " + std::string(12'000, 'v') + "\r\n\r\n";
    for (std::uint32_t i = 1; i <= kRequests; ++i) stage.crank->send(stage.connections[i], answer);
    stage.crank->turn();
    CHECK(stage.crank->context.http2.exchanges > 1);
    for (std::uint32_t i = 1; i <= kRequests; ++i) CHECK(stage.client.answer(1 + 2 * i).get("x").size() == 12'000);
}

TEST_CASE("an answer whose head never went is answered for in words, in frames") {
    constexpr std::uint32_t kRequests = 40;
    FullStage stage(kRequests);
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: " + std::string(12'000, 'v') + "\r\n\r\n";
    for (std::uint32_t i = 1; i < kRequests; ++i) stage.crank->send(stage.connections[i], answer);
    stage.crank->send(stage.connections[kRequests],
                      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX: " + std::string(12'000, 'v') + "\r\n\r\n");
    stage.crank->turn();
    stage.connections[kRequests].reset();
    stage.crank->turn();
    stage.client.until("the answers before", [&] { return stage.client.now(2 * kRequests - 1).ended; });
    stage.client.credit(0, 1'000'000);
    const auto& told = stage.client.answer(1 + 2 * kRequests);
    CHECK(told.status() == "502");
    CHECK(told.body.find("HTTP/1.1") == std::string::npos);
    CHECK(told.ended);
}

TEST_CASE("a body that is here goes up, whether there is a place for its length or not, and so do its trailers") {
    Http2Stage stage(R"("allow_trailers": ["x-sum"])");
    std::string request;
    Pairs many;
    while (many.size() < http::kMaxFields - 1) many.emplace_back("x", "y");  // and Host
    stage.client.send(h2_frame(FrameType::headers, http2::kEndHeaders, 1, h2_block(h2_request("POST", "/", many))) +
                      h2_frame(FrameType::data, http2::kEndStream, 1, "hello"));
    Wire connection = stage.accept();
    // With the lines that are added this one is too large for a head, and that is said.
    stage.client.until("its end", [&] {
        connection.read();
        return stage.client.now(1).ended || connection.seen.ends_with("0\r\n\r\n");
    });
    CHECK(connection.seen.find("5\r\nhello\r\n") != std::string::npos);

    const auto sum =
        h2_frame(FrameType::headers, http2::kEndHeaders | http2::kEndStream, 3, h2_block({{"x-sum", "7"}}));
    stage.client.send(h2_frame(FrameType::headers, http2::kEndHeaders, 3, h2_block(h2_request("POST"))) +
                      h2_frame(FrameType::data, 0, 3, "abc") + sum);
    Wire next = stage.accept();
    CHECK(stage.crank->see(next, "0\r\nx-sum: 7\r\n\r\n").find("3\r\nabc\r\n") != std::string::npos);
}
