// What hostile clients of HTTP/2 do, against a whole session: each attack ends its own connection at its bound, and
// what it costs until then is bounded – exchanges, octets held, requests that reach an endpoint.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "exchanges.h"
#include "proxy/http2/connection.h"
#include "proxy/serve/http2_session.h"
#include "tests/support/http2_client.h"

using namespace switchyard;
using namespace switchyard::test;
using http2::ErrorCode;
using http2::FrameType;

namespace {

constexpr std::uint8_t kWhole = http2::kEndHeaders, kEnds = http2::kEndStream;
constexpr auto kCalm = static_cast<std::int64_t>(ErrorCode::enhance_your_calm);

struct Attacked : Stage {
    explicit Attacked(const std::string& listener = {})
        : Stage(1, {}, {}, R"("protocols": ["http/1.1", "h2"])" + (listener.empty() ? "" : ", " + listener)),
          client(*crank, Stage::client()) {
        client.turn();
    }
    // Sends `piece` by piece until the connection is given up; how many were sent.
    std::size_t until_given_up(std::size_t most, const std::function<std::string(std::size_t)>& piece) {
        std::size_t sent = 0;
        while (sent < most && client.goaway < 0 && !client.wire.ended && !client.wire.cut) {
            std::string some;
            for (int i = 0; i < 20 && sent < most; ++i) some += piece(sent++);
            client.send(some);
            client.turn();
            CHECK(crank->context.active_exchanges <= http2::kMaxLanes);
            CHECK(crank->context.http2.undelivered <= http2::kConnectionWindow);
        }
        return sent;
    }
    // Nothing of it is left, and others are served.
    void check_over() {
        crank->pass(2'000);
        crank->until("the session to end", [&] {
            client.wire.read();
            if (client.wire.ended || client.wire.cut) client.wire.close();
            return crank->sessions() == 0;
        });
        CHECK(crank->context.active_exchanges == 0);
        CHECK(crank->context.http2.exchanges == 0);
        CHECK(crank->context.http2.unstarted == 0);
        CHECK(crank->context.http2.busy == 0);
        CHECK(crank->context.http2.undelivered == 0);
        CHECK(in_flight() == 0);
    }
    Http2Client client;
};

std::string head(std::uint32_t lane, std::uint8_t flags, const Pairs& more = {}) {
    return h2_frame(FrameType::headers, kWhole | flags, lane, h2_block(h2_request("GET", "/", more)));
}
std::string reset_of(std::uint32_t lane) {
    return h2_frame(FrameType::rst_stream, 0, lane, h2_number(8));
}
std::uint32_t lane_of(std::size_t i) {
    return static_cast<std::uint32_t>(2 * i + 1);
}

}  // namespace

TEST_CASE("rapid reset: no more lanes at once than there may be, and an end at its bound") {
    Attacked stage;
    const std::size_t sent =
        stage.until_given_up(5'000, [](std::size_t i) { return head(lane_of(i), kEnds) + reset_of(lane_of(i)); });
    CHECK(stage.client.goaway == kCalm);
    CHECK(sent >= 1'000);
    CHECK(sent <= 1'100);
    stage.check_over();
}

TEST_CASE("lanes that we are made to reset are counted, and the six ways to make us are the end") {
    const std::string open = head(1, 0);
    struct Way {
        const char* what;
        std::string octets;
    };
    const Way ways[] = {
        {"credit of nothing", open + h2_frame(FrameType::window_update, 0, 1, h2_number(0))},
        {"credit beyond the largest window", open + h2_frame(FrameType::window_update, 0, 1, h2_number(0x7fffffff))},
        {"a lane that depends on itself", open + h2_frame(FrameType::priority, 0, 1, h2_number(1) + "x")},
        {"a PRIORITY of a wrong size", open + h2_frame(FrameType::priority, 0, 1, "1234")},
        {"a head behind the end", head(1, kEnds) + head(1, kEnds)},
        {"a body behind the end", head(1, kEnds) + h2_frame(FrameType::data, 0, 1, "x")},
    };
    for (const Way& way : ways) {
        CAPTURE(way.what);
        Attacked stage;
        stage.client.send(way.octets);
        stage.client.turn();
        CHECK(stage.client.goaway > 0);
        CHECK(stage.client.count(FrameType::rst_stream) <= 1);
        stage.check_over();
    }
    // And a message that is malformed, again and again.
    Attacked stage;
    const std::size_t sent = stage.until_given_up(1'000, [](std::size_t i) {
        return head(lane_of(i), 0, {{"connection", "x"}});
    });
    CHECK(stage.client.goaway == kCalm);
    CHECK(sent <= 140);
    CHECK_FALSE(stage.endpoints[0]->accept().is_open());
    stage.check_over();
}

TEST_CASE("floods of frames that bring nothing end the connection") {
    struct Flood {
        const char* what;
        std::string first, each;
        std::size_t least, most;
    };
    const Flood floods[] = {
        {"PING", "", h2_frame(FrameType::ping, 0, 0, "12345678"), 100, 140},
        {"SETTINGS", "", h2_frame(FrameType::settings, 0, 0, ""), 100, 140},
        {"acknowledgements", "", h2_frame(FrameType::settings, http2::kAck, 0, ""), 100, 140},
        {"empty DATA", head(1, 0), h2_frame(FrameType::data, 0, 1, ""), 100, 140},
        {"WINDOW_UPDATE", head(1, 0), h2_frame(FrameType::window_update, 0, 1, h2_number(1)), 199, 240},
        {"PRIORITY", "", h2_frame(FrameType::priority, 0, 3, h2_number(1) + "x"), 100, 140},
        {"unknown frames", "", h2_frame(static_cast<FrameType>(0x50), 0, 0, "x"), 100, 140},
        {"CONTINUATION", h2_frame(FrameType::headers, 0, 1, h2_block(h2_request())),
         h2_frame(FrameType::continuation, 0, 1, ""), 17, 20},
    };
    for (const Flood& flood : floods) {
        CAPTURE(flood.what);
        Attacked stage;
        stage.client.send(flood.first);
        const std::size_t sent = stage.until_given_up(2'000, [&](std::size_t) { return flood.each; });
        CHECK(stage.client.goaway == kCalm);
        CHECK(sent >= flood.least);
        CHECK(sent <= flood.most);
        stage.client.turn();
        stage.check_over();
    }
}

TEST_CASE("a client that pings and reads nothing stops being read") {
    Attacked stage;
    stage.client.wire.shrink_buffers();
    stage.client.acknowledges = false;
    // With traffic between them pings are honest, as many as there are.
    const std::string piece = head(1, 0) + h2_frame(FrameType::ping, 0, 0, "12345678");
    std::string some;
    for (int i = 0; i < 200; ++i)
        some += h2_frame(FrameType::data, 0, 1, "x") + h2_frame(FrameType::ping, 0, 0, "12345678");
    stage.client.send(piece);
    std::string octets = some;
    bool stopped = false;
    for (int i = 0; i < 3'000 && !stopped; ++i) {
        const std::size_t n = stage.client.wire.write(octets);
        octets.erase(0, n);
        stopped = n == 0;
        if (octets.empty()) octets = some;
        stage.crank->turn();
        CHECK(stage.crank->context.http2.undelivered <= 65'535);
        if (stage.client.wire.cut) break;
    }
    CHECK((stopped || stage.client.wire.cut));
}

TEST_CASE("an HPACK bomb is answered or ends the connection, by what it grows to") {
    Attacked stage;
    // One entry of the table, named again and again: RFC 7541 §6.2.1, then §6.1.
    const std::string value(3'000, 'v');
    std::string block = h2_block(h2_request());
    block += std::string("\x40\x01x\x7f\xb9\x16", 6) + value;
    const auto bomb = [&](std::size_t times) { return block + std::string(times, '\xbe'); };
    stage.client.send(h2_frame(FrameType::headers, kWhole | kEnds, 1, bomb(10)));
    CHECK(stage.client.answer(1).status() == "431");
    CHECK(stage.client.goaway == -1);
    stage.client.send(h2_frame(FrameType::headers, kWhole | kEnds, 3, bomb(10'000)));
    stage.client.turn();
    CHECK(stage.client.goaway == kCalm);
    CHECK_FALSE(stage.endpoints[0]->accept().is_open());
    stage.check_over();
}

TEST_CASE("a window that stays shut holds one lane's blocks and its time, and no more") {
    Attacked stage(R"("idle_timeout": "20s")");
    stage.client.send(h2_frame(FrameType::settings, 0, 0, std::string("\0\4\0\0\0\0", 6)));
    stage.client.headers(1, h2_request());
    Wire connection = stage.accept();
    connection.shrink_buffers();
    stage.crank->see(connection, "\r\n\r\n");
    const std::string body(20'000'000, 'x');
    const std::string answer = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.size()) + body;
    std::size_t written = 0;
    stage.crank->until("the endpoint to be held back", [&] {
        const std::size_t n = connection.write(std::string_view(answer).substr(written));
        written += n;
        return n == 0 && written > 0;
    });
    CHECK(written < answer.size());
    stage.client.turn();
    CHECK(stage.client.now(1).status() == "200");
    CHECK(stage.client.now(1).body.empty());
    stage.crank->pass(61'000);  // the upstream's idle time
    CHECK(stage.client.answer(1).reset >= 0);
    CHECK(stage.crank->context.active_exchanges == 0);
}

TEST_CASE("data by the octet, because the window is opened by the octet, costs a frame per tick and has an end") {
    Attacked stage;
    constexpr std::uint32_t kLanes = 20;
    stage.client.credits = false;
    stage.client.send(h2_frame(FrameType::settings, 0, 0, std::string("\0\4\0\0\0\0", 6)));
    std::vector<Wire> connections;
    for (std::uint32_t i = 0; i < kLanes; ++i) stage.client.headers(lane_of(i), h2_request());
    for (std::uint32_t i = 0; i < kLanes; ++i) {
        connections.push_back(stage.accept());
        stage.crank->see(connections.back(), "\r\n\r\n");
        stage.crank->send(connections.back(),
                          "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + std::string(9'000, 'x'));
    }
    int ticks = 0;
    for (; stage.client.goaway < 0 && ticks < 100; ++ticks) {
        std::string credit;
        for (std::uint32_t i = 0; i < kLanes; ++i)
            credit += h2_frame(FrameType::window_update, 0, lane_of(i), h2_number(1));
        stage.client.send(credit);
        stage.crank->pass(100);
        stage.client.turn();
        CHECK(stage.client.count(FrameType::data) <= static_cast<std::size_t>(ticks + 1) * kLanes);
    }
    CHECK(stage.client.goaway == kCalm);
    CHECK(ticks <= 10);
    stage.check_over();
}

TEST_CASE("a hundred bodies that nobody takes hold what the windows allow") {
    Attacked stage;
    std::size_t sent = 0;
    for (std::size_t i = 0; i < http2::kMaxLanes; ++i) {
        stage.client.headers(lane_of(i), h2_request("POST"), false);
        // The endpoint takes none of it: its socket is never read, and shrinks what it can hold.
        for (int k = 0; k < 4 && sent + 16'000 <= 65'535; ++k, sent += 16'000)
            stage.client.data(lane_of(i), std::string(16'000, 'x'));
    }
    stage.client.turn();
    CHECK(stage.crank->context.http2.undelivered <= http2::kConnectionWindow);
    stage.client.wire.reset();
    stage.check_over();
}

TEST_CASE("a lane is refused while what nobody takes is at the worker's bound, and not an octet before") {
    Attacked stage;
    auto& load = stage.crank->context.http2;
    const auto is_served = [&](std::uint32_t lane) {
        stage.client.headers(lane, h2_request());
        stage.client.turn();
        if (stage.client.now(lane).reset == static_cast<std::int64_t>(ErrorCode::refused_stream)) return false;
        Wire connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        stage.crank->send(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        return stage.client.answer(lane).body == "ok";
    };
    load.undelivered += serve::Http2Session::kMostUndelivered - 1;
    CHECK(is_served(1));
    ++load.undelivered;
    CHECK_FALSE(is_served(3));
    --load.undelivered;
    CHECK(is_served(5));
    load.undelivered -= serve::Http2Session::kMostUndelivered - 1;
    stage.client.wire.reset();
    stage.check_over();
}

TEST_CASE("a hundred lanes of one connection keep nobody else from the worker") {
    Attacked stage;
    Wire other = stage.Stage::client();
    std::string all;
    for (std::size_t i = 0; i < http2::kMaxLanes; ++i) all += head(lane_of(i), kEnds);
    stage.client.wire.write(all);
    other.write(kGet);
    // Turn by turn: the other's request is out before a third of the hundred have begun.
    std::vector<Wire> connections;
    const auto served = [&] {
        for (Wire next = stage.endpoints[0]->accept(); next.is_open(); next = stage.endpoints[0]->accept())
            connections.push_back(std::move(next));
        return std::ranges::any_of(connections, [](Wire& wire) {
            wire.read();
            return wire.seen.starts_with("GET / HTTP/1.1\r\nHost: a");
        });
    };
    for (int turns = 0; turns < 1'000 && !served(); ++turns) stage.crank->context.poller.turn();
    CHECK(served());
    CHECK(stage.crank->context.http2.exchanges < http2::kMaxLanes / 3);
}

TEST_CASE("the worker's bound holds for lanes that have not begun, on whichever connections they wait") {
    Attacked stage;
    Http2Client other(*stage.crank, stage.Stage::client());
    other.turn();
    auto& load = stage.crank->context.http2;
    constexpr std::size_t kLeft = 60, kMore = 10;
    const std::uint64_t others = serve::Http2Session::kMostExchanges - kLeft;
    load.exchanges += others;
    std::string all, more;
    for (std::size_t i = 0; i < kLeft; ++i) all += head(lane_of(i), kEnds);
    for (std::size_t i = 0; i < kMore; ++i) more += head(lane_of(i), kEnds);
    stage.client.wire.write(all);
    other.wire.write(more);
    for (int turns = 0; turns < 1'000 && load.exchanges + load.unstarted < serve::Http2Session::kMostExchanges; ++turns)
        stage.crank->context.poller.turn();
    const auto refused = [&] { return stage.client.count(FrameType::rst_stream) + other.count(FrameType::rst_stream); };
    stage.crank->until("the rest to be refused", [&] {
        stage.client.turn();
        other.turn();
        CHECK(load.exchanges <= serve::Http2Session::kMostExchanges);
        return refused() >= kMore || load.exchanges > serve::Http2Session::kMostExchanges;
    });
    CHECK(refused() == kMore);
    CHECK(load.exchanges == serve::Http2Session::kMostExchanges);
    load.exchanges -= others;
    other.wire.reset();
    stage.client.wire.reset();
    stage.check_over();
}

TEST_CASE("a client that sends as much as is read in a turn has its request begun all the same") {
    Attacked stage;
    std::string all = head(1, 0);
    for (int i = 0; i < 3; ++i) all += h2_frame(FrameType::data, 0, 1, std::string(16'000, 'x'));
    stage.client.wire.write(all);
    const auto& load = stage.crank->context.http2;
    for (int turns = 0; turns < 1'000 && load.undelivered == 0 && load.exchanges == 0; ++turns)
        stage.crank->context.poller.turn();
    CHECK(load.exchanges == 1);
    stage.client.wire.reset();
    stage.check_over();
}
