// HTTP/2 from clients to HTTP/1 endpoints: one exchange per stream, through real sockets, frame by frame.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "http2_stage.h"
#include "proxy/http2/connection.h"
#include "tls_stage.h"

using namespace switchyard;
using namespace switchyard::test;
using http2::ErrorCode;
using http2::FrameType;

TEST_CASE("a request over HTTP/2 reaches an HTTP/1 endpoint whole, and its answer comes back in frames") {
    Http2Stage stage;
    stage.client.headers(1, h2_request("GET", "/a?b=c", {{"x-one", "1"}, {"cookie", "a=1"}, {"cookie", "b=2"}}));
    std::string request;
    Wire connection = stage.asked(request);
    CHECK(request.starts_with("GET /a?b=c HTTP/1.1\r\nhost: a\r\n"));
    CHECK(values(request, "x-one") == "1");
    CHECK(values(request, "cookie") == "a=1; b=2");
    CHECK(values(request, "via") == "2.0 switchyard");
    CHECK(values(request, "x-forwarded-proto") == "http");
    CHECK(values(request, "transfer-encoding") == "-");
    stage.crank->send(connection,
                      "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nX-Two: 2\r\nKeep-Alive: timeout=5\r\n\r\nok");
    const auto& answer = stage.client.answer(1);
    CHECK(answer.status() == "200");
    CHECK(answer.get("x-two") == "2");
    CHECK(answer.get("content-length") == "2");
    CHECK(answer.get("keep-alive") == "-");
    CHECK(answer.get("connection") == "-");
    CHECK(answer.get("date") != "-");
    CHECK(answer.body == "ok");
    CHECK(stage.in_flight() == 0);
    // And once more, on both kept connections.
    stage.client.headers(3, h2_request());
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, kOk);
    CHECK(stage.client.answer(3).body == "ok");
    CHECK(stage.crank->report().escaped == 0);
}

TEST_CASE("over TLS the client chooses h2, unless the listener speaks it not") {
    for (const bool spoken : {true, false}) {
        TlsStage stage;
        if (!spoken) {
            auto text = stage.config();
            text.insert(text.find("\"bind\""), R"("protocols": ["http/1.1"], )");
            stage.crank->publish(text);
        }
        auto client = stage.client({"a.test", root().certificate(), std::string("\x02h2\x08http/1.1"), 0, {}, {}});
        REQUIRE(client.handshake());
        CHECK(client.protocol() == (spoken ? "h2" : "http/1.1"));
    }
    TlsStage stage;
    auto client = stage.client({"a.test", root().certificate(), std::string("\x02h2"), 0, {}, {}});
    REQUIRE(client.handshake());
    client.send(std::string(http2::kPreface) + h2_frame(FrameType::settings, 0, 0, "") +
                h2_frame(FrameType::headers, http2::kEndHeaders | http2::kEndStream, 1, h2_block(h2_request())));
    Wire connection = stage.accept();
    CHECK(stage.crank->see(connection, "\r\n\r\n").find("X-Forwarded-Proto: https\r\n") != std::string::npos);
    stage.crank->send(connection, kOk);
    client.see("ok");
}

TEST_CASE("in clear HTTP/2 is spoken only where the listener says so, and HTTP/1 beside it") {
    Http2Stage stage;
    Wire plain = stage.Stage::client();
    stage.crank->send(plain, kGet);
    std::string request;
    Wire connection = stage.asked(request);
    stage.crank->send(connection, kOk);
    CHECK(stage.crank->see(plain, "ok").starts_with("HTTP/1.1 200"));
    // Octet by octet the preface is one all the same; and what only begins like it is HTTP/1.
    Wire slow = stage.Stage::client();
    for (const char c : http2::kPreface) stage.crank->send(slow, std::string(1, c));
    stage.crank->send(slow, h2_frame(FrameType::settings, 0, 0, ""));
    CHECK(stage.crank->see(slow, std::string("\0\0\0\4\1\0\0\0\0", 9)).size() > 9);
    Wire other = stage.Stage::client();
    stage.crank->send(other, "PRI");
    stage.crank->send(other, "NT / HTTP/1.1\r\nHost: a\r\n\r\n");
    Wire another = stage.accept();
    stage.crank->see(another, "PRINT / HTTP/1.1\r\n");

    Stage without;
    Wire refused = without.client();
    without.crank->send(refused, http2::kPreface);
    CHECK(status_of(without.crank->see_end(refused)) == "505");
}

TEST_CASE("bodies go up: with a length, without one, and whole ones that are here already") {
    Http2Stage stage;
    std::string request;
    // Here already: its length is known.
    stage.client.send(h2_frame(FrameType::headers, http2::kEndHeaders, 1, h2_block(h2_request("POST"))) +
                      h2_frame(FrameType::data, http2::kEndStream, 1, "hello"));
    Wire connection = stage.asked(request);
    CHECK(values(request, "content-length") == "5");
    CHECK(values(request, "transfer-encoding") == "-");
    stage.crank->send(connection, kOk);
    stage.client.answer(1);
    // Of unknown length: chunked, piece by piece.
    stage.client.headers(3, h2_request("POST"), false);
    connection = stage.accept();  // nothing that cannot be repeated goes out on one that may be dead
    stage.crank->see(connection, "Transfer-Encoding: chunked\r\n");
    stage.client.data(3, "abc");
    stage.crank->see(connection, "3\r\nabc\r\n");
    stage.client.data(3, "", true);
    stage.crank->see(connection, "0\r\n\r\n");
    stage.crank->send(connection, kOk);
    CHECK(stage.client.answer(3).body == "ok");
    // With a length, which it keeps.
    stage.client.headers(5, h2_request("POST", "/", {{"content-length", "6"}}), false);
    stage.client.data(5, "abc");
    connection = stage.accept();
    stage.crank->see(connection, "content-length: 6\r\n");
    stage.client.data(5, "def", true);
    stage.crank->see(connection, "abcdef");
    stage.crank->send(connection, kOk);
    CHECK(stage.client.answer(5).body == "ok");
    CHECK(stage.crank->context.http2.undelivered == 0);
}

TEST_CASE("a large upload waits for the endpoint, and its windows open as that takes it") {
    Http2Stage stage;
    stage.client.headers(1, h2_request("POST"), false);
    Wire connection = stage.accept();
    const std::string piece(16'000, 'x');
    constexpr std::size_t kPieces = 100;
    std::size_t sent = 0, window = 65'535;
    const auto credited = [&] {
        std::size_t all = 0;
        for (const auto& frame : stage.client.frames)
            if (frame.head.is(FrameType::window_update) && frame.head.stream == 1)
                all += http2::read_u32(frame.payload.data());
        return all;
    };
    stage.client.until("the upload", [&] {
        connection.read();
        if (sent < kPieces && sent * piece.size() + piece.size() <= window + credited()) {
            ++sent;
            stage.client.data(1, piece, sent == kPieces);
        }
        CHECK(stage.crank->context.http2.undelivered <= 65'535);
        return connection.seen.ends_with("0\r\n\r\n");
    });
    CHECK(count_of(connection.seen, "x") == kPieces * piece.size());
    stage.crank->send(connection, kOk);
    CHECK(stage.client.answer(1).body == "ok");
}

TEST_CASE("a large answer goes as the client's windows allow, and nothing of it is lost") {
    Http2Stage stage;
    stage.client.credits = false;
    stage.client.headers(1, h2_request());
    std::string request;
    Wire connection = stage.asked(request);
    std::string body;
    for (int i = 0; body.size() < 300'000; ++i) body += fmt::format("{:06d},", i);
    std::string answer = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.size()) + body;
    std::size_t written = 0;
    const auto pump = [&] { written += connection.write(std::string_view(answer).substr(written)); };
    stage.client.until("the first window", [&] {
        pump();
        return stage.client.now(1).body.size() == 65'535;
    });
    stage.client.credit(1, 10);
    stage.client.turn();
    CHECK(stage.client.now(1).body.size() == 65'535);  // the connection's window is spent, too
    // A crumb is held back for a moment, and no longer.
    stage.client.credit(0, 3);
    stage.client.turn();
    CHECK(stage.client.now(1).body.size() == 65'535);
    stage.crank->pass(100);
    CHECK(stage.client.now(1).body.size() == 65'538);
    stage.client.credit(0, 1'000'000);
    stage.client.credit(1, 1'000'000);
    stage.client.until("the rest", [&] {
        pump();
        return stage.client.now(1).ended;
    });
    CHECK(stage.client.now(1).body == body);
    for (const auto& frame : stage.client.frames) CHECK(frame.head.length <= 16'384);
}

TEST_CASE("an answer without a length, one without a body, and one to HEAD end where they end") {
    Http2Stage stage;
    std::string request;
    stage.client.headers(1, h2_request());
    Wire connection = stage.asked(request);
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    stage.client.until("the first chunk", [&] { return stage.client.now(1).body == "abc"; });
    CHECK_FALSE(stage.client.now(1).ended);
    CHECK(stage.client.now(1).get("transfer-encoding") == "-");
    stage.crank->send(connection, "0\r\n\r\n");
    CHECK(stage.client.answer(1).ended);

    stage.client.headers(3, h2_request());
    stage.crank->see(connection, "\r\n\r\n");
    connection.take();
    stage.crank->send(connection, "HTTP/1.1 204 No Content\r\n\r\n");
    CHECK(stage.client.answer(3).status() == "204");
    CHECK(stage.client.answer(3).heads.size() == 1);

    stage.client.headers(5, h2_request("HEAD"));
    stage.crank->see(connection, "HEAD / ");
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    CHECK(stage.client.answer(5).get("content-length") == "1000");
    CHECK(stage.client.answer(5).body.empty());

    stage.client.headers(7, h2_request());
    stage.crank->see(connection, "GET / ");
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\n\r\nuntil the end");
    stage.crank->turn();
    connection.close();
    CHECK(stage.client.answer(7).body == "until the end");
    CHECK(stage.client.answer(7).ended);
}

TEST_CASE("an answer that breaks off is reset and never looks like its end") {
    const std::string cuts[] = {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"};
    for (const auto& cut : cuts) {
        Http2Stage stage;
        std::string request;
        stage.client.headers(1, h2_request());
        stage.client.headers(3, h2_request());
        Wire first = stage.asked(request);
        Wire second = stage.asked(request);
        stage.crank->send(first, cut);
        stage.client.until("its beginning", [&] { return stage.client.now(1).body == "abc"; });
        first.reset();
        const auto& answer = stage.client.answer(1);
        CHECK_FALSE(answer.ended);
        CHECK(answer.reset == code(ErrorCode::internal_error));
        // The others on the connection go on.
        stage.crank->send(second, kOk);
        CHECK(stage.client.answer(3).body == "ok");
    }
    // Before a head it is answered in words.
    Http2Stage stage;
    std::string request;
    stage.client.headers(1, h2_request("POST", "/", {{"content-length", "0"}}));
    Wire connection = stage.asked(request);
    connection.reset();
    CHECK(stage.client.answer(1).status() == "502");
    CHECK(stage.client.answer(1).get("connection") == "-");
    CHECK(stage.client.answer(1).ended);
}

TEST_CASE("trailers and interim answers pass") {
    Http2Stage stage(R"("allow_trailers": ["x-sum"])");
    std::string request;
    stage.client.headers(1, h2_request("POST"), false);
    stage.client.data(1, "abc");
    Wire connection = stage.asked(request);
    CHECK(values(request, "trailer") == "x-sum");
    stage.client.headers(1, {{"x-sum", "7"}, {"x-other", "8"}});
    stage.crank->see(connection, "0\r\nx-sum: 7\r\n\r\n");
    stage.crank->send(connection,
                      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTrailer: X-Sum\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n");
    const auto& answer = stage.client.answer(1);
    REQUIRE(answer.heads.size() == 3);
    CHECK(answer.status(0) == "103");
    CHECK(answer.get("link", 0) == "</a>");
    CHECK(answer.status(1) == "200");
    CHECK(answer.body == "abc");
    CHECK(answer.get("x-sum", 2) == "9");
    CHECK(answer.ended);
}

TEST_CASE("of a request's trailers 8 KiB are kept: what does not fit is left out, and the request goes on") {
    Http2Stage stage(R"("allow_trailers": ["x-a", "x-b", "x-c"])");
    std::string request;
    stage.client.headers(1, h2_request("POST"), false);
    stage.client.data(1, "abc");
    Wire connection = stage.asked(request);
    stage.client.headers(1, {{"x-a", std::string(5000, 'a')}, {"x-b", std::string(5000, 'b')}, {"x-c", "c"}});
    const auto rest = stage.crank->see(connection, "x-c: c\r\n\r\n");
    CHECK(rest.find("x-a: aaa") != rest.npos);
    CHECK(rest.find("x-b") == rest.npos);
    stage.crank->send(connection, kOk);
    CHECK(stage.client.answer(1).body == "ok");
}

TEST_CASE("what the wall refuses is reset, or told in words, and costs its lane alone") {
    Http2Stage stage;
    stage.client.headers(1, h2_request("GET", "/", {{"transfer-encoding", "chunked"}}));
    CHECK(stage.client.answer(1).reset == code(ErrorCode::protocol_error));
    stage.client.headers(3, h2_request("GET", "/", {{"host", "b"}}));
    CHECK(stage.client.answer(3).status() == "400");
    stage.client.headers(5, h2_request("GET", "/", {{"x", std::string(17'000, 'x')}}), true);
    CHECK(stage.client.answer(5).reset == -1);
    CHECK(stage.client.answer(5).status() == "431");
    stage.client.headers(7, h2_request());
    std::string request;
    Wire connection = stage.asked(request);
    stage.crank->send(connection, kOk);
    CHECK(stage.client.answer(7).body == "ok");
    CHECK(stage.client.goaway == -1);
}

TEST_CASE("a body that is not as long as it said cuts the endpoint's connection") {
    for (const bool shorter : {true, false}) {
        Http2Stage stage;
        stage.client.headers(1, h2_request("POST", "/", {{"content-length", "5"}}), false);
        stage.client.data(1, "abc");
        std::string request;
        Wire connection = stage.asked(request);
        stage.client.data(1, shorter ? "" : "defg", true);
        CHECK(stage.client.answer(1).reset == code(ErrorCode::protocol_error));
        stage.crank->see_end(connection);
        CHECK(connection.seen.size() <= 3);
        CHECK(stage.in_flight() == 0);
    }
}

TEST_CASE("an end in order has two steps, and what is under way finishes") {
    for (const bool acknowledges : {true, false}) {
        Http2Stage stage;
        std::string request;
        stage.client.headers(1, h2_request());
        Wire connection = stage.asked(request);
        stage.client.acknowledges = acknowledges;
        stage.crank->publish(R"({"listeners": [], "upstreams": {}, "routes": []})");  // its listener goes
        stage.crank->end_lanes();
        stage.client.turn();
        if (!acknowledges) {
            CHECK(stage.client.last_lane == http2::kMaxStreamId);
            // What was on its way meanwhile is served.
            stage.client.headers(3, h2_request());
            CHECK(stage.client.answer(3).status() == "404");
            stage.crank->pass(1'000);
        }
        stage.client.turn();
        CHECK(stage.client.goaway == 0);
        CHECK(stage.client.last_lane == (acknowledges ? 1 : 3));
        stage.client.headers(5, h2_request());  // too late: passed over
        stage.crank->send(connection, kOk);
        CHECK(stage.client.answer(1).body == "ok");
        CHECK(stage.client.now(5).heads.empty());
        stage.client.until("the end", [&] { return stage.client.wire.ended; });
        stage.client.wire.close();
        stage.crank->until("the session to end", [&] { return stage.crank->sessions() == 0; });
    }
}

TEST_CASE("an idle connection ends at its time, a head that does not come whole at another") {
    Http2Stage stage({}, {}, R"("idle_timeout": "30s", "head_timeout": "5s")");
    stage.crank->pass(29'000);
    CHECK(stage.client.goaway == -1);
    stage.crank->pass(1'500);
    stage.client.turn();
    CHECK(stage.client.goaway == 0);

    Http2Client half(*stage.crank, stage.Stage::client());
    half.turn();
    half.send(h2_frame(FrameType::headers, 0, 1, h2_block(h2_request())));
    stage.crank->pass(4'000);
    half.turn();
    CHECK(half.goaway == -1);
    stage.crank->pass(2'000);
    half.turn();
    CHECK(half.goaway == code(ErrorCode::enhance_your_calm));

    Wire silent = stage.Stage::client();
    stage.crank->send(silent, http2::kPreface);
    stage.crank->pass(5'500);
    stage.crank->turn();
    silent.read();
    CHECK(silent.seen.find(h2_number(static_cast<std::uint32_t>(ErrorCode::settings_timeout))) != std::string::npos);
}
